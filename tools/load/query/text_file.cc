#include "tools/load/query/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

namespace gatepost::tools {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        size_t begin = line.find_first_not_of(kBlanks);
        if (begin == std::string_view::npos) return words;
        size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
}

}  // namespace

Result<std::string> text_of_file(const std::string& path) {
    std::ostringstream text;
    if (path == "-") {
        text << std::cin.rdbuf();
        return std::move(text).str();
    }
    std::ifstream file(path, std::ios::binary);
    // A folder opens, and fails when it is read.
    if (!file || (file.peek() == std::ifstream::traits_type::eof() && file.bad()))
        return fail(ErrorCode::invalid, "cannot read {}: {}", path, std::strerror(errno));
    text << file.rdbuf();
    return std::move(text).str();
}

Status for_each_line(std::string_view text, const std::string& name,
                     const std::function<Status(const std::vector<std::string_view>&)>& take) {
    for (size_t number = 1; !text.empty(); ++number) {
        size_t end = std::min(text.find('\n'), text.size());
        std::vector<std::string_view> words = words_of(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (words.empty() || words[0].starts_with(';') || words[0].starts_with('#')) continue;
        if (Status taken = take(words); !taken)
            return fail(taken.error().code, "{}:{}: {}", name, number, taken.error().message);
    }
    return {};
}

Result<NamedType> question_from_words(std::string_view name, std::string_view type) {
    NamedType out;
    auto dname = storage::dname_from_text(name);
    if (!dname)
        return fail(ErrorCode::invalid, "\"{}\" is not a name: {}", name, dname.error().message);
    auto rrtype = storage::rrtype_from_text(type);
    if (!rrtype)
        return fail(ErrorCode::invalid, "\"{}\" is not a type, expected one such as A or TYPE65280",
                    type);
    out.name = *dname;
    out.type = *rrtype;
    return out;
}

}  // namespace gatepost::tools

#include "tools/load/query/query_list.h"

#include "tools/load/query/text_file.h"

namespace gatepost::tools {

using storage::Dname;
using storage::RRType;

void QueryList::add(storage::DnameView name, RRType type) {
    entries_.push_back({names_.size(), static_cast<uint8_t>(name.length()), type});
    names_.insert(names_.end(), name.data(), name.data() + name.length());
}

Result<QueryList> queries_from_text(std::string_view text, const std::string& name) {
    QueryList list;
    Status read =
        for_each_line(text, name, [&list](const std::vector<std::string_view>& words) -> Status {
            if (words.size() != 2)
                return fail(ErrorCode::invalid,
                            "{} words, expected a name and a type, such as \"www.example.org A\"",
                            words.size());
            auto question = question_from_words(words[0], words[1]);
            if (!question) return tl::unexpected(std::move(question).error());
            list.add(question->name, question->type);
            return {};
        });
    if (!read) return tl::unexpected(std::move(read).error());
    if (list.empty()) return fail(ErrorCode::invalid, "{}: no query in it", name);
    return list;
}

Result<QueryList> queries_from_file(const std::string& path) {
    auto text = text_of_file(path);
    if (!text) return tl::unexpected(std::move(text).error());
    return queries_from_text(*text, path == "-" ? "standard input" : path);
}

}  // namespace gatepost::tools

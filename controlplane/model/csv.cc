#include "controlplane/model/csv.h"

#include <algorithm>

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kBlanks = " \t\r";

// Takes one value off the front of `text`, and what separates it from the next one; whether it was
// the line's last. RFC 4180 §2: a value in quotes may have commas, line ends, and quotes twice.
Result<std::string> take_value(std::string_view& text, bool& last_of_line) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::string value;
    if (text.starts_with('"')) {
        text.remove_prefix(1);
        while (true) {
            const size_t quote = text.find('"');
            if (quote == std::string_view::npos)
                return fail(ErrorCode::invalid, "a quote is not closed");
            value += text.substr(0, quote);
            text.remove_prefix(quote + 1);
            if (!text.starts_with('"')) break;
            value += '"';
            text.remove_prefix(1);
        }
        text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
        if (!text.empty() && text.front() != ',' && text.front() != '\n')
            return fail(ErrorCode::invalid, "something stands behind a closing quote");
    } else {
        const size_t end = std::min(text.find_first_of(",\n"), text.size());
        value = csv_trimmed(text.substr(0, end));
        text.remove_prefix(end);
    }
    last_of_line = text.empty() || text.front() == '\n';
    if (!text.empty()) text.remove_prefix(1);
    return value;
}

}  // namespace

std::string csv_trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return "";
    return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

Result<std::vector<std::string>> take_csv_line(std::string_view& text) {
    std::vector<std::string> values;
    for (bool last = false; !last;) {
        auto value = take_value(text, last);
        if (!value) return tl::unexpected(std::move(value).error());
        values.push_back(std::move(*value));
    }
    return values;
}

void append_csv_value(std::string& out, std::string_view value) {
    const bool quoted = value.find_first_of(",\"\n\r") != std::string_view::npos ||
                        value != csv_trimmed(value) || value.starts_with('#');
    if (!quoted) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

}  // namespace gatepost::controlplane

#include "dataplane/mail/header_reader.h"

#include <algorithm>

namespace gatepost::dataplane {

size_t HeaderReader::line_end(size_t from) const {
    const size_t lf = header_.find('\n', from);
    return lf == std::string_view::npos ? header_.size() : lf + 1;
}

// RFC 4155: the line that an mbox file has in front of a message. "From :" is a field.
bool HeaderReader::is_at_mailbox_line() const {
    return at_ == 0 && header_.starts_with("From ") && !split_field(header_.substr(0, line_end(0)));
}

std::optional<PlacedField> HeaderReader::next() {
    // A continuation of nothing is not a field, either.
    while (at_ < header_.size() && (is_blank(header_[at_]) || is_at_mailbox_line()))
        at_ = line_end(at_);
    const size_t begin = at_;
    if (begin >= header_.size()) return std::nullopt;
    size_t end = line_end(begin);
    while (end < header_.size() && is_blank(header_[end])) end = line_end(end);
    const std::string_view raw = header_.substr(begin, end - begin);
    auto field = split_field(raw);
    if (!field) {
        at_ = header_.size();
        return std::nullopt;
    }
    at_ = end;
    return PlacedField{*field, raw, begin};
}

std::optional<std::string_view> find_field(std::string_view header, std::string_view name) {
    HeaderReader reader(header);
    while (auto field = reader.next()) {
        if (equal_ignoring_case(field->field.name, name)) return field->field.value;
    }
    return std::nullopt;
}

}  // namespace gatepost::dataplane

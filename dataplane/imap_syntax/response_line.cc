#include "dataplane/imap_syntax/response_line.h"

#include "dataplane/imap_syntax/literal_mark.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

namespace {

constexpr struct {
    std::string_view name;
    ResponseStatus status;
} kStatuses[] = {
    {"OK", ResponseStatus::ok},           {"NO", ResponseStatus::no},
    {"BAD", ResponseStatus::bad},         {"BYE", ResponseStatus::bye},
    {"PREAUTH", ResponseStatus::preauth},
};

}  // namespace

ResponseStatus response_status(std::string_view text) {
    const std::string_view word = text.substr(0, text.find(' '));
    for (const auto& known : kStatuses)
        if (equal_ignoring_case(word, known.name)) return known.status;
    return ResponseStatus::none;
}

std::optional<uint64_t> literal_behind(std::string_view text) {
    constexpr std::string_view kEnd = "\r\n";
    // RFC 9051 §7.1: what stands behind a status is text for people, and may end in anything.
    if (!text.starts_with("* ") || response_status(text.substr(2)) != ResponseStatus::none)
        return std::nullopt;
    if (!text.ends_with(kEnd)) return std::nullopt;
    text.remove_suffix(kEnd.size());
    const auto mark = find_literal(text);
    // RFC 9051 §4.3: servers send their literals without waiting, and without a "+".
    if (!mark || !mark->synchronizing) return std::nullopt;
    return mark->octets;
}

}  // namespace gatepost::dataplane

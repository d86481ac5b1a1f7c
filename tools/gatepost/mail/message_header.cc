#include "tools/gatepost/mail/message_header.h"

#include <algorithm>

#include "dataplane/mail/address_list.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

constexpr size_t kAddressesMax = 10'000;  // of one field: what one message may go to

size_t line_length(std::string_view text) {
    const size_t end = text.find('\n');
    return end == std::string_view::npos ? text.size() : end + 1;
}

bool is_empty_line(std::string_view text) {
    return text.starts_with('\n') || text.starts_with("\r\n");
}

// A line and those that continue it.
size_t field_length(std::string_view text) {
    size_t length = line_length(text);
    while (length < text.size() && dataplane::is_blank(text[length]))
        length += line_length(text.substr(length));
    return length;
}

bool is_one_of(std::string_view name, const std::vector<std::string_view>& names) {
    return std::ranges::any_of(
        names, [&](std::string_view one) { return dataplane::equal_ignoring_case(one, name); });
}

}  // namespace

SplitMessage split_message(std::string_view octets) {
    SplitMessage message;
    size_t at = 0;
    if (octets.starts_with("From ") || octets.starts_with(">From ")) at = line_length(octets);
    const size_t begin = at;
    while (at < octets.size() && !is_empty_line(octets.substr(at))) {
        const std::string_view raw = octets.substr(at, field_length(octets.substr(at)));
        const auto field = dataplane::split_field(raw);
        if (!field) break;
        std::string_view value = field->value;
        while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
        message.fields.push_back({field->name, value, raw});
        at += raw.size();
    }
    message.header = octets.substr(begin, at - begin);
    message.rest = octets.substr(at);
    return message;
}

std::string field_text(const SplitMessage& message, std::string_view name) {
    for (const RawField& field : message.fields)
        if (dataplane::equal_ignoring_case(field.name, name)) return dataplane::unfold(field.value);
    return "";
}

std::vector<std::string> addresses_in(std::string_view list) {
    std::vector<dataplane::EnvelopeAddress> found;
    dataplane::parse_address_list(list, kAddressesMax, found);
    std::vector<std::string> addresses;
    for (const dataplane::EnvelopeAddress& one : found) {
        if (one.kind != dataplane::AddressKind::mailbox || one.mailbox.empty()) continue;
        // RFC 5321 §4.1.2: what is no Dot-string goes into quotes.
        std::string local = one.mailbox;
        if (local.find_first_of(" \"\\,;:<>()[]@") != std::string::npos) {
            std::string quoted = "\"";
            for (const char c : local) {
                if (c == '"' || c == '\\') quoted += '\\';
                quoted += c;
            }
            local = quoted + '"';
        }
        addresses.push_back(one.host.empty() ? local : local + "@" + one.host);
    }
    return addresses;
}

std::vector<std::string> header_recipients(const SplitMessage& message) {
    const std::vector<std::string_view> resent = {"Resent-To", "Resent-Cc", "Resent-Bcc"};
    const bool is_resent = std::ranges::any_of(
        message.fields, [&](const RawField& field) { return is_one_of(field.name, resent); });
    const std::vector<std::string_view> wanted =
        is_resent ? resent : std::vector<std::string_view>{"To", "Cc", "Bcc"};
    std::vector<std::string> recipients;
    for (const RawField& field : message.fields) {
        if (!is_one_of(field.name, wanted)) continue;
        for (std::string& address : addresses_in(field.value))
            if (std::ranges::find(recipients, address) == recipients.end())
                recipients.push_back(std::move(address));
    }
    return recipients;
}

std::string without_fields(std::string_view octets, const SplitMessage& message,
                           const std::vector<std::string_view>& names) {
    std::string out;
    out.reserve(octets.size());
    for (const RawField& field : message.fields)
        if (!is_one_of(field.name, names)) out += field.raw;
    // A message whose header ends without an empty line gets one, where it has any text.
    if (!message.rest.empty() && !is_empty_line(message.rest)) out += "\n";
    out += message.rest;
    return out;
}

}  // namespace gatepost::tools

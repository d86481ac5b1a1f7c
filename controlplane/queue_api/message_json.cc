#include "controlplane/queue_api/message_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "storage/password/base64.h"

namespace gatepost::controlplane {

using nlohmann::ordered_json;

namespace {

// Octets of the sequence that `text` begins with (RFC 3629 §4); 0: none.
size_t sequence_length(std::string_view text) {
    const auto octet = [&](size_t n) { return static_cast<uint8_t>(text[n]); };
    const uint8_t first = octet(0);
    if (first < 0x80) return 1;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (size_t n = 1; n < length; ++n)
        if ((octet(n) & 0xc0) != 0x80) return 0;
    // Longer than need be, surrogates, beyond U+10FFFF.
    if ((first == 0xe0 && octet(1) < 0xa0) || (first == 0xed && octet(1) > 0x9f) ||
        (first == 0xf0 && octet(1) < 0x90) || (first == 0xf4 && octet(1) > 0x8f))
        return 0;
    return length;
}

std::string with_replacements(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t length = sequence_length(text);
        out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

ordered_json notify_json(int notify) {
    constexpr std::array<std::pair<int, const char*>, 4> kNames = {
        {{1, "NEVER"}, {2, "SUCCESS"}, {4, "FAILURE"}, {8, "DELAY"}}};
    ordered_json names = ordered_json::array();
    for (const auto& [bit, name] : kNames)
        if ((notify & bit) != 0) names.push_back(name);
    return names;
}

struct Parts {
    std::string_view header;
    std::string_view body;
};
Parts parts_of(std::string_view octets) {
    const size_t end = octets.find("\r\n\r\n");
    if (end == std::string_view::npos) return {octets, {}};
    return {octets.substr(0, end + 2), octets.substr(end + 4)};
}

// The first field of that name, unfolded (RFC 5322 §2.2.3).
std::string subject_of(std::string_view header) {
    constexpr std::string_view kName = "subject:";
    while (!header.empty()) {
        size_t end = header.find("\r\n");
        while (end != std::string_view::npos && end + 2 < header.size() &&
               (header[end + 2] == ' ' || header[end + 2] == '\t'))
            end = header.find("\r\n", end + 2);
        const std::string_view field = header.substr(0, end);
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
        bool matches = field.size() >= kName.size();
        for (size_t n = 0; matches && n < kName.size(); ++n)
            matches = (field[n] >= 'A' && field[n] <= 'Z' ? field[n] | 0x20 : field[n]) == kName[n];
        if (!matches) continue;
        std::string text(field.substr(kName.size()));
        std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
        text.erase(0, text.find_first_not_of(" \t"));
        return text;
    }
    return "";
}

}  // namespace

bool is_utf8(std::string_view octets) {
    while (!octets.empty()) {
        const size_t length = sequence_length(octets);
        if (length == 0) return false;
        octets.remove_prefix(length);
    }
    return true;
}

ordered_json leased_message_json(const LeasedMessage& message, const std::string* octets,
                                 bool as_text, const std::string& lease_id) {
    const OutboundMessage& first = message.recipients.front();
    ordered_json recipients = ordered_json::array();
    ordered_json details = ordered_json::array();
    for (const OutboundMessage& one : message.recipients) {
        recipients.push_back(one.recipient);
        details.push_back({{"recipient", one.recipient},
                           {"number", one.id},
                           {"attempts", one.attempts + 1},
                           {"notify", notify_json(one.notify)},
                           {"orcpt", one.original}});
    }
    ordered_json out{{"id", message.blob_id},
                     {"sender", first.sender},
                     {"recipients", recipients},
                     {"recipient_details", details},
                     {"envid", first.envid},
                     {"ret", first.ret},
                     {"body", first.body_kind},
                     {"smtputf8", first.smtputf8},
                     {"accepted_at", first.created_at},
                     {"size_bytes", message.body.size}};
    if (octets == nullptr)
        out["href"] = fmt::format("/queue/message/{}?lease_id={}", message.blob_id, lease_id);
    else if (as_text && is_utf8(*octets))
        out["text"] = *octets;
    else
        out["data"] = storage::encode_base64(*octets);
    return out;
}

ordered_json legacy_message_json(const LeasedMessage& message, const std::string& octets) {
    const OutboundMessage& first = message.recipients.front();
    ordered_json recipients = ordered_json::array();
    for (const OutboundMessage& one : message.recipients) recipients.push_back(one.recipient);
    const Parts parts = parts_of(octets);
    ordered_json out{{"mail_from", first.sender},
                     {"rcpt_tos", recipients},
                     {"subject", with_replacements(subject_of(parts.header))},
                     {"body", with_replacements(parts.body)},
                     {"data", with_replacements(octets)},
                     {"timestamp", first.created_at}};
    if (!is_utf8(octets)) out["data_base64"] = storage::encode_base64(octets);
    return out;
}

}  // namespace gatepost::controlplane

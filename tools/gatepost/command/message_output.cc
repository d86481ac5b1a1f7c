#include "tools/gatepost/command/message_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dataplane/mail/mime_parser.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

using controlplane::StoredMessage;
using dataplane::MessagePart;
using dataplane::MessageSummary;
using nlohmann::ordered_json;

namespace {

constexpr size_t kSubjectMax = 60;  // characters of a line

std::string shortened(const std::string& text) {
    std::string out;
    size_t characters = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t length =
            std::max<size_t>(dataplane::utf8_sequence_length(std::string_view(text).substr(at)), 1);
        if (++characters == kSubjectMax && at + length < text.size()) return out + "…";
        out += text.substr(at, length);
        at += length;
    }
    return out;
}

MessageSummary summary_of(std::string_view octets) {
    const dataplane::Charsets charsets = dataplane::Charsets::open_all();
    dataplane::MimeParser parser(charsets);
    parser.feed({reinterpret_cast<const uint8_t*>(octets.data()), octets.size()});
    return parser.finish();
}

// As IMAP numbers them (RFC 9051 §6.4.5); a multipart that is no part of another has none.
std::vector<std::string> part_numbers(const MessageSummary& summary) {
    std::vector<std::string> numbers(summary.parts.size());
    std::vector<unsigned> children(summary.parts.size());
    for (size_t n = 0; n < summary.parts.size(); ++n) {
        const MessagePart& part = summary.parts[n];
        if (part.parent == dataplane::kNone) {
            numbers[n] = part.is_multipart() ? "" : "1";
            continue;
        }
        const MessagePart& parent = summary.parts[part.parent];
        // The parts of a multipart that is all of an enclosed message are numbered below that one.
        if (parent.is_message() && part.is_multipart()) {
            numbers[n] = numbers[part.parent];
            continue;
        }
        const std::string& above = numbers[part.parent];
        numbers[n] =
            fmt::format("{}{}{}", above, above.empty() ? "" : ".", ++children[part.parent]);
    }
    return numbers;
}

std::string name_of(const MessagePart& part) {
    for (const auto* parameters : {&part.disposition_parameters, &part.parameters})
        for (const dataplane::Parameter& one : *parameters)
            if (one.name == "filename" || one.name == "name")
                return one.value;
            else if (one.name == "filename*" || one.name == "name*")
                return one.value.substr(one.value.rfind('\'') + 1);  // RFC 2231 §4
    return "";
}

unsigned depth_of(const MessageSummary& summary, const MessagePart& part) {
    unsigned depth = 0;
    for (uint32_t above = part.parent; above != dataplane::kNone; ++depth)
        above = summary.parts[above].parent;
    return depth;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t length = dataplane::utf8_sequence_length(text);
        const auto first = static_cast<unsigned char>(text.front());
        // U+0080 to U+009F are controls as well.
        const bool is_control =
            (length == 1 && (first < 0x20 || first == 0x7f)) ||
            (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
        if (length == 0 || (is_control && first != '\n' && first != '\t'))
            out += '?';
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<size_t>(length, 1));
    }
    return out;
}

ordered_json stored_message_json(const StoredMessage& message) {
    return {{"uid", message.uid},
            {"mailbox", message.mailbox},
            {"address", message.address},
            {"blob_id", message.blob_id},
            {"size_bytes", message.body.size},
            {"segment", message.body.segment},
            {"position", message.body.offset},
            {"flags", controlplane::flags_text(message.flags)},
            {"keywords", message.keywords},
            {"internal_date", message.internal_date},
            {"save_date", message.save_date},
            {"message_id", message.message_id},
            {"subject", message.subject},
            {"sender", message.sender}};
}

std::string stored_message_table(const std::vector<StoredMessage>& messages) {
    Table table({{"UID", Align::right},
                 {"RECEIVED"},
                 {"FLAGS"},
                 {"SIZE", Align::right},
                 {"FROM"},
                 {"SUBJECT"}});
    for (const StoredMessage& message : messages) {
        std::string flags = controlplane::flags_text(message.flags);
        for (const std::string& keyword : message.keywords)
            flags += (flags.empty() ? "" : " ") + keyword;
        table.row({std::to_string(message.uid), message.internal_date, flags,
                   human_size(message.body.size), shortened(printable(message.sender)),
                   shortened(printable(message.subject))});
    }
    return table.text();
}

std::string structure_text(std::string_view octets) {
    const MessageSummary summary = summary_of(octets);
    const std::vector<std::string> numbers = part_numbers(summary);
    Table table({{"PART"}, {"TYPE"}, {"ENCODING"}, {"SIZE", Align::right}, {"NAME"}});
    for (size_t n = 0; n < summary.parts.size(); ++n) {
        const MessagePart& part = summary.parts[n];
        const std::string indent(2 * depth_of(summary, part), ' ');
        table.row({numbers[n], indent + printable(part.type + "/" + part.subtype),
                   part.is_multipart() ? "" : printable(part.encoding), grouped(part.body_size),
                   printable(name_of(part))});
    }
    return table.text();
}

ordered_json structure_json(std::string_view octets) {
    const MessageSummary summary = summary_of(octets);
    const std::vector<std::string> numbers = part_numbers(summary);
    ordered_json parts = ordered_json::array();
    for (size_t n = 0; n < summary.parts.size(); ++n) {
        const MessagePart& part = summary.parts[n];
        parts.push_back({{"part", numbers[n]},
                         {"type", printable(part.type + "/" + part.subtype)},
                         {"encoding", printable(part.encoding)},
                         {"disposition", printable(part.disposition)},
                         {"name", printable(name_of(part))},
                         {"header_bytes", part.header_size},
                         {"body_bytes", part.body_size}});
    }
    return parts;
}

}  // namespace gatepost::tools

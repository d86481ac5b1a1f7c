// What is known of a message once it has been read: everything that IMAP, the filters and the
// search ask for without the message itself. Made by MimeParser as the message arrives, kept beside
// it.
//
// Offsets and sizes are octets of the message as it was fed; lines are counted by their LF.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/mail/address_list.h"
#include "dataplane/mail/message_date.h"
#include "dataplane/mail/parameter.h"

namespace gatepost::dataplane {

// ENVELOPE of IMAP (RFC 9051 §7.5.2). Values unfolded, otherwise as the fields have them; nullopt:
// no such field. Where IMAP wants a sender or reply-to and there is none, `from` takes its place.
struct Envelope {
    std::optional<std::string> date;
    std::optional<std::string> subject;
    std::vector<EnvelopeAddress> from;
    std::vector<EnvelopeAddress> sender;
    std::vector<EnvelopeAddress> reply_to;
    std::vector<EnvelopeAddress> to;
    std::vector<EnvelopeAddress> cc;
    std::vector<EnvelopeAddress> bcc;
    std::optional<std::string> in_reply_to;
    std::optional<std::string> message_id;

    friend bool operator==(const Envelope&, const Envelope&) = default;
};

inline constexpr uint32_t kNone = UINT32_MAX;

// A part, with what BODYSTRUCTURE says of it (RFC 9051 §7.5.2). A multipart may have no children:
// then it had no boundary, or none of its lines was one.
struct MessagePart {
    // Of MessageSummary::parts; kNone: the message itself. The parts lie in the order of the
    // message: children follow their parent.
    uint32_t parent = kNone;
    // Of MessageSummary::envelopes, where the header is a message's: that of part 0, and of the one
    // child of a message/rfc822. kNone elsewhere.
    uint32_t envelope = kNone;

    // In lower case. Without a Content-Type, or with one that is malformed: text/plain with charset
    // us-ascii, in a multipart/digest message/rfc822 (RFC 2045 §5.2, RFC 2046 §5.1.5).
    std::string type;
    std::string subtype;
    std::vector<Parameter> parameters;
    std::string encoding;  // in lower case; "7bit" where it is not given
    std::optional<std::string> id;
    std::optional<std::string> description;
    std::optional<std::string> md5;
    std::string disposition;  // in lower case; empty: none
    std::vector<Parameter> disposition_parameters;
    std::vector<std::string> languages;
    std::optional<std::string> location;

    uint64_t header_offset = 0;
    uint64_t header_size = 0;  // with the empty line; the body lies behind it
    uint64_t body_size = 0;    // without the line end in front of a boundary (RFC 2046 §5.1.1)
    uint64_t header_lines = 0;
    uint64_t body_lines = 0;

    uint64_t body_offset() const { return header_offset + header_size; }
    bool is(std::string_view a_type, std::string_view a_subtype) const {
        return type == a_type && subtype == a_subtype;
    }
    bool is_multipart() const { return type == "multipart"; }
    // message/rfc822, or message/global of RFC 6532 §3.7.
    bool is_message() const {
        return type == "message" && (subtype == "rfc822" || subtype == "global");
    }

    friend bool operator==(const MessagePart&, const MessagePart&) = default;
};

// Where a field of the message's header is, name to line end.
struct FieldPlace {
    uint32_t name_hash = 0;  // field_name_hash(); the name at that place decides
    uint32_t offset = 0;
    uint32_t size = 0;

    friend bool operator==(const FieldPlace&, const FieldPlace&) = default;
};

struct MessageSummary {
    std::vector<MessagePart> parts;   // at least one
    std::vector<Envelope> envelopes;  // at least one, the message's
    std::vector<FieldPlace> fields;   // of the message's header, in its order
    std::optional<MessageDate> date;  // of the Date field
    // The first text of the message, as UTF-8 with single spaces (RFC 8970); may be empty.
    std::string preview;
    // For people, as UTF-8, in the order of the parts.
    std::vector<std::string> attachment_names;
    bool has_attachments = false;
    // More parts, or deeper ones, than are looked into: they are octets of the part they are in.
    bool truncated_structure = false;
    // More fields, longer ones, more addresses or parameters than are taken.
    bool truncated_header = false;

    uint64_t header_size() const { return parts.front().header_size; }
    uint64_t body_size() const { return parts.front().body_size; }
    uint64_t size() const { return header_size() + body_size(); }
    uint64_t line_count() const { return parts.front().header_lines + parts.front().body_lines; }

    friend bool operator==(const MessageSummary&, const MessageSummary&) = default;
};

// The part that IMAP calls by these numbers (RFC 9051 §6.4.5: "1.2" is {1, 2}), as an index of
// parts: in a message/rfc822 they count the parts of the message in it. An empty path is part 0.
// nullopt: there is none.
std::optional<uint32_t> find_part(const MessageSummary& summary, std::span<const uint32_t> numbers);

}  // namespace gatepost::dataplane

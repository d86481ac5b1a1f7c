// What FETCH asks for (RFC 9051 §6.4.5 and its extensions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::dataplane {

// BODY[1.2.HEADER.FIELDS (From To)]
struct FetchSection {
    enum class Text : uint8_t { all, header, header_fields, header_fields_not, text, mime };
    std::vector<uint32_t> part;  // {1, 2}; empty: the message itself
    Text text = Text::all;
    std::vector<std::string> fields;  // as the client wrote them

    bool operator==(const FetchSection&) const = default;
};

struct FetchPartial {  // <first.octets>
    uint32_t first = 0;
    uint32_t octets = 0;

    bool operator==(const FetchPartial&) const = default;
};

struct FetchItem {
    enum class Kind : uint8_t {
        flags,
        uid,
        internal_date,
        rfc822_size,
        envelope,
        body,            // BODY
        body_structure,  // BODYSTRUCTURE
        body_section,    // BODY[…], BODY.PEEK[…]
        binary,          // BINARY[…], BINARY.PEEK[…] (RFC 3516)
        binary_size,     // BINARY.SIZE[…]
        rfc822,          // of RFC 3501, answered under the name that was asked for
        rfc822_header,
        rfc822_text,
        modseq,     // RFC 7162
        save_date,  // RFC 8514
        email_id,   // RFC 8474
        thread_id,
        preview,  // RFC 8970; `lazy`
    };
    Kind kind = Kind::flags;
    bool peek = false;  // sets no \Seen: BODY.PEEK, and everything that does not read a body
    bool lazy = false;
    FetchSection section = {};
    std::optional<FetchPartial> partial = {};

    bool operator==(const FetchItem&) const = default;
};

}  // namespace gatepost::dataplane

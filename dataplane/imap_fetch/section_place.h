// Where in a message the octets of a section lie (RFC 9051 §6.4.5).
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/imap_syntax/fetch_items.h"
#include "dataplane/mail/summary_reader.h"
#include "dataplane/mail/transfer_encoding.h"

namespace gatepost::dataplane {

struct Extent {
    uint64_t offset = 0;
    uint64_t size = 0;

    uint64_t end() const { return offset + size; }
    bool operator==(const Extent&) const = default;
};

// What `<first.octets>` leaves of so many octets: from the first of them on.
Extent partial_of(uint64_t octets, const std::optional<FetchPartial>& partial);

struct SectionPlace {
    enum class Kind : uint8_t {
        none,    // there is no such part: NIL
        octets,  // as they stand
        fields,  // of the header that is there, those that were asked for
        decoded,
    };
    Kind kind = Kind::none;
    Extent extent;
    TransferEncoding encoding = TransferEncoding::identity;  // of `decoded`
    bool has_body = false;                                   // of `fields`: behind the header
};

// Whether find_section() looks into the summary for it.
bool section_needs_summary(const FetchItem& item);

// `item` is one of the message's body; its partial is not looked at. summary.ok() tells whether the
// answer means anything, unless the section needs no summary.
SectionPlace find_section(const FetchItem& item, SummaryReader& summary, uint64_t message_size);

}  // namespace gatepost::dataplane

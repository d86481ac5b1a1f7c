#include "dataplane/imap_fetch/section_place.h"

#include <algorithm>

namespace gatepost::dataplane {
namespace {

using Kind = FetchItem::Kind;
using Text = FetchSection::Text;

bool is_binary(Kind kind) {
    return kind == Kind::binary || kind == Kind::binary_size;
}

// RFC822, RFC822.HEADER and RFC822.TEXT are BODY[], BODY[HEADER] and BODY[TEXT] (RFC 3501 §6.4.5).
Text text_of(const FetchItem& item) {
    switch (item.kind) {
        case Kind::rfc822_header:
            return Text::header;
        case Kind::rfc822_text:
            return Text::text;
        case Kind::body_section:
            return item.section.text;
        default:
            return Text::all;
    }
}

SectionPlace octets_at(uint64_t offset, uint64_t size) {
    return {.kind = SectionPlace::Kind::octets, .extent = {offset, size}};
}

SectionPlace header_of(const EncodedPart& part) {
    return octets_at(part.header_offset, part.header_size);
}

SectionPlace body_of(const EncodedPart& part) {
    return octets_at(part.body_offset(), part.body_size);
}

SectionPlace fields_of(const EncodedPart& part) {
    SectionPlace place = header_of(part);
    place.kind = SectionPlace::Kind::fields;
    place.has_body = part.body_size > 0;
    return place;
}

SectionPlace decoded(const EncodedPart& part) {
    SectionPlace place = body_of(part);
    // RFC 2045 §6.4: a multipart has no encoding of its own, whatever its header says.
    if (part.is_multipart()) return place;
    place.encoding = transfer_encoding(part.encoding);
    if (place.encoding != TransferEncoding::identity) place.kind = SectionPlace::Kind::decoded;
    return place;
}

// Of the message, or of a message in it.
SectionPlace message_section(Text text, const EncodedPart& message) {
    switch (text) {
        case Text::header:
            return header_of(message);
        case Text::header_fields:
        case Text::header_fields_not:
            return fields_of(message);
        case Text::text:
            return body_of(message);
        default:
            return {};
    }
}

SectionPlace find(const FetchItem& item, SummaryReader& summary) {
    const std::vector<uint32_t>& numbers = item.section.part;
    const Text text = text_of(item);
    if (numbers.empty() || text == Text::all || text == Text::mime) {
        const auto part = summary.find(numbers);
        if (!part) return {};
        if (numbers.empty()) return message_section(text, *part);
        if (text == Text::mime) return header_of(*part);
        return is_binary(item.kind) ? decoded(*part) : body_of(*part);
    }
    // RFC 9051 §6.4.5.1: HEADER and TEXT of a part are those of the message that it is.
    const auto message = summary.message_in(numbers);
    return message ? message_section(text, *message) : SectionPlace{};
}

}  // namespace

Extent partial_of(uint64_t octets, const std::optional<FetchPartial>& partial) {
    if (!partial) return {0, octets};
    // RFC 9051 §6.4.5: a partial that begins behind the end gives an empty string.
    const uint64_t first = std::min<uint64_t>(partial->first, octets);
    return {first, std::min<uint64_t>(partial->octets, octets - first)};
}

bool section_needs_summary(const FetchItem& item) {
    return !item.section.part.empty() || text_of(item) != Text::all;
}

SectionPlace find_section(const FetchItem& item, SummaryReader& summary, uint64_t message_size) {
    if (!section_needs_summary(item)) return octets_at(0, message_size);
    SectionPlace place = find(item, summary);
    // A summary that is of another message must not lead behind the end of this one.
    place.extent.offset = std::min(place.extent.offset, message_size);
    place.extent.size = std::min(place.extent.size, message_size - place.extent.offset);
    return place;
}

}  // namespace gatepost::dataplane

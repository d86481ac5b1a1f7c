#include "dataplane/imap_search/message_text.h"

#include <algorithm>

#include "dataplane/imap_search/casemap.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/mail_limits.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {
namespace {

// Octets of a line that is waited for: texts without ends of lines are cut there, at worst in the
// middle of a character.
constexpr size_t kLineOctetsMax = size_t{64} << 10;

// Whether octets of ASCII mean what they are in ASCII.
bool is_ascii_in_ascii(std::string_view charset) {
    for (std::string_view prefix : {"iso-2022", "utf-7", "utf-16", "utf-32", "ucs-", "hz"}) {
        if (equal_ignoring_case(charset.substr(0, prefix.size()), prefix)) return false;
    }
    return true;
}

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

uint64_t header_octets_searched(uint64_t header_size) {
    return std::min<uint64_t>(header_size, kHeaderOctetsMax);
}

TextDecoder::TextDecoder(const PartPiece& part, const Charsets& charsets)
    : charsets_(charsets),
      transfer_(transfer_encoding(part.encoding)),
      // RFC 2045 §5.2: us-ascii where none is given; UTF-8 is what is sent all the same.
      is_utf8_(part.charset.empty() || equal_ignoring_case(part.charset, "utf-8") ||
               equal_ignoring_case(part.charset, "us-ascii")),
      charset_(part.charset) {}

void TextDecoder::decode(Bytes raw, bool is_last, std::string& out) {
    transfer_.decode(raw, octets_);
    if (is_last) transfer_.finish(octets_);
    size_t ready = octets_.size();
    if (!is_last) {
        const size_t line_end = octets_.rfind('\n');
        if (line_end != std::string::npos)
            ready = line_end + 1;
        else if (ready < kLineOctetsMax)
            return;
    }
    const std::string_view text = std::string_view(octets_).substr(0, ready);
    if (is_utf8_) {
        append_casemapped(text, out);
    } else {
        utf8_.clear();
        charsets_.append_utf8(charset_, text, utf8_);
        append_casemapped(utf8_, out);
    }
    octets_.erase(0, ready);
}

void MessageText::set(std::string_view octets, SummaryView& summary) {
    octets_ = octets;
    summary_ = &summary;
    has_bodies_ = false;
    has_headers_ = false;
    plain_.clear();
    bodies_.clear();
    headers_.clear();
}

std::string_view MessageText::slice(uint64_t offset, uint64_t size) const {
    if (offset >= octets_.size()) return {};
    return octets_.substr(offset, std::min<uint64_t>(size, octets_.size() - offset));
}

std::string_view MessageText::header() {
    return slice(0, header_octets_searched(summary_->header_size()));
}

void MessageText::make_bodies() {
    has_bodies_ = true;
    PartPieceCursor parts = summary_->parts();
    PartPiece part;
    while (parts.next(part)) {
        if (!part.is_text()) continue;
        const std::string_view raw = slice(part.body_offset(), part.body_size);
        if (is_ascii_in_ascii(part.charset) && is_ascii(raw) &&
            transfer_encoding(part.encoding) == TransferEncoding::identity) {
            plain_.push_back(raw);
            continue;
        }
        TextDecoder decoder(part, charsets_);
        decoder.decode(as_bytes(raw), true, bodies_);
        bodies_ += '\0';
    }
}

void MessageText::make_headers() {
    has_headers_ = true;
    PartPieceCursor parts = summary_->parts();
    PartPiece part;
    while (parts.next(part)) {
        const uint64_t size = header_octets_searched(part.header_size);
        append_header_text(slice(part.header_offset, size), charsets_, scratch_, headers_);
    }
    summary_->for_each_attachment([&](std::string_view name) {
        append_casemapped(name, headers_);
        headers_ += '\n';
    });
}

bool MessageText::is_in_body(const TextNeedle& needle) {
    if (!has_bodies_) make_bodies();
    const bool is_plain = std::ranges::any_of(
        plain_, [&](std::string_view text) { return needle.is_in_casemapped(text); });
    return is_plain || needle.is_in_casemapped(bodies_);
}

bool MessageText::is_in_header(const TextNeedle& needle) {
    if (!has_headers_) make_headers();
    return needle.is_in_casemapped(headers_);
}

}  // namespace gatepost::dataplane

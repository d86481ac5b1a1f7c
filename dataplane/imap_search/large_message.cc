#include "dataplane/imap_search/large_message.h"

#include <algorithm>

#include "dataplane/imap_search/body_windows.h"
#include "dataplane/imap_search/casemap.h"

namespace gatepost::dataplane {
namespace {

void look_for(const std::vector<TextNeedle>& needles, std::string_view text,
              std::vector<bool>& found) {
    for (size_t i = 0; i < needles.size(); ++i)
        found[i] = found[i] || needles[i].is_in_casemapped(text);
}

size_t longest(const std::vector<TextNeedle>& needles) {
    size_t size = 1;
    for (const TextNeedle& needle : needles) size = std::max(size, needle.size());
    return size;
}

bool are_all_set(const std::vector<bool>& found) {
    return std::ranges::all_of(found, [](bool one) { return one; });
}

}  // namespace

LargeMessage::LargeMessage(MessageStore& store, storage::BodyLocation body,
                           const Charsets& charsets, MatchScratch& scratch)
    : store_(store),
      body_(body),
      charsets_(charsets),
      scratch_(scratch),
      room_(std::make_unique_for_overwrite<uint8_t[]>(BodyWindows::kOctetsMax)) {}

Task<bool> LargeMessage::read_header(SummaryView& summary) {
    const uint64_t size =
        std::min<uint64_t>(header_octets_searched(summary.header_size()), body_.size);
    const int64_t got = co_await read_octets(store_, body_, 0, size, room_.get());
    if (got != static_cast<int64_t>(size)) co_return false;
    header_.assign(reinterpret_cast<const char*>(room_.get()), size);
    co_return true;
}

Task<bool> LargeMessage::find(SummaryView& summary, const std::vector<TextNeedle>& needles,
                              FoundTexts& found) {
    PartPieceCursor parts = summary.parts();
    PartPiece part;
    found.in_body.assign(needles.size(), false);
    found.in_header.assign(needles.size(), false);
    while (parts.next(part)) {
        const bool has_header = co_await find_in_header(part, needles, found.in_header);
        if (!has_header) co_return false;
        if (!part.is_text()) continue;
        const bool has_body = co_await find_in_body(part, needles, found.in_body);
        if (!has_body) co_return false;
    }
    summary.for_each_attachment([&](std::string_view name) {
        scratch_.casemapped.clear();
        append_casemapped(name, scratch_.casemapped);
        look_for(needles, scratch_.casemapped, found.in_header);
    });
    co_return true;
}

Task<bool> LargeMessage::find_in_header(const PartPiece& part,
                                        const std::vector<TextNeedle>& needles,
                                        std::vector<bool>& found) {
    const uint64_t size = header_octets_searched(part.header_size);
    if (are_all_set(found)) co_return true;
    const int64_t got = co_await read_octets(store_, body_, part.header_offset, size, room_.get());
    if (got != static_cast<int64_t>(size)) co_return false;
    std::string text;
    const std::string_view header(reinterpret_cast<const char*>(room_.get()), size);
    append_header_text(header, charsets_, scratch_, text);
    look_for(needles, text, found);
    co_return true;
}

Task<bool> LargeMessage::find_in_body(const PartPiece& part, const std::vector<TextNeedle>& needles,
                                      std::vector<bool>& found) {
    TextDecoder decoder(part, charsets_);
    std::string text;
    const size_t kept = longest(needles) - 1;
    for (uint64_t at = 0; at < part.body_size && !are_all_set(found);) {
        const uint64_t size = std::min(BodyWindows::kOctetsMax, part.body_size - at);
        const int64_t got =
            co_await read_octets(store_, body_, part.body_offset() + at, size, room_.get());
        if (got != static_cast<int64_t>(size)) co_return false;
        at += size;
        decoder.decode(Bytes(room_.get(), size), at == part.body_size, text);
        look_for(needles, text, found);
        // What may be the beginning of one that goes on in the next piece.
        if (text.size() > kept) text.erase(0, text.size() - kept);
    }
    co_return true;
}

}  // namespace gatepost::dataplane

#include "dataplane/imap_fetch/body_fetch.h"

#include <algorithm>

#include "dataplane/imap_fetch/index_items.h"
#include "dataplane/imap_fetch/response_text.h"
#include "dataplane/imap_fetch/section_text.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

using Kind = FetchItem::Kind;

// Octets that gather before they are sent: small messages share TLS records and system calls.
constexpr size_t kGatheredOctets = size_t{16} << 10;
// Octets on their way to the client while the next piece is read.
constexpr size_t kUnsentOctetsMax = BodySource::kPieceMax;

std::string_view text_of(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The octets that a section takes out of the message.
Extent wanted_of(const FetchItem& item, const SectionPlace& place) {
    Extent wanted = place.extent;
    if (place.kind == SectionPlace::Kind::octets) {
        const Extent partial = partial_of(wanted.size, item.partial);
        return {wanted.offset + partial.offset, partial.size};
    }
    // What is beyond is taken notice of nowhere (mail_limits.h).
    if (place.kind == SectionPlace::Kind::fields)
        wanted.size = std::min<uint64_t>(wanted.size, kHeaderOctetsMax);
    return wanted;
}

Extent piece_of(const Extent& extent, uint64_t offset) {
    return {offset, std::min<uint64_t>(BodySource::kPieceMax, extent.end() - offset)};
}

}  // namespace

BodyFetch::BodyFetch(const FetchPlan& plan, FetchedMessage& message, MessageStore& store,
                     const Charsets& charsets, CompressibleStream& stream)
    : plan_(plan),
      message_(message),
      charsets_(charsets),
      stream_(stream),
      source_(store, message.entry.location(), message.find_again) {}

Task<FetchResult> BodyFetch::run() {
    bool is_well = co_await prepare();
    for (size_t i = 0; is_well && i < steps_.size(); ++i) {
        is_well = co_await write_step(steps_[i]);
    }
    if (!is_well) co_return result_;
    take_text(layout_.size());
    if (append_section({}, true)) (void)co_await send();
    co_return result_;
}

// ---- what is to be written

Task<bool> BodyFetch::prepare() {
    bool is_laid_out = lay_out();
    if (!is_laid_out) {
        // There is no summary, or one of another version or message: a new one is made.
        const bool is_parsed = co_await parse_message();
        if (!is_parsed) co_return cannot_read();
        is_laid_out = lay_out();
        if (!is_laid_out) co_return cannot_read();
    }
    const bool all_known = std::ranges::none_of(steps_, [](const Step& step) {
        return step.place.kind == SectionPlace::Kind::decoded &&
               step.place.encoding == TransferEncoding::unknown;
    });
    if (!all_known) {  // RFC 3516 §4.3
        result_.status = FetchStatus::unknown_encoding;
        co_return false;
    }
    const bool is_held = co_await hold_what_is_wanted();
    co_return is_held || cannot_read();
}

bool BodyFetch::lay_out() {
    layout_.clear();
    steps_.clear();
    SummaryReader summary(message_.summary);
    if (const auto root = summary.find({});
        root && root->header_size + root->body_size != source_.size())
        summary = SummaryReader(Bytes());
    ResponseText out(layout_, plan_.options().utf8);
    const IndexedMessage message{
        .number = message_.number, .entry = &message_.entry, .keywords = message_.keywords};
    begin_response(message, plan_.options().uid_only, out);
    bool is_first = true;
    for (const FetchItem& item : plan_.items()) {
        if (!is_first) out.add(' ');
        is_first = false;
        if (!is_body_item(item.kind)) {
            if (!write_index_item(item, message, summary, out)) return false;
            continue;
        }
        write_section_name(item, out);
        out.flush();
        if (!lay_out_section(item, summary)) return false;
    }
    out.add(")\r\n");
    return true;
}

bool BodyFetch::lay_out_section(const FetchItem& item, SummaryReader& summary) {
    const SectionPlace place = find_section(item, summary, source_.size());
    if (section_needs_summary(item) && !summary.ok()) return false;
    const bool is_size = item.kind == Kind::binary_size;
    if (is_size && place.kind != SectionPlace::Kind::decoded) {
        layout_ += std::to_string(place.extent.size);
    } else if (place.kind == SectionPlace::Kind::none) {
        layout_ += "NIL";
    } else {
        steps_.push_back({&item, layout_.size(), place});
    }
    return true;
}

Task<bool> BodyFetch::parse_message() {
    const Extent whole{0, source_.size()};
    if (whole.size <= BodySource::kPieceMax) {
        const bool is_held = co_await source_.hold(whole);
        if (!is_held) co_return false;
    }
    const auto parser = std::make_unique<MimeParser>(charsets_);
    for (uint64_t at = 0; at < whole.size;) {
        Bytes piece;
        const Extent wanted = piece_of(whole, at);
        const bool is_read = co_await source_.get(wanted, piece);
        if (!is_read) co_return false;
        parser->feed(piece);
        at += piece.size();
    }
    message_.summary.clear();
    encode_summary(parser->finish(), message_.summary);
    co_return true;
}

// One read for everything, where it lies within one piece.
Task<bool> BodyFetch::hold_what_is_wanted() {
    uint64_t first = UINT64_MAX;
    uint64_t end = 0;
    for (const Step& step : steps_) {
        const Extent wanted = wanted_of(*step.item, step.place);
        if (wanted.size == 0) continue;
        first = std::min(first, wanted.offset);
        end = std::max(end, wanted.end());
    }
    if (first >= end || end - first > BodySource::kPieceMax) co_return true;
    const Extent all{first, end - first};
    const bool is_held = co_await source_.hold(all);
    co_return is_held;
}

// ---- sections

Task<bool> BodyFetch::write_step(const Step& step) {
    bool is_written = false;
    switch (step.place.kind) {
        case SectionPlace::Kind::none:
            is_written = true;
            break;
        case SectionPlace::Kind::octets:
            is_written = co_await write_octets(step);
            break;
        case SectionPlace::Kind::fields:
            is_written = co_await write_fields(step);
            break;
        case SectionPlace::Kind::decoded:
            is_written = co_await write_decoded(step);
            break;
    }
    co_return is_written;
}

Task<bool> BodyFetch::write_octets(const Step& step) {
    const Extent wanted = wanted_of(*step.item, step.place);
    const bool is_binary = step.item->kind == Kind::binary;
    uint64_t at = wanted.offset;
    do {
        Bytes piece;
        const Extent next = piece_of(wanted, at);
        const bool is_read = co_await source_.get(next, piece);
        if (!is_read) co_return cannot_read();
        if (at == wanted.offset) begin_literal(step, wanted.size);
        if (!append_section(text_of(piece), is_binary)) co_return false;
        at += piece.size();
        const bool is_sent = co_await send();
        if (!is_sent) co_return false;
    } while (at < wanted.end());
    co_return true;
}

Task<bool> BodyFetch::write_fields(const Step& step) {
    const Extent wanted = wanted_of(*step.item, step.place);
    std::string header;
    for (uint64_t at = wanted.offset; at < wanted.end();) {
        Bytes piece;
        const Extent next = piece_of(wanted, at);
        const bool is_read = co_await source_.get(next, piece);
        if (!is_read) co_return cannot_read();
        header += text_of(piece);
        at += piece.size();
    }
    std::string fields;
    select_fields(header, step.item->section, wanted == step.place.extent, step.place.has_body,
                  fields);
    const Extent partial = partial_of(fields.size(), step.item->partial);
    begin_literal(step, partial.size);
    if (!append_section(std::string_view(fields).substr(partial.offset, partial.size), false))
        co_return false;
    const bool is_sent = co_await send();
    co_return is_sent;
}

// The literal's length is known when all has been decoded: what is longer than a piece is read and
// decoded twice, so that none of it has to be kept.
Task<bool> BodyFetch::write_decoded(const Step& step) {
    const bool is_counted = co_await decode(step, nullptr);
    if (!is_counted) co_return false;
    if (step.item->kind == Kind::binary_size) {
        take_text(step.text_end);
        pending_ += std::to_string(decoded_octets_);
        co_return true;
    }
    const Extent wanted = partial_of(decoded_octets_, step.item->partial);
    begin_literal(step, wanted.size);
    if (step.place.extent.size > BodySource::kPieceMax) {
        const bool is_written = co_await decode(step, &wanted);
        co_return is_written;
    }
    if (!append_section(std::string_view(decoded_).substr(wanted.offset, wanted.size), true))
        co_return false;
    const bool is_sent = co_await send();
    co_return is_sent;
}

// Counts the decoded octets, and writes those that are wanted. Where all is one piece, decoded_ has
// it afterwards.
Task<bool> BodyFetch::decode(const Step& step, const Extent* wanted) {
    const Extent& extent = step.place.extent;
    TransferDecoder decoder(step.place.encoding);
    decoded_octets_ = 0;
    uint64_t at = extent.offset;
    do {
        Bytes piece;
        const Extent next = piece_of(extent, at);
        const bool is_read = co_await source_.get(next, piece);
        if (!is_read) co_return cannot_read();
        at += piece.size();
        decoded_.clear();
        decoder.decode(piece, decoded_);
        if (at == extent.end()) decoder.finish(decoded_);
        const uint64_t begin = decoded_octets_;
        decoded_octets_ += decoded_.size();
        if (wanted == nullptr) continue;
        const uint64_t first = std::clamp(wanted->offset, begin, decoded_octets_);
        const uint64_t end = std::clamp(wanted->end(), begin, decoded_octets_);
        if (!append_section(std::string_view(decoded_).substr(first - begin, end - first), true))
            co_return false;
        const bool is_sent = co_await send();
        if (!is_sent) co_return false;
        if (decoded_octets_ >= wanted->end()) break;
    } while (at < extent.end());
    co_return true;
}

// ---- output

void BodyFetch::take_text(size_t end) {
    pending_.append(layout_, taken_, end - taken_);
    taken_ = end;
}

// When the first octets are there: until then nothing has been written, and the whole response can
// be given up.
void BodyFetch::begin_literal(const Step& step, uint64_t octets) {
    take_text(step.text_end);
    // RFC 9051 §9 literal8: the one that takes NULs.
    pending_ += step.item->kind == Kind::binary ? "~{" : "{";
    pending_ += std::to_string(octets);
    pending_ += "}\r\n";
    result_.body_octets += octets;
}

bool BodyFetch::append(std::string_view octets) {
    if (octets.empty()) return true;
    has_begun_ = true;
    if (stream_.append(bytes_of(octets))) return true;
    result_.status = FetchStatus::stream;
    result_.stream_status = StreamStatus::no_memory;
    return false;
}

bool BodyFetch::append_section(std::string_view octets, bool is_binary) {
    if (!append(pending_)) return false;
    pending_.clear();
    if (is_binary || octets.find('\0') == std::string_view::npos) return append(octets);
    std::string without_nuls(octets);
    replace_nuls(without_nuls.data(), without_nuls.size());
    return append(without_nuls);
}

// Waits only when there is much that the client has not taken yet.
Task<bool> BodyFetch::send() {
    if (stream_.unsent() < kGatheredOctets) co_return true;
    stream_.expect_within(kFetchPieceMs);
    const StreamStatus status = co_await stream_.push(kUnsentOctetsMax);
    if (status == StreamStatus::ok) co_return true;
    result_.status = FetchStatus::stream;
    result_.stream_status = status;
    co_return false;
}

bool BodyFetch::cannot_read() {
    result_.status = has_begun_ ? FetchStatus::stream : FetchStatus::unreadable;
    // A literal cannot be taken back: only the connection's end tells the client.
    if (has_begun_) result_.stream_status = StreamStatus::reset;
    return false;
}

}  // namespace gatepost::dataplane

#include "tests/unit/imap_fetch/fetch_rig.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

const Charsets kCharsets;

using Kind = FetchItem::Kind;
using Text = FetchSection::Text;

const std::map<std::string_view, Kind> kKinds = {
    {"FLAGS", Kind::flags},
    {"UID", Kind::uid},
    {"INTERNALDATE", Kind::internal_date},
    {"RFC822.SIZE", Kind::rfc822_size},
    {"ENVELOPE", Kind::envelope},
    {"BODY", Kind::body},
    {"BODYSTRUCTURE", Kind::body_structure},
    {"BODY[", Kind::body_section},
    {"BODY.PEEK[", Kind::body_section},
    {"BINARY[", Kind::binary},
    {"BINARY.PEEK[", Kind::binary},
    {"BINARY.SIZE[", Kind::binary_size},
    {"RFC822", Kind::rfc822},
    {"RFC822.HEADER", Kind::rfc822_header},
    {"RFC822.TEXT", Kind::rfc822_text},
    {"MODSEQ", Kind::modseq},
    {"SAVEDATE", Kind::save_date},
    {"EMAILID", Kind::email_id},
    {"THREADID", Kind::thread_id},
    {"PREVIEW", Kind::preview},
};
const std::map<std::string_view, Text> kTexts = {
    {"", Text::all},
    {"HEADER", Text::header},
    {"HEADER.FIELDS", Text::header_fields},
    {"HEADER.FIELDS.NOT", Text::header_fields_not},
    {"TEXT", Text::text},
    {"MIME", Text::mime},
};

// Up to one of `stops`, not included.
std::string_view take(std::string_view& text, std::string_view stops) {
    const size_t end = std::min(text.find_first_of(stops), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

uint32_t take_number(std::string_view& text) {
    uint32_t value = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1))
        value = value * 10 + static_cast<uint32_t>(text[0] - '0');
    return value;
}

FetchSection take_section(std::string_view& text) {
    FetchSection section;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        section.part.push_back(take_number(text));
        if (text[0] == '.') text.remove_prefix(1);
    }
    section.text = kTexts.at(take(text, " ]"));
    if (text[0] == ' ') {
        text.remove_prefix(2);
        for (;;) {
            section.fields.emplace_back(take(text, " )"));
            if (text[0] == ')') break;
            text.remove_prefix(1);
        }
        text.remove_prefix(1);
    }
    text.remove_prefix(1);
    return section;
}

bool skip_digits(std::string_view& text, size_t& value) {
    const std::string_view before = text;
    value = take_number(text);
    return text.size() < before.size();
}

// A string, a literal, or a run of other octets. False: none is there.
bool skip_token(std::string_view& text) {
    if (text.starts_with('"')) {
        for (size_t at = 1; at < text.size(); ++at) {
            if (text[at] == '\r' || text[at] == '\n' || text[at] == '\0') return false;
            if (text[at] == '\\') {
                ++at;
            } else if (text[at] == '"') {
                text.remove_prefix(at + 1);
                return true;
            }
        }
        return false;
    }
    const bool is_binary = text.starts_with("~{");
    if (is_binary || text.starts_with('{')) {
        text.remove_prefix(is_binary ? 2 : 1);
        size_t size = 0;
        if (!skip_digits(text, size) || !text.starts_with("}\r\n")) return false;
        text.remove_prefix(3);
        if (size > text.size()) return false;
        if (!is_binary && text.substr(0, size).find('\0') != std::string_view::npos) return false;
        text.remove_prefix(size);
        return true;
    }
    const size_t before = text.size();
    while (!text.empty() && text[0] > ' ' && text[0] < 0x7f &&
           std::string_view("(){\"").find(text[0]) == std::string_view::npos)
        text.remove_prefix(1);
    return text.size() < before;
}

bool skip_response(std::string_view& text) {
    size_t depth = 0;
    if (!text.starts_with("* ")) return false;
    while (!text.empty()) {
        if (text.starts_with("\r\n")) {
            text.remove_prefix(2);
            return depth == 0;
        }
        if (text[0] == '(') {
            ++depth;
        } else if (text[0] == ')') {
            if (depth-- == 0) return false;
        } else if (text[0] != ' ') {
            if (!skip_token(text)) return false;
            continue;
        }
        text.remove_prefix(1);
    }
    return false;
}

}  // namespace

Task<Result<storage::Envelope>> BodyStore::read_envelope(const SpoolEntry&) {
    co_return fail(ErrorCode::invalid, "no envelope");
}

Task<int64_t> BodyStore::read_body(const storage::BodyLocation& body, uint64_t offset,
                                   std::span<uint8_t> room) {
    if (on_read) on_read();
    if (reads++ >= reads_until_error) co_return -EIO;
    largest_read = std::max(largest_read, room.size());
    const uint64_t end = std::min({body.size, uint64_t{body_.size()}, lost_from});
    if (offset >= end) co_return 0;
    const size_t count = std::min({room.size(), size_t{end - offset}, piece_max});
    std::memcpy(room.data(), body_.data() + offset, count);
    octets_read += count;
    co_return static_cast<int64_t>(count);
}

storage::MailboxEntry sample_entry(size_t size) {
    storage::MailboxEntry entry;
    entry.uid = 7;
    entry.size = static_cast<uint32_t>(size);
    entry.flags = storage::kFlagSeen | storage::kFlagFlagged;
    entry.modseq = 9'000'000'001;
    entry.internal_date_s = 837'571'465;
    entry.save_date_s = 1'709'164'800;
    entry.blob = {0x0192f0c47b1e7abc, 0x8123456789abcdef};
    return entry;
}

MessageSummary summary_of(std::string_view message) {
    MimeParser parser(kCharsets);
    parser.feed(octets_of(message));
    return parser.finish();
}

std::vector<uint8_t> encoded_summary_of(std::string_view message) {
    std::vector<uint8_t> encoded;
    encode_summary(summary_of(message), encoded);
    return encoded;
}

std::vector<FetchItem> fetch_items(std::string_view text) {
    std::vector<FetchItem> items;
    while (!text.empty()) {
        std::string_view name = take(text, " [");
        FetchItem item;
        if (text.starts_with('[')) {
            text.remove_prefix(1);
            name = {name.data(), name.size() + 1};
            item.section = take_section(text);
        }
        item.kind = kKinds.at(name);
        item.peek = name.find("PEEK") != std::string_view::npos;
        if (text.starts_with('<')) {
            text.remove_prefix(1);
            const uint32_t first = take_number(text);
            text.remove_prefix(1);
            item.partial = {first, take_number(text)};
            text.remove_prefix(1);
        }
        if (text.starts_with(" (LAZY)")) {
            item.lazy = true;
            text.remove_prefix(std::strlen(" (LAZY)"));
        }
        items.push_back(std::move(item));
        if (!text.empty()) text.remove_prefix(1);
    }
    return items;
}

Task<FetchResult> write_with_body(const FetchPlan& plan, const FetchedMessage& message,
                                  MessageStore& store, const Charsets& charsets, Stream& stream) {
    CompressionCounters counters;
    CompressibleStream out(stream, counters);
    const FetchResult result = co_await write_fetch_with_body(plan, message, store, charsets, out);
    co_return result;
}

Fetched fetch(std::string_view items, BodyStore& store, size_t size, const Fetching& how) {
    const FetchPlan plan(fetch_items(items), {.utf8 = how.utf8, .uid_only = how.uid_only});
    FetchedMessage message;
    message.number = 3;
    message.entry = sample_entry(size);
    message.keywords = {"$Forwarded"};
    message.summary = how.summary;
    Fetched fetched;
    StreamRig rig(how.pool_octets);
    rig.serve([&](Stream& stream) -> Task<> {
        fetched.result = co_await write_with_body(plan, message, store, kCharsets, stream);
        (void)co_await stream.push();
    });
    fetched.text = rig.transport.take_sent();
    return fetched;
}

Fetched fetch(std::string_view items, std::string_view message, const Fetching& how) {
    BodyStore store(message);
    Fetching with = how;
    if (how.with_summary && how.summary.empty()) with.summary = encoded_summary_of(message);
    return fetch(items, store, message.size(), with);
}

std::string fetch_text(std::string_view items, std::string_view message, const Fetching& how) {
    Fetched fetched = fetch(items, message, how);
    EXPECT_EQ(fetched.result.status, FetchStatus::ok) << items;
    EXPECT_TRUE(is_well_formed(fetched.text)) << fetched.text;
    constexpr std::string_view kBegin = "* 3 FETCH (";
    constexpr std::string_view kEnd = ")\r\n";
    if (!fetched.text.starts_with(kBegin) || !fetched.text.ends_with(kEnd)) {
        ADD_FAILURE() << fetched.text;
        return fetched.text;
    }
    return fetched.text.substr(kBegin.size(), fetched.text.size() - kBegin.size() - kEnd.size());
}

bool is_well_formed(std::string_view responses) {
    while (!responses.empty()) {
        if (!skip_response(responses)) return false;
    }
    return true;
}

std::string literal(std::string_view octets) {
    return "{" + std::to_string(octets.size()) + "}\r\n" + std::string(octets);
}

}  // namespace gatepost::dataplane

// The form, numbers big-endian, strings behind their length in 2 octets:
//
//   version | junk score | reject score | number of patterns | patterns | number of rules | rules |
//   number of filing rules | filing rules | three databases, each behind its length in 4 octets
//
// A score is 1 and 4 octets, or 0 where there is none.
#include "storage/filter/filter_image.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kPatternOctetsMin = 3;
constexpr size_t kRuleOctetsMin = 14;
constexpr size_t kFilingRuleOctetsMin = 14;

void write_text(ByteWriter& out, std::string_view text) {
    GATEPOST_CHECK(text.size() <= UINT16_MAX);
    out.u16(static_cast<uint16_t>(text.size()));
    out.bytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string_view read_text(ByteReader& in) {
    const uint16_t size = in.u16();
    const Bytes octets = in.bytes(size);
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

void write_score(ByteWriter& out, std::optional<int32_t> score) {
    out.u8(score ? 1 : 0);
    if (score) out.u32(static_cast<uint32_t>(*score));
}

std::optional<int32_t> read_score(ByteReader& in) {
    const uint8_t there = in.u8();
    if (there > 1) in.fail();
    return there == 1 ? std::optional(static_cast<int32_t>(in.u32())) : std::nullopt;
}

void write_database(ByteWriter& out, Bytes database) {
    GATEPOST_CHECK(database.size() <= UINT32_MAX);
    out.u32(static_cast<uint32_t>(database.size()));
    out.bytes(database);
}

Bytes read_database(ByteReader& in) {
    const uint32_t size = in.u32();
    return in.bytes(size);
}

// How many elements follow; no more than there can be.
size_t read_count(ByteReader& in, size_t octets_min) {
    const size_t count = in.u32();
    if (count > in.left() / octets_min) in.fail();
    return in.ok() ? count : 0;
}

uint32_t read_pattern(ByteReader& in, size_t patterns) {
    const uint32_t pattern = in.u32();
    if (pattern >= patterns) in.fail();
    return pattern;
}

void read_patterns(ByteReader& in, FilterImage& image) {
    const size_t count = read_count(in, kPatternOctetsMin);
    image.patterns.reserve(count);
    for (size_t i = 0; i < count && in.ok(); ++i) {
        const uint8_t field = in.u8();
        if (field >= kFilterFields) in.fail();
        image.patterns.push_back({static_cast<FilterField>(field), read_text(in)});
    }
}

void read_rules(ByteReader& in, FilterImage& image) {
    const size_t count = read_count(in, kRuleOctetsMin);
    image.rules.reserve(count);
    for (size_t i = 0; i < count && in.ok(); ++i) {
        FilterRule rule;
        rule.name = read_text(in);
        rule.pattern = read_pattern(in, image.patterns.size());
        const uint8_t action = in.u8();
        const uint8_t monitor = in.u8();
        if (action >= kFilterActions || monitor > 1) in.fail();
        rule.action = static_cast<FilterAction>(action);
        rule.monitor = monitor == 1;
        rule.score = static_cast<int32_t>(in.u32());
        rule.folder = read_text(in);
        image.rules.push_back(rule);
    }
}

void read_filing_rules(ByteReader& in, FilterImage& image) {
    const size_t count = read_count(in, kFilingRuleOctetsMin);
    image.filing_rules.reserve(count);
    uint64_t before = 0;
    for (size_t i = 0; i < count && in.ok(); ++i) {
        FilingRule rule;
        rule.account_id = in.u64();
        rule.pattern = read_pattern(in, image.patterns.size());
        rule.folder = read_text(in);
        if (rule.account_id < before) in.fail();
        before = rule.account_id;
        image.filing_rules.push_back(rule);
    }
}

}  // namespace

std::vector<uint8_t> encode_filter_image(const FilterImage& image) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    write_score(out, image.junk_score);
    write_score(out, image.reject_score);
    out.u32(static_cast<uint32_t>(image.patterns.size()));
    for (const FilterPattern& pattern : image.patterns) {
        out.u8(static_cast<uint8_t>(pattern.field));
        write_text(out, pattern.header_name);
    }
    out.u32(static_cast<uint32_t>(image.rules.size()));
    for (const FilterRule& rule : image.rules) {
        write_text(out, rule.name);
        out.u32(rule.pattern);
        out.u8(static_cast<uint8_t>(rule.action));
        out.u8(rule.monitor ? 1 : 0);
        out.u32(static_cast<uint32_t>(rule.score));
        write_text(out, rule.folder);
    }
    out.u32(static_cast<uint32_t>(image.filing_rules.size()));
    for (const FilingRule& rule : image.filing_rules) {
        out.u64(rule.account_id);
        out.u32(rule.pattern);
        write_text(out, rule.folder);
    }
    for (const Bytes& database : {image.values, image.bodies, image.raws})
        write_database(out, database);
    return octets;
}

Result<FilterImage> decode_filter_image(Bytes octets) {
    ByteReader in(octets);
    FilterImage image;
    const uint8_t version = in.u8();
    if (in.ok() && version != kVersion)
        return fail(ErrorCode::invalid, "compiled filter rules of version {}; this program has {}",
                    version, kVersion);
    image.junk_score = read_score(in);
    image.reject_score = read_score(in);
    read_patterns(in, image);
    read_rules(in, image);
    read_filing_rules(in, image);
    image.values = read_database(in);
    image.bodies = read_database(in);
    image.raws = read_database(in);
    if (!in.ok() || !in.at_end())
        return fail(ErrorCode::invalid, "compiled filter rules of {} octets are damaged",
                    octets.size());
    return image;
}

}  // namespace gatepost::storage

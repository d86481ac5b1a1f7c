#include "tests/unit/mail/read_message.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

const Charsets& charsets() {
    static const Charsets* const kCharsets = new Charsets(Charsets::open_all());
    return *kCharsets;
}

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void feed(MimeParser& parser, std::string_view message, size_t piece, uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!message.empty()) {
        // Mostly small, now and then large.
        const size_t any = 1 + random() % (1ULL << random() % 12);
        const size_t size = std::min(piece == 0 ? any : piece, message.size());
        // A copy of exactly its size: a read behind it is seen by AddressSanitizer.
        const std::vector<char> octets(message.begin(),
                                       message.begin() + static_cast<ptrdiff_t>(size));
        parser.feed(bytes_of({octets.data(), size}));
        message.remove_prefix(size);
    }
}

void expect_same(const Read& a, const Read& b, std::string_view how) {
    EXPECT_EQ(a.summary, b.summary) << how << "\n" << tree_of(a.summary) << tree_of(b.summary);
    EXPECT_EQ(a.heard.fields, b.heard.fields) << how;
    EXPECT_EQ(a.heard.parts, b.heard.parts) << how;
    EXPECT_EQ(a.heard.bodies, b.heard.bodies) << how;
}

void expect_places(const Read& read, std::string_view message) {
    EXPECT_EQ(read.summary.size(), message.size());
    for (const auto& [part, body] : read.heard.bodies) {
        const MessagePart& info = read.summary.parts.at(part);
        EXPECT_EQ(message.substr(info.body_offset(), info.body_size), body) << part;
    }
    for (const FieldPlace& place : read.summary.fields) {
        const auto field = split_field(message.substr(place.offset, place.size));
        ASSERT_TRUE(field);
        EXPECT_EQ(field_name_hash(field->name), place.name_hash);
    }
}

}  // namespace

void Heard::on_header_field(uint32_t part, const HeaderField& field) {
    fields.push_back(fmt::format("{} {}:{}", part, field.name, field.value));
}

void Heard::on_part(uint32_t part, const MessagePart& info) {
    parts.push_back(fmt::format("{} {}/{}", part, info.type, info.subtype));
}

void Heard::on_body(uint32_t part, Bytes raw) {
    bodies[part].append(reinterpret_cast<const char*>(raw.data()), raw.size());
}

Read read_in_pieces(std::string_view message, size_t piece, uint64_t seed) {
    Read read;
    MimeParser parser(charsets(), &read.heard);
    feed(parser, message, piece, seed);
    EXPECT_EQ(parser.size(), message.size());
    read.summary = parser.finish();
    return read;
}

Read read_message(std::string_view message) {
    Read whole = read_in_pieces(message, std::max<size_t>(message.size(), 1));
    expect_places(whole, message);
    if (message.size() < 100'000) expect_same(read_in_pieces(message, 1), whole, "octet by octet");
    for (uint64_t seed = 1; seed <= 8; ++seed)
        expect_same(read_in_pieces(message, 0, seed), whole, fmt::format("seed {}", seed));

    MimeParser unheard(charsets());
    feed(unheard, message, 0, 9);
    EXPECT_EQ(unheard.finish(), whole.summary) << "without a listener";

    std::vector<uint8_t> encoded;
    encode_summary(whole.summary, encoded);
    auto decoded = decode_summary(encoded);
    EXPECT_TRUE(decoded && *decoded == whole.summary) << "encoded and decoded";
    return whole;
}

std::string crlf(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

std::string tree_of(const MessageSummary& summary) {
    std::string out;
    for (const MessagePart& part : summary.parts) {
        for (uint32_t at = part.parent; at != kNone; at = summary.parts[at].parent) out += "  ";
        out += fmt::format("{}/{} {} {}+{} {} lines", part.type, part.subtype, part.encoding,
                           part.body_offset(), part.body_size, part.body_lines);
        for (const Parameter& parameter : part.parameters)
            out += fmt::format(" {}={}", parameter.name, parameter.value);
        out += '\n';
    }
    return out;
}

}  // namespace gatepost::dataplane

#include "storage/filter/filter_image.h"

#include <gtest/gtest.h>

#include "storage/filter/filter_manifest.h"

namespace gatepost::test {
namespace {

using namespace storage;

std::vector<uint8_t> sample() {
    static const std::vector<uint8_t> database = {1, 2, 3};
    FilterImage image{.junk_score = 5,
                      .patterns = {{FilterField::header, "list-id"}, {FilterField::body, ""}}};
    image.rules = {{.name = "casino",
                    .pattern = 1,
                    .action = FilterAction::junk,
                    .monitor = true,
                    .score = -7,
                    .folder = "Folder"}};
    image.filing_rules = {{7, 0, "A"}, {7, 1, "B"}, {9, 0, "C"}};
    image.bodies = database;
    return encode_filter_image(image);
}

TEST(FilterImageForm, WhatWasWrittenIsRead) {
    const auto octets = sample();
    const auto image = decode_filter_image(octets);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->junk_score, 5);
    EXPECT_EQ(image->reject_score, std::nullopt);
    ASSERT_EQ(image->patterns.size(), 2u);
    EXPECT_EQ(image->patterns[0].header_name, "list-id");
    ASSERT_EQ(image->rules.size(), 1u);
    EXPECT_EQ(image->rules[0].name, "casino");
    EXPECT_EQ(image->rules[0].score, -7);
    EXPECT_EQ(image->rules[0].action, FilterAction::junk);
    EXPECT_TRUE(image->rules[0].monitor);
    ASSERT_EQ(image->filing_rules.size(), 3u);
    EXPECT_EQ(image->filing_rules[2].account_id, 9u);
    EXPECT_TRUE(image->values.empty());
    EXPECT_EQ(image->bodies.size(), 3u);
    EXPECT_EQ(encode_filter_image(*image), octets);
}

TEST(FilterImageForm, WhatIsCutOffIsRefused) {
    const auto octets = sample();
    for (size_t size = 0; size < octets.size(); ++size)
        EXPECT_FALSE(decode_filter_image(Bytes(octets).first(size)).has_value()) << size;
    auto longer = octets;
    longer.push_back(0);
    EXPECT_FALSE(decode_filter_image(longer).has_value());
}

TEST(FilterImageForm, WhatRefersToNoPatternIsRefused) {
    FilterImage image{.patterns = {{FilterField::body, ""}}};
    image.rules = {{.name = "r", .pattern = 1}};
    EXPECT_FALSE(decode_filter_image(encode_filter_image(image)).has_value());
    image.rules.clear();
    image.filing_rules = {{9, 0, "A"}, {7, 0, "B"}};
    EXPECT_FALSE(decode_filter_image(encode_filter_image(image)).has_value()) << "not sorted";
}

TEST(FilterManifestForm, WhatWasWrittenIsRead) {
    const FilterManifest manifest{0x89abcdef, kFilterChunkMax + 1};
    EXPECT_EQ(manifest.chunks(), 2u);
    EXPECT_EQ(manifest.chunk_key(1), "chunk/89abcdef/1");
    const auto octets = encode_filter_manifest(manifest);
    const auto again = decode_filter_manifest(octets);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, manifest);
    EXPECT_FALSE(decode_filter_manifest(Bytes(octets).first(octets.size() - 1)).has_value());
    EXPECT_FALSE(
        decode_filter_manifest(encode_filter_manifest({0, kFilterImageMax + 1})).has_value());
}

}  // namespace
}  // namespace gatepost::test

#include "storage/message_log/store_check.h"

#include <gtest/gtest.h>

#include "memory_source.h"
#include "sample_envelope.h"
#include "sample_segment.h"

namespace gatepost::storage {
namespace {

constexpr size_t kBodySize = 64 << 10;  // octets of a segment

BlobId body_id(uint64_t number) {
    return {number, number};
}

struct Store : testing::Test {
    Store() {
        SampleSegment segment(3);
        const auto envelope = encode_envelope(sample_envelope());
        const uint64_t first = segment.add_message(body_id(1), envelope, std::string(1000, 'a'));
        segment.add_message(body_id(2), envelope, std::string(2000, 'b'));
        MessageRecord own;
        own.id = body_id(3);
        source.put({7, SegmentKind::own}, sample_own_segment(7, std::string(9000, 'c'), 3, own));
        own.envelope = envelope;
        segment.add_message(own);
        segment.end_batch();
        segment.add_done({{body_id(1), 3, static_cast<uint32_t>(first)}});
        source.put({3, SegmentKind::log}, segment.octets(kBodySize));
    }
    StoreReport check() {
        auto report = check_store(source);
        EXPECT_TRUE(report);
        return report ? *report : StoreReport();
    }
    MemorySource source;
};

TEST_F(Store, ASoundOneIsCounted) {
    size_t told = 0;
    auto report = check_store(source, [&](size_t, size_t all) {
        ++told;
        EXPECT_EQ(all, 2u);
    });
    ASSERT_TRUE(report);
    EXPECT_EQ(told, 2u);
    EXPECT_TRUE(report->is_sound());
    ASSERT_EQ(report->segments.size(), 2u);
    EXPECT_EQ(report->messages, 3u);
    EXPECT_EQ(report->undone, 2u);
    EXPECT_EQ(report->body_octets, 12'000u);
    EXPECT_EQ(report->segments[0].undone, 2u);
    EXPECT_EQ(report->segments[0].done_notes, 1u);
    EXPECT_EQ(report->segments[0].size, kBodySize);
    EXPECT_LT(report->segments[0].used, kBodySize);
    EXPECT_EQ(report->segments[1].body_octets, 9000u);
    EXPECT_FALSE(report->segments[0].is_damaged());
}

TEST_F(Store, EveryOctetOfABodyCounts) {
    source.files["00000007.big"][3 * kSegmentBlock + 8000] ^= 1;
    StoreReport report = check();
    EXPECT_TRUE(report.segments[1].is_body_bad);
    EXPECT_FALSE(report.is_sound());
    source.files["00000007.big"][3 * kSegmentBlock + 8000] ^= 1;
    source.files["00000007.big"][3 * kSegmentBlock - 1] ^= 1;
    EXPECT_TRUE(check().segments[1].is_body_bad) << "the prefix";
    source.files["00000007.big"].resize(3 * kSegmentBlock);
    EXPECT_TRUE(check().segments[1].is_body_bad) << "too short";
    source.files["00000003.seg"][kSegmentBlock + 1500] ^= 1;
    report = check();
    EXPECT_TRUE(report.segments[0].is_damaged());
    EXPECT_EQ(report.segments[0].missing, 1u);
}

TEST_F(Store, WhatIsNotThereIsTold) {
    source.files.erase("00000007.big");
    const StoreReport report = check();
    EXPECT_EQ(report.lost_bodies, 1u);
    EXPECT_EQ(report.findings.size(), 1u);
}

TEST_F(Store, AnUncommittedBodyIsNoDamage) {
    source.put({9, SegmentKind::own}, std::vector<uint8_t>(kBodySize));
    const StoreReport report = check();
    EXPECT_TRUE(report.segments[2].is_uncommitted);
    EXPECT_TRUE(report.is_sound());
}

}  // namespace
}  // namespace gatepost::storage

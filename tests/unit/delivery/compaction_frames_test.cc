#include "storage/delivery/compaction_frames.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

template <typename T>
std::vector<uint8_t> encoded(const T& value) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, value));
    return out;
}

Bytes payload_of(const std::vector<uint8_t>& frame) {
    return Bytes(frame).subspan(kFrameHead);
}

template <typename Decode>
void expect_refused_when_damaged(const std::vector<uint8_t>& frame, Decode decode) {
    const Bytes payload = payload_of(frame);
    for (size_t size = 0; size < payload.size(); ++size)
        EXPECT_FALSE(decode(payload.first(size))) << size;
    auto longer = frame;
    longer.push_back(0);
    EXPECT_FALSE(decode(payload_of(longer)));
}

CopyBodies sample_request() {
    return {
        .sequence = 0x0102030405060708,
        .sources = {{7, {{{1, 2}, 4096, 100}, {{3, 4}, uint64_t{1} << 29, 0xffffffff}}}, {9, {}}}};
}

TEST(CompactionFrames, ComeOutAsTheyWentIn) {
    const CopyBodies request = *decode_copy_bodies(payload_of(encoded(sample_request())));
    EXPECT_EQ(request.sequence, sample_request().sequence);
    ASSERT_EQ(request.sources.size(), 2u);
    EXPECT_EQ(request.sources[0].segment, 7u);
    ASSERT_EQ(request.sources[0].bodies.size(), 2u);
    EXPECT_EQ(request.sources[0].bodies[1].id, (BlobId{3, 4}));
    EXPECT_EQ(request.sources[0].bodies[1].offset, uint64_t{1} << 29);
    EXPECT_EQ(request.sources[0].bodies[1].size, 0xffffffffu);
    EXPECT_TRUE(request.sources[1].bodies.empty());

    const BodiesCopied answer{5, "because", true, {{1, 2, 3, 4}, {5, 6, 7, 8}}};
    const BodiesCopied read = *decode_bodies_copied(payload_of(encoded(answer)));
    EXPECT_EQ(read.sequence, 5u);
    EXPECT_EQ(read.error, "because");
    EXPECT_TRUE(read.is_source_bad);
    EXPECT_EQ(read.bodies, answer.bodies);

    const DropSegments drop{true, {{1, SegmentKind::log}, {2, SegmentKind::own}}};
    EXPECT_TRUE(decode_drop_segments(payload_of(encoded(drop)))->removes);
    EXPECT_EQ(decode_drop_segments(payload_of(encoded(drop)))->segments, drop.segments);
}

TEST(CompactionFrames, WhatIsCutOffOrGoesOnIsRefused) {
    expect_refused_when_damaged(encoded(sample_request()), decode_copy_bodies);
    expect_refused_when_damaged(encoded(BodiesCopied{5, "because", false, {{1, 2, 3, 4}}}),
                                decode_bodies_copied);
    expect_refused_when_damaged(encoded(DropSegments{false, {{1, SegmentKind::log}}}),
                                decode_drop_segments);
}

TEST(CompactionFrames, UnknownValuesAreRefused) {
    auto drop = encoded(DropSegments{true, {{1, SegmentKind::log}}});
    drop.back() = 3;
    EXPECT_FALSE(decode_drop_segments(payload_of(drop))) << "kind";
    drop.back() = 1;
    EXPECT_TRUE(decode_drop_segments(payload_of(drop)));
    drop[kFrameHead] = 2;
    EXPECT_FALSE(decode_drop_segments(payload_of(drop))) << "removes";
}

TEST(CompactionFrames, TheLargestRequestFits) {
    CopyBodies request;
    for (uint32_t segment = 0; segment < kCopyBodiesMax; ++segment)
        request.sources.push_back({segment, {{{1, segment}, 4096, 1}}});
    EXPECT_LT(encoded(request).size(), size_t{2} << 20);
}

}  // namespace
}  // namespace gatepost::storage

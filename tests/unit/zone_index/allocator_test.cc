#include <gtest/gtest.h>

#include "storage/arena/block_allocator.h"

namespace gatepost::storage {
namespace {

class BlockAllocatorTest : public testing::Test {
  protected:
    BlockAllocatorTest() : segment_(*Segment::create("test", 4 << 20)), blocks_(segment_, qsbr_) {}

    Qsbr qsbr_;
    Segment segment_;
    BlockAllocator blocks_;
};

TEST_F(BlockAllocatorTest, AFreedBlockIsTheNextOfItsSize) {
    Ref first = blocks_.allocate(100);
    Ref second = blocks_.allocate(100);
    EXPECT_EQ(second, first + 7);  // 100 octets are 7 units of 16
    blocks_.free(first, 100);
    EXPECT_EQ(blocks_.free_bytes(), 112u);
    EXPECT_EQ(blocks_.allocate(112), first);
    EXPECT_EQ(blocks_.free_bytes(), 0u);
}

TEST_F(BlockAllocatorTest, ARetiredBlockWaitsForTheSlowestReader) {
    qsbr_.readers[3].online(qsbr_.epoch);
    Ref block = blocks_.allocate(64);
    blocks_.retire(block, 64);
    qsbr_.advance();
    blocks_.reclaim();
    EXPECT_EQ(blocks_.retired_bytes(), 64u);
    qsbr_.readers[3].quiescent(qsbr_.epoch);
    blocks_.reclaim();
    EXPECT_EQ(blocks_.retired_bytes(), 0u);
    EXPECT_EQ(blocks_.allocate(64), block);
}

TEST_F(BlockAllocatorTest, AnOfflineReaderHoldsNothingUp) {
    qsbr_.readers[0].online(qsbr_.epoch);
    qsbr_.readers[0].offline();
    blocks_.retire(blocks_.allocate(64), 64);
    qsbr_.advance();
    blocks_.reclaim();
    EXPECT_EQ(blocks_.retired_bytes(), 0u);
}

TEST_F(BlockAllocatorTest, SmallBlocksAreCutFromALargeFreeOne) {
    Ref large = blocks_.allocate(64 << 10);
    blocks_.free(large, 64 << 10);
    uint64_t used = blocks_.used_bytes();
    Ref a = blocks_.allocate(32);
    Ref b = blocks_.allocate(32);
    EXPECT_EQ(a, large);
    EXPECT_EQ(b, large + 2);
    EXPECT_EQ(blocks_.used_bytes(), used);
    EXPECT_EQ(blocks_.free_bytes(), (64u << 10) - 64);
}

TEST_F(BlockAllocatorTest, AFullArenaSaysSo) {
    EXPECT_NE(blocks_.allocate(4000 << 10), 0u);
    EXPECT_EQ(blocks_.allocate(200 << 10), 0u);
}

}  // namespace
}  // namespace gatepost::storage

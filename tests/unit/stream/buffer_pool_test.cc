#include "dataplane/stream/buffer_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dataplane/stream/chunk_queue.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {
namespace {

class BufferPoolTest : public testing::Test {
  protected:
    explicit BufferPoolTest(size_t octets = size_t{16} << 20)
        : pool(std::move(*BufferPool::create(octets, counters))) {}

    storage::StreamCounters counters{};
    BufferPool pool;
};

TEST_F(BufferPoolTest, ChunksOfTheLeastSizeThatFits) {
    const size_t sizes[] = {1, 4000, 4072, 4073, 20'000, 20'456, 20'457, 65'537, 77'800};
    const size_t given[] = {4072, 4072, 4072, 20'456, 20'456, 20'456, 77'800, 77'800, 77'800};
    std::vector<Chunk*> chunks;
    size_t used = 0;
    for (size_t i = 0; i < std::size(sizes); ++i) {
        Chunk* chunk = pool.take(sizes[i]);
        ASSERT_NE(chunk, nullptr) << sizes[i];
        EXPECT_EQ(chunk->size, given[i]);
        EXPECT_EQ(chunk->room(), given[i]);
        EXPECT_EQ(chunk->length(), 0U);
        std::memset(chunk->data(), 0x5a, chunk->size);
        used += given[i] + sizeof(Chunk);
        EXPECT_EQ(pool.used_octets(), used);
        EXPECT_EQ(counters.buffers_octets, used);
        chunks.push_back(chunk);
    }
    for (Chunk* chunk : chunks) pool.give(chunk);
    EXPECT_EQ(pool.used_octets(), 0U);
    EXPECT_EQ(counters.buffers_octets, 0U);
    EXPECT_EQ(pool.take(3000)->begin, 0U) << "as new";
}

TEST_F(BufferPoolTest, MoreThanTheLargest) {
    EXPECT_EQ(BufferPool::largest(), 77'800U);
    EXPECT_EQ(pool.take(77'801), nullptr);
    EXPECT_EQ(pool.take(SIZE_MAX), nullptr);
    EXPECT_EQ(pool.take(SIZE_MAX - sizeof(Chunk) + 1), nullptr);
    EXPECT_EQ(counters.buffers_refused, 0U) << "no want of memory";
}

std::vector<Chunk*> take_all(BufferPool& pool, size_t octets) {
    std::vector<Chunk*> all;
    while (Chunk* chunk = pool.take(octets)) all.push_back(chunk);
    return all;
}

void give_all(BufferPool& pool, const std::vector<Chunk*>& all) {
    for (Chunk* chunk : all) pool.give(chunk);
}

TEST_F(BufferPoolTest, ExhaustionIsCountedAndOver) {
    auto all = take_all(pool, 1);
    EXPECT_GT(all.size(), 1480U) << "larger ones help out";
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
    EXPECT_LE(pool.used_octets(), size_t{16} << 20);
    EXPECT_EQ(counters.buffers_refused, 1U);
    pool.give(all.back());
    all.pop_back();
    Chunk* chunk = pool.take(1);
    ASSERT_NE(chunk, nullptr);
    all.push_back(chunk);
    give_all(pool, all);
    EXPECT_EQ(pool.used_octets(), 0U);
}

// Otherwise whoever sends many small requests once would keep large ones out for ever.
TEST_F(BufferPoolTest, PeakOfOneSizeLeavesRoomForOthers) {
    give_all(pool, take_all(pool, 1));
    auto large = take_all(pool, BufferPool::largest());
    EXPECT_GE(large.size(), 50U);
    give_all(pool, large);
    auto middle = take_all(pool, 20'000);
    EXPECT_GE(middle.size(), 400U);
    give_all(pool, middle);
    EXPECT_GE(take_all(pool, 1).size(), 1480U);
}

TEST(BufferPool, OneChunkOfEachSizeAtLeast) {
    storage::StreamCounters counters{};
    BufferPool pool = std::move(*BufferPool::create(1, counters));
    EXPECT_NE(pool.take(77'800), nullptr);
    EXPECT_NE(pool.take(20'000), nullptr);
    EXPECT_NE(pool.take(1), nullptr);
    EXPECT_EQ(pool.take(1), nullptr);
}

size_t resident_pages(const Chunk* chunk) {
    constexpr size_t kPage = 4096;
    unsigned char pages[20] = {};
    const size_t size = chunk->size + sizeof(Chunk);
    EXPECT_EQ(::mincore(const_cast<Chunk*>(chunk), size, pages), 0);
    size_t count = 0;
    for (size_t i = 0; i < size / kPage; ++i) count += pages[i] & 1;
    return count;
}

// What a peak has used does not stay with us, a working set does.
TEST_F(BufferPoolTest, MemoryOfAPeakGoesBack) {
    auto all = take_all(pool, 65'537);
    ASSERT_GT(all.size(), 0U);
    // More are needed than stay: another pool.
    storage::StreamCounters others{};
    BufferPool wide = std::move(*BufferPool::create(size_t{64} << 20, others));
    std::vector<Chunk*> chunks;
    for (int i = 0; i < 200; ++i) chunks.push_back(wide.take(65'537));
    for (Chunk* chunk : chunks) std::memset(chunk->data(), 1, chunk->size);
    for (Chunk* chunk : chunks) ASSERT_EQ(resident_pages(chunk), 19U);
    give_all(wide, chunks);
    size_t resident = 0;
    for (int i = 0; i < 200; ++i) resident += resident_pages(wide.take(65'537));
    EXPECT_LE(resident, 64 * 19 + 136 * 1U);
    EXPECT_GE(resident, 64 * 19U) << "the working set stays";
    give_all(pool, all);
}

class ChunkQueueTest : public BufferPoolTest {};

std::string all_of(const ChunkQueue& queue) {
    std::vector<iovec> parts(10'000);
    parts.resize(queue.gather(parts));
    std::string all;
    for (const iovec& part : parts)
        all.append(static_cast<const char*>(part.iov_base), part.iov_len);
    return all;
}

TEST_F(ChunkQueueTest, SmallContentHoldsASmallChunk) {
    ChunkQueue queue(pool);
    EXPECT_EQ(pool.used_octets(), 0U);
    ASSERT_TRUE(queue.append(octets_of("one ")));
    ASSERT_TRUE(queue.append(octets_of("two")));
    EXPECT_EQ(pool.used_octets(), 4096U);
    EXPECT_EQ(text_of(queue.front()), "one two");
    queue.consume(4);
    EXPECT_EQ(text_of(queue.front()), "two");
    queue.consume(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_TRUE(queue.front().empty());
    EXPECT_EQ(pool.used_octets(), 0U);
}

TEST_F(ChunkQueueTest, GatherSkipsWhatIsEmptyAndKeepsToTheParts) {
    ChunkQueue queue(pool);
    ASSERT_NE(queue.reserve(4000), nullptr);  // and nothing is appended
    ASSERT_NE(queue.reserve(60'000), nullptr);
    EXPECT_TRUE(queue.empty());
    const std::string text = pattern(150'000);
    ASSERT_TRUE(queue.append(octets_of(text)));
    EXPECT_TRUE(same_octets(all_of(queue), text));
    iovec two[2];
    ASSERT_EQ(queue.gather(two), 2U);
    EXPECT_EQ(two[0].iov_len, BufferPool::largest());
    queue.consume(150'000);
    EXPECT_EQ(pool.used_octets(), 0U) << "the empty ones have gone, too";
}

TEST_F(ChunkQueueTest, SpliceMovesEverythingBehind) {
    ChunkQueue first(pool), second(pool);
    first.splice(second);
    EXPECT_TRUE(first.empty());
    ASSERT_TRUE(second.append(octets_of("b")));
    first.splice(second);
    EXPECT_EQ(all_of(first), "b");
    EXPECT_TRUE(second.empty());
    ASSERT_TRUE(second.append(octets_of("c")));
    ASSERT_TRUE(first.append(octets_of("x")));
    first.splice(second);
    ASSERT_TRUE(first.append(octets_of("d")));
    EXPECT_EQ(all_of(first), "bxcd");
    EXPECT_EQ(first.size(), 4U);
    ASSERT_TRUE(second.append(octets_of("again")));
    EXPECT_EQ(all_of(second), "again");
}

TEST_F(ChunkQueueTest, EmptyPool) {
    auto all = take_all(pool, 1);
    ChunkQueue queue(pool);
    EXPECT_FALSE(queue.append(octets_of("x")));
    EXPECT_EQ(queue.reserve(1), nullptr);
    EXPECT_TRUE(queue.empty());
    queue.clear();
    queue.consume(0);
    give_all(pool, all);
}

// Against a string.
TEST_F(ChunkQueueTest, ModelWithRandomSteps) {
    std::mt19937_64 random(11);
    ChunkQueue queue(pool), other(pool);
    std::string model, other_model;
    for (int step = 0; step < 20'000; ++step) {
        const size_t size = random() % (random() % 10 == 0 ? 70'000 : 300) + 1;
        const std::string text = pattern(size, random());
        switch (random() % 5) {
            case 0:
                ASSERT_TRUE(queue.append(octets_of(text)));
                model += text;
                break;
            case 1: {
                uint8_t* at = queue.reserve(size);
                ASSERT_NE(at, nullptr);
                const size_t used = random() % (size + 1);
                std::memcpy(at, text.data(), used);
                queue.append_reserved(used);
                model += text.substr(0, used);
                break;
            }
            case 2:
                ASSERT_TRUE(other.append(octets_of(text)));
                other_model += text;
                break;
            case 3:
                queue.splice(other);
                model += std::exchange(other_model, {});
                break;
            case 4: {
                const size_t count = std::min<size_t>(model.size(), random() % 100'000);
                queue.consume(count);
                model.erase(0, count);
                break;
            }
        }
        if (model.size() > 1'000'000) queue.clear(), model.clear();
        ASSERT_EQ(queue.size(), model.size());
        if (step % 100 == 0) {
            ASSERT_TRUE(same_octets(all_of(queue), model));
        }
    }
    queue.clear();
    other.clear();
    EXPECT_EQ(pool.used_octets(), 0U);
}

}  // namespace
}  // namespace gatepost::dataplane

#include "dataplane/stream_deflate/deflater.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/stream_deflate/compression_limits.h"
#include "tests/unit/stream/stream_rig.h"
#include "tests/unit/stream_deflate/deflate_peer.h"

namespace gatepost::dataplane {

namespace {

using tests::DeflatePeer;

class DeflaterTest : public testing::Test {
  protected:
    // What has gone out since the last time, as it is on the wire.
    std::string wire() {
        std::string octets;
        rig.serve([](Stream& stream) -> Task<> {
            const StreamStatus status = co_await stream.push();
            EXPECT_EQ(status, StreamStatus::ok);
            (void)co_await stream.fill();
        });
        return rig.transport.take_sent();
    }
    bool write(std::string_view text) { return deflater.write(octets_of(text), *rig.stream); }
    bool flush() { return deflater.flush(*rig.stream); }

    CompressionCounters counters;
    StreamRig rig;
    Deflater deflater{counters};
    DeflatePeer peer;
};

TEST_F(DeflaterTest, SaysEverythingAtAFlush) {
    const std::string text = pattern(30'000) + std::string(100'000, 'y');
    ASSERT_TRUE(write(text) && flush() && flush());
    const std::string sent = wire();
    EXPECT_LT(sent.size(), size_t{32'000});
    EXPECT_TRUE(same_octets(peer.inflate(sent), text));
    EXPECT_EQ(counters.said.load(), text.size());
    EXPECT_EQ(counters.sent.load(), sent.size());
    EXPECT_EQ(counters.stored.load(), 0U);
}

TEST_F(DeflaterTest, GoesOnAfterARestInTheSameStream) {
    std::string text;
    for (int i = 0; i < 50; ++i) {
        const std::string line = "* " + std::to_string(i) + " EXISTS\r\n";
        text += line;
        ASSERT_TRUE(write(line));
        EXPECT_FALSE(deflater.rest());  // not everything has gone
        ASSERT_TRUE(flush());
        EXPECT_EQ(counters.deflating.load(), 1U);
        ASSERT_TRUE(deflater.rest());
        EXPECT_EQ(counters.deflating.load(), 0U);
        EXPECT_FALSE(deflater.rest());
    }
    ASSERT_TRUE(deflater.finish(*rig.stream));
    EXPECT_EQ(peer.inflate(wire()), text);
    EXPECT_TRUE(peer.has_ended());
}

TEST_F(DeflaterTest, StoresWhereThereAreTooMany) {
    counters.deflating.store(kDeflatersMax);
    const std::string text = pattern(200'000);
    ASSERT_TRUE(write(text) && flush());
    EXPECT_EQ(counters.stored.load(), text.size());
    EXPECT_TRUE(deflater.is_resting());
    // Then there is one to be had, and then none again.
    counters.deflating.store(0);
    ASSERT_TRUE(write("compressed") && flush() && deflater.rest());
    counters.deflating.store(kDeflatersMax);
    ASSERT_TRUE(write("stored") && flush() && deflater.finish(*rig.stream));
    EXPECT_TRUE(same_octets(peer.inflate(wire()), text + "compressedstored"));
    EXPECT_TRUE(peer.has_ended());
}

TEST_F(DeflaterTest, EndsItsStreamWithWhatWasNotFlushed) {
    ASSERT_TRUE(write("* BYE\r\n") && deflater.finish(*rig.stream));
    EXPECT_TRUE(deflater.is_resting());
    EXPECT_EQ(counters.deflating.load(), 0U);
    EXPECT_EQ(peer.inflate(wire()), "* BYE\r\n");
    EXPECT_TRUE(peer.has_ended());
}

TEST(DeflaterMemory, TellsWhenTheWorkersBuffersAreInUse) {
    CompressionCounters counters;
    StreamRig rig(size_t{128} << 10);
    Deflater deflater(counters);
    std::vector<Chunk*> taken;
    while (Chunk* chunk = rig.pool.take(BufferPool::largest())) taken.push_back(chunk);
    while (Chunk* chunk = rig.pool.take(1)) taken.push_back(chunk);
    const std::string text = pattern(50'000);
    EXPECT_FALSE(deflater.write(octets_of(text), *rig.stream) && deflater.flush(*rig.stream));
    for (Chunk* chunk : taken) rig.pool.give(chunk);
}

}  // namespace

}  // namespace gatepost::dataplane

// A worker with the real responder on a device that is a ring, so that its replies can be looked
// at; without its thread. It allocates nothing: counted by replacing the global operator new.
#include "dataplane/worker/poll_worker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "storage/base/check.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"
#include "tests/unit/net/frame_reader.h"
#include "tests/unit/port/test_port.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

class PollWorkerTest : public testing::Test {
  protected:
    PollWorkerTest() {
        arena_.add_zone("example.");
        arena_.put("example.", {"www 60 A 192.0.2.1", "*.wild 60 A 192.0.2.2"});
        arena_.publish();
        auto page = storage::RuntimeMapping::create();
        auto image = storage::Image::map(UniqueFd(::dup(arena_.writer().segment().fd())));
        GATEPOST_CHECK(page.has_value() && image.has_value());
        page_ = std::move(*page);
        served_.image = std::move(*image);
        served_.generation = 7;
        current_ = &served_;
    }
    std::unique_ptr<PollWorker> make_worker(Port& port) {
        PollWorkerOptions options;
        options.index = 3;
        return std::make_unique<PollWorker>(options, port, host_, *page_, current_);
    }
    static Octets query(const std::string& name, uint16_t source_port) {
        FrameSpec spec;
        spec.source_port = source_port;
        return make_udp_frame(spec, make_query({.name = name}));
    }
    storage::WorkerCounters& counters() { return page_->workers[3]; }
    storage::PollCounters& polls() { return page_->polls[3]; }

    TestArena arena_;
    storage::RuntimeMapping page_;
    ServedImage served_;
    CurrentImage current_{nullptr};
    HostAddresses host_ = make_host();
};

TEST_F(PollWorkerTest, AnswersWhatIsInTheQueue) {
    auto port = open_port("net_ring");
    auto worker = make_worker(*port);
    EXPECT_EQ(worker->poll(), 0u);
    send_frames(*port,
                {query("www.example.", 1), query("x.wild.example.", 2), query("nx.example.", 3)});
    EXPECT_EQ(worker->poll(), 3u);
    std::vector<std::string> seen;
    for (const Octets& frame : receive_frames(*port)) {
        ReplyFrame reply = read_frame(frame.data(), frame.size());
        ASSERT_EQ(reply.error, "");
        ReplyText text = read_reply({reply.payload.data(), reply.payload.size()});
        ASSERT_EQ(text.error, "");
        seen.push_back(std::to_string(reply.destination_port) + " " + std::to_string(text.rcode) +
                       " " + (text.answer.empty() ? "-" : text.answer[0]));
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"1 0 www.example. 60 A 192.0.2.1",
                                              "2 0 x.wild.example. 60 A 192.0.2.2", "3 3 -"}));
    EXPECT_EQ(counters().queries[0][0].load(), 3u);
    EXPECT_EQ(counters().rcodes[3].load(), 1u);
    EXPECT_EQ(polls().frames_sent.load(), 3u);
    EXPECT_EQ(page_->workers[0].queries[0][0].load(), 0u) << "its own place in the page only";
}

TEST_F(PollWorkerTest, WithoutAnImageItAnswersServfail) {
    auto port = open_port("net_ring");
    current_ = nullptr;
    auto worker = make_worker(*port);
    send_frames(*port, {query("www.example.", 1)});
    EXPECT_EQ(worker->poll(), 1u);
    EXPECT_EQ(receive_frames(*port).size(), 1u);
    EXPECT_EQ(counters().rcodes[2].load(), 1u);
}

TEST_F(PollWorkerTest, HoldsNoImageBetweenBursts) {
    auto port = open_port("net_ring");
    auto worker = make_worker(*port);
    uint64_t turns = worker->turns().load();
    send_frames(*port, {query("www.example.", 1)});
    worker->poll();
    EXPECT_GT(worker->turns().load(), turns);
    EXPECT_EQ(page_->qsbr.readers[3].seen.load(), 0u) << "offline";
    receive_frames(*port);
}

// As with a packet socket or a whole card under a flood: nothing can turn the frames away.
TEST_F(PollWorkerTest, StopsThoughFramesNeverEnd) {
    auto port = open_port("net_null", ",copy=0,size=64");
    auto worker = make_worker(*port);
    worker->start();
    while (polls().frames_received.load() == 0) std::this_thread::yield();
    worker->stop();
    EXPECT_EQ(worker->state(), WorkerThread::State::serving);
}

TEST_F(PollWorkerTest, AllocatesNothing) {
    if (!kAllocationsCounted)
        GTEST_SKIP() << "allocations are counted in builds without AddressSanitizer";
    auto ring = open_port("net_ring");
    auto null = open_port("net_null", ",copy=0,size=64");
    auto on_ring = make_worker(*ring);
    auto on_null = make_worker(*null);
    std::vector<Octets> frames;
    for (uint16_t i = 0; i < 31; ++i)
        frames.push_back(query(i % 3 == 0 ? "www.example." : "nx.example.", 1000 + i));
    frames.push_back({1, 2, 3});
    uint64_t before = allocation_count();
    EXPECT_GT(before, 0u) << "the counter counts";
    uint64_t counted = 0;
    for (int round = 0; round < 200; ++round) {
        send_frames(*ring, frames);
        before = allocation_count();
        ASSERT_EQ(on_ring->poll(), 32u);
        ASSERT_EQ(on_null->poll(), 32u);
        counted += allocation_count() - before;
        ASSERT_EQ(receive_frames(*ring).size(), 31u);
    }
    EXPECT_EQ(counted, 0u);
    EXPECT_EQ(counters().queries[0][0].load(), 200u * 31);
}

}  // namespace
}  // namespace gatepost::tests

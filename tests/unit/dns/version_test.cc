// A burst sees one version of everything, also while a chain of records changes under it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dataplane/dns/responder.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

// www → target; target A and www's own TXT always change together.
TEST(Version, NoReplyMixesTwoTransactions) {
    TestArena arena;
    arena.add_zone("example.");
    arena.add_zone("other.");
    auto put = [&](int value) {
        std::string v = std::to_string(value % 250 + 1);
        // The alias leads through two zones, and each number stands in both answers.
        arena.put("example.", {"www " + v + " CNAME host.other."});
        arena.put("other.", {"host " + v + " A 192.0.2." + v});
        arena.publish();
    };
    put(0);
    std::atomic<bool> stop = false;
    std::atomic<int> mixed = 0;
    std::atomic<int> asked = 0;
    std::thread reader([&] {
        dataplane::Responder responder;
        storage::WorkerCounters counters{};
        storage::QsbrReader& qsbr = arena.qsbr().readers[0];
        std::vector<uint8_t> query = make_query({.name = "www.example."});
        uint8_t reply[512];
        while (!stop) {
            qsbr.online(arena.qsbr().epoch);
            dataplane::Exchange exchange{.query = query.data(),
                                         .query_length = static_cast<uint16_t>(query.size()),
                                         .reply_capacity = sizeof reply,
                                         .reply = reply};
            responder.answer_burst(&arena.image(), {&exchange, 1}, {}, counters);
            qsbr.offline();
            ReplyText text = read_reply({reply, exchange.reply_length});
            ++asked;
            if (text.answer.size() != 2) {
                ++mixed;
                continue;
            }
            // "www.example. V CNAME host.other." and "host.other. V A 192.0.2.V"
            std::string ttl = text.answer[0].substr(13, text.answer[0].find(' ', 13) - 13);
            if (text.answer[1] != "host.other. " + ttl + " A 192.0.2." + ttl) ++mixed;
        }
    });
    for (int i = 1; i < 20'000; ++i) {
        put(i);
        // Not much faster than the reader, who would keep everything from being reused.
        while (asked < i / 10) std::this_thread::yield();
    }
    stop = true;
    reader.join();
    EXPECT_EQ(mixed, 0) << "of " << asked;
    EXPECT_LT(arena.writer().stats().used_bytes, 4u << 20) << "retired records are reused";
}

}  // namespace
}  // namespace gatepost::tests

// The query path allocates nothing: counted by replacing the global operator new.
#include <gtest/gtest.h>

#include "dataplane/dns/responder.h"
#include "tests/support/allocation_counter.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

TEST(Allocation, NoneFromParseToAnswer) {
    if (!kAllocationsCounted)
        GTEST_SKIP() << "allocations are counted in builds without AddressSanitizer";
    TestArena arena;
    arena.add_zone("example.");
    arena.put("example.",
              {"www 60 A 192.0.2.1", "alias 60 CNAME www", "*.wild 60 A 192.0.2.2",
               "sub 60 NS ns.sub", "ns.sub 60 A 192.0.2.3", "@ 60 MX 10 www", "old 60 DNAME wild"});
    arena.publish();
    std::vector<std::vector<uint8_t>> queries;
    for (const char* name : {"www.example.", "alias.example.", "x.wild.example.", "a.sub.example.",
                             "nx.example.", "y.old.example.", "elsewhere."})
        for (int edns : {-1, 1232}) queries.push_back(make_query({.name = name, .edns = edns}));
    queries.push_back(make_query({.name = "example.", .type = "MX"}));
    // A client cookie, and a server cookie that cannot be checked against fewer secrets than all.
    for (size_t length : {8, 24})
        queries.push_back(make_query({.name = "www.example.",
                                      .edns = 1232,
                                      .options = cookie_option(std::vector<uint8_t>(length, 1))}));
    queries.push_back({1, 2, 3});
    dataplane::Responder responder{{.rate_limit = {.per_second = 10}}};
    storage::WorkerCounters counters{};
    std::vector<uint8_t> replies(queries.size() * 1232);
    std::vector<dataplane::Exchange> burst;
    static constexpr uint8_t kClient[] = {192, 0, 2, 1};
    for (size_t i = 0; i < queries.size(); ++i)
        burst.push_back({.query = queries[i].data(),
                         .query_length = static_cast<uint16_t>(queries[i].size()),
                         .reply_capacity = 1232,
                         .reply = replies.data() + i * 1232,
                         .client = kClient});
    uint64_t before = allocation_count();
    for (int round = 0; round < 100; ++round)
        responder.answer_burst(&arena.image(), burst, {}, counters);
    EXPECT_EQ(allocation_count() - before, 0u);
    EXPECT_GT(before, 0u) << "the counter counts";
    EXPECT_GT(counters.slipped.load(), 0u);
    EXPECT_GT(counters.cookies_bad.load(), 0u);
    EXPECT_EQ(counters.dropped[static_cast<size_t>(storage::Drop::runt)].load(), 100u);
}

}  // namespace
}  // namespace gatepost::tests

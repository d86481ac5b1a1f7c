// Messages that are not proper queries: FORMERR, another error, or a counted drop.
#include <gtest/gtest.h>

#include "dataplane/dns/responder.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using Octets = std::vector<uint8_t>;

class MalformedTest : public testing::Test {
  protected:
    MalformedTest() {
        arena_.add_zone("example.");
        arena_.put("example.", {"www 60 A 192.0.2.1"});
        arena_.publish();
    }
    // The reply's rcode; -1: dropped.
    int ask(const Octets& message) {
        uint8_t reply[1232];
        dataplane::Exchange exchange{.query = message.data(),
                                     .query_length = static_cast<uint16_t>(message.size()),
                                     .reply_capacity = sizeof reply,
                                     .reply = reply};
        responder_.answer_burst(&arena_.image(), {&exchange, 1}, {}, counters_);
        if (exchange.reply_length == 0) return -1;
        ReplyText text = read_reply({reply, exchange.reply_length});
        EXPECT_EQ(text.error, "");
        return text.rcode;
    }
    uint64_t dropped(storage::Drop reason) const {
        return counters_.dropped[static_cast<size_t>(reason)].load();
    }

    TestArena arena_;
    dataplane::Responder responder_;
    storage::WorkerCounters counters_{};
};

TEST_F(MalformedTest, Table) {
    const Octets good = make_query({.name = "www.example."});
    const Octets edns = make_query({.name = "www.example.", .edns = 1232});
    auto changed = [](Octets message, size_t at, uint8_t value) {
        message[at] = value;
        return message;
    };
    auto with = [](Octets message, Octets tail) {
        message.insert(message.end(), tail.begin(), tail.end());
        return message;
    };
    size_t opt = good.size();
    EXPECT_EQ(ask(good), 0);
    EXPECT_EQ(ask(edns), 0);
    EXPECT_EQ(ask({}), -1) << "empty";
    EXPECT_EQ(ask(Octets(good.begin(), good.begin() + 11)), -1) << "runt";
    EXPECT_EQ(ask(Octets(good.begin(), good.begin() + 12)), 1) << "no question behind QDCOUNT 1";
    EXPECT_EQ(ask(changed(good, 2, 0x80)), -1) << "an answer";
    EXPECT_EQ(ask(changed(good, 5, 0)), 1) << "QDCOUNT 0";
    EXPECT_EQ(ask(changed(good, 5, 2)), 1) << "QDCOUNT 2";
    EXPECT_EQ(ask(changed(good, 2, 0x20)), 4) << "NOTIFY";
    EXPECT_EQ(ask(changed(good, 2, 0x28)), 4) << "UPDATE";
    EXPECT_EQ(ask(changed(good, 12, 0xc0)), 1) << "a compressed question";
    EXPECT_EQ(ask(changed(good, 12, 0x40)), 1) << "an unknown label type";
    EXPECT_EQ(ask(changed(good, 12, 60)), 1) << "a label beyond the end";
    EXPECT_EQ(ask(changed(good, good.size() - 1, 3)), 5) << "class CH";
    EXPECT_EQ(ask(changed(good, good.size() - 3, 41)), 1) << "asks for OPT";
    EXPECT_EQ(ask(changed(good, good.size() - 3, 252)), 5) << "AXFR";
    EXPECT_EQ(ask(changed(good, 11, 1)), 1) << "ARCOUNT without a record";
    EXPECT_EQ(ask(changed(good, 7, 1)), 1) << "ANCOUNT without a record";
    EXPECT_EQ(ask(with(good, {0})), 1) << "octets behind the end";
    EXPECT_EQ(
        ask(with(changed(edns, 11, 2), Octets(edns.begin() + static_cast<long>(opt), edns.end()))),
        1)
        << "two OPT";
    EXPECT_EQ(ask(changed(edns, opt + 10, 5)), 1) << "OPT options beyond the end";
    EXPECT_EQ(ask(with(changed(edns, opt + 10, 3), {0, 1, 0})), 1) << "a cut option";
    EXPECT_EQ(ask(with(changed(edns, opt + 10, 4), {0, 9, 0, 0})), 0) << "an unknown option";
    EXPECT_EQ(ask(changed(changed(edns, 11, 0), 7, 1)), 1) << "OPT in the answer section";
    for (size_t length = 0; length < edns.size(); ++length)
        EXPECT_NE(ask(Octets(edns.begin(), edns.begin() + static_cast<long>(length))), 0) << length;
    EXPECT_EQ(dropped(storage::Drop::runt), 2u + 12u);
    EXPECT_EQ(dropped(storage::Drop::not_a_query), 1u);
}

TEST_F(MalformedTest, ANameMayHave255Octets) {
    std::string name;
    for (int i = 0; i < 3; ++i) name += std::string(63, 'a') + ".";
    EXPECT_EQ(ask(make_query({.name = name + std::string(53, 'b') + ".example."})), 3);
    Octets longer = make_query({.name = name + std::string(53, 'b') + ".example."});
    longer[12 + 192] = 54;  // the fourth label takes the next length octet for its own
    EXPECT_EQ(ask(longer), 1);
}

}  // namespace
}  // namespace gatepost::tests

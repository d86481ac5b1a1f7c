// Denial of existence from the NSEC records of a presigned zone (RFC 4035 §3.1.3).
#include <gtest/gtest.h>

#include "dataplane/dns/responder.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using Owners = std::vector<std::string>;

std::string signature(const std::string& type) {
    return type + " 8 2 60 20300101000000 20200101000000 1 example. AAAA";
}

class DenialTest : public testing::Test {
  protected:
    DenialTest() {
        arena_.add_zone("example.");
        arena_.put("example.", {"@ 60 NS ns", "ns 60 A 192.0.2.1", "a.ent 60 A 192.0.2.2",
                                "*.wild 60 MX 10 ns", "sub 60 NS ns.sub", "www 60 A 192.0.2.3"});
        add_nsec("@", "a.ent.example. NS SOA RRSIG NSEC");
        add_nsec("a.ent", "ns.example. A RRSIG NSEC");
        add_nsec("ns", "sub.example. A RRSIG NSEC");
        add_nsec("sub", "*.wild.example. NS RRSIG NSEC");
        add_nsec("*.wild", "www.example. MX RRSIG NSEC");
        add_nsec("www", "example. A RRSIG NSEC");
        arena_.publish();
    }
    void add_nsec(const std::string& owner, const std::string& data) {
        arena_.put("example.", {owner + " 60 NSEC " + data,
                                owner + " 60 RRSIG " + signature("NSEC") + "|" + signature("A")});
    }
    // The owners of the NSEC records in the reply's authority section; each must have its
    // signature.
    Owners ask(const std::string& name, const std::string& type = "A") {
        return ask(&arena_.image(), name, type);
    }
    Owners ask(const storage::Image* image, const std::string& name,
               const std::string& type = "A") {
        std::vector<uint8_t> query =
            make_query({.name = name, .type = type, .edns = 4096, .dnssec_ok = true});
        uint8_t reply[4096];
        dataplane::Exchange exchange{.query = query.data(),
                                     .query_length = static_cast<uint16_t>(query.size()),
                                     .reply_capacity = sizeof reply,
                                     .reply = reply};
        responder_.answer_burst(image, {&exchange, 1}, {}, counters_);
        reply_ = read_reply({reply, exchange.reply_length});
        EXPECT_EQ(reply_.error, "");
        Owners owners;
        size_t signatures = 0;
        for (const std::string& line : reply_.authority) {
            if (line.find(" NSEC ") != std::string::npos &&
                line.find(" RRSIG ") > line.find(" NSEC "))
                owners.push_back(line.substr(0, line.find(' ')));
            else if (line.find(" RRSIG NSEC ") != std::string::npos)
                ++signatures;
        }
        EXPECT_EQ(signatures, owners.size());
        return owners;
    }

    TestArena arena_;
    dataplane::Responder responder_{{.udp_payload_max = 4096}};
    storage::WorkerCounters counters_{};
    ReplyText reply_;
};

TEST_F(DenialTest, NameError) {
    EXPECT_EQ(ask("nx.example."), (Owners{"ns.example.", "example."}));
    EXPECT_EQ(reply_.rcode, 3);
    EXPECT_EQ(ask("zzz.example."), (Owners{"www.example.", "example."}));
    EXPECT_EQ(ask("x.a.ent.example."), Owners{"a.ent.example."}) << "one record proves both";
}

TEST_F(DenialTest, NoData) {
    EXPECT_EQ(ask("www.example.", "TXT"), Owners{"www.example."});
    EXPECT_EQ(reply_.rcode, 0);
    EXPECT_EQ(ask("ent.example."), Owners{"example."})
        << "an empty non-terminal has none of its own";
    EXPECT_EQ(ask("sub.example.", "DS"), Owners{"sub.example."});
}

TEST_F(DenialTest, Wildcards) {
    EXPECT_EQ(ask("q.wild.example.", "MX"), Owners{"*.wild.example."});
    EXPECT_EQ(reply_.answer.size(), 1u);
    EXPECT_EQ(reply_.additional.size(), 1u + 1u) << "the address and its signature";
    EXPECT_EQ(ask("q.wild.example.", "TXT"), Owners{"*.wild.example."});
}

TEST_F(DenialTest, AnUnsignedDelegationProvesSo) {
    EXPECT_EQ(ask("x.sub.example."), Owners{"sub.example."});
}

TEST_F(DenialTest, WithoutTheDoBitThereIsNone) {
    std::vector<uint8_t> query = make_query({.name = "nx.example.", .edns = 4096});
    uint8_t reply[4096];
    dataplane::Exchange exchange{.query = query.data(),
                                 .query_length = static_cast<uint16_t>(query.size()),
                                 .reply_capacity = sizeof reply,
                                 .reply = reply};
    responder_.answer_burst(&arena_.image(), {&exchange, 1}, {}, counters_);
    EXPECT_EQ(read_reply({reply, exchange.reply_length}).authority.size(), 1u);
}

TEST_F(DenialTest, TheOrderFollowsChanges) {
    arena_.put("example.", {"m 60 A 192.0.2.9"});
    add_nsec("m", "ns.example. A RRSIG NSEC");
    arena_.publish();
    EXPECT_EQ(ask("n.example."), (Owners{"m.example.", "example."}));
    for (const char* type : {"A", "NSEC", "RRSIG"}) arena_.remove("example.", "m", type);
    arena_.publish();
    EXPECT_EQ(ask("n.example."), (Owners{"a.ent.example.", "example."}));
    for (int i = 0; i < 3; ++i) arena_.publish();  // the tombstone goes, and the order with it
    EXPECT_EQ(ask("n.example."), (Owners{"a.ent.example.", "example."}));
    add_nsec("ns", "www.example. A RRSIG NSEC");
    arena_.remove("example.", "www", "NSEC");
    arena_.publish();
    EXPECT_EQ(ask("zzz.example."), (Owners{"*.wild.example.", "example."}));
}

TEST_F(DenialTest, ACheckpointKeepsTheOrder) {
    std::string path = testing::TempDir() + "denial.ckpt";
    auto size = storage::write_checkpoint(arena_.writer().segment(), arena_.qsbr(),
                                          arena_.qsbr().readers[storage::kCopierReader], path);
    ASSERT_TRUE(size.has_value()) << size.error().message;
    auto image = storage::Image::load_checkpoint(path);
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(ask(&*image, "nx.example."), (Owners{"ns.example.", "example."}));
    EXPECT_EQ(ask(&*image, "x.sub.example."), Owners{"sub.example."});
}

}  // namespace
}  // namespace gatepost::tests

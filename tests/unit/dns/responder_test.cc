#include "dataplane/dns/responder.h"

#include <gtest/gtest.h>

#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using dataplane::Exchange;
using dataplane::Responder;
using dataplane::Transport;
using Lines = std::vector<std::string>;

const char* const kSoa =
    "example. 300 SOA ns1.example. hostmaster.example. 1 7200 3600 1209600 300";

class ResponderTest : public testing::Test {
  protected:
    ResponderTest() {
        arena_.add_zone("example.");
        arena_.put(
            "example.",
            {"@ 60 NS ns1|ns2.other.",
             "ns1 60 A 192.0.2.53",
             "ns1 60 AAAA 2001:db8::53",
             "@ 60 MX 10 mail|20 mx.other.",
             "mail 60 A 192.0.2.25",
             "www 60 A 192.0.2.80|192.0.2.81",
             "www 60 TXT \"hello\"",
             "alias 60 CNAME www",
             "chain 60 CNAME alias",
             "out 60 CNAME www.elsewhere.",
             "dangling 60 CNAME nowhere",
             "across 60 CNAME host.other.",
             "loop1 60 CNAME loop2",
             "loop2 60 CNAME loop1",
             "a.b.ent 60 A 192.0.2.7",
             "*.wild 60 A 192.0.2.99",
             "*.wild 60 MX 5 mail.wild",
             "x.wild 60 TXT \"here\"",
             "*.calias 60 CNAME www",
             "sub 60 NS ns.sub|ns1",
             "ns.sub 60 A 192.0.2.54",
             "sub 60 DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000",
             "deep.glue.sub 60 A 192.0.2.55",
             "old 60 DNAME new.other.",
             "below.old 60 A 192.0.2.66",
             "_sip._tcp 60 SRV 1 2 5060 www",
             "@ 60 HTTPS 1 svc alpn=h2",
             "svc 60 AAAA 2001:db8::443",
             "www.xn 60 PTR www"});
        arena_.add_zone("other.");
        arena_.put("other.", {"host 60 A 198.51.100.1", "@ 60 NS host", "h.new 60 A 198.51.100.2"});
        arena_.publish();
    }

    ReplyText ask(const QueryText& query, Transport transport = Transport::udp,
                  uint16_t capacity = 4096) {
        std::vector<uint8_t> message = make_query(query);
        return ask_raw(message, transport, capacity);
    }
    ReplyText ask_raw(const std::vector<uint8_t>& message, Transport transport = Transport::udp,
                      uint16_t capacity = 4096) {
        reply_.assign(capacity, 0xee);
        Exchange exchange{.query = message.data(),
                          .query_length = static_cast<uint16_t>(message.size()),
                          .reply_capacity = capacity,
                          .transport = transport,
                          .reply = reply_.data()};
        responder_.answer_burst(image_, {&exchange, 1}, {}, counters_);
        reply_.resize(exchange.reply_length);
        ReplyText text = read_reply(reply_);
        EXPECT_EQ(text.error, exchange.reply_length == 0 ? "shorter than a header" : "");
        return text;
    }

    TestArena arena_;
    const storage::Image* image_ = &arena_.image();
    Responder responder_;
    storage::WorkerCounters counters_{};
    std::vector<uint8_t> reply_;
};

TEST_F(ResponderTest, PositiveAnswer) {
    ReplyText reply = ask({.name = "www.example.", .recursion_desired = true});
    EXPECT_EQ(reply.id, 0x1234);
    EXPECT_EQ(reply.flags, "qr aa rd");
    EXPECT_EQ(reply.rcode, 0);
    EXPECT_EQ(reply.question, "www.example. A");
    EXPECT_EQ(reply.answer,
              (Lines{"www.example. 60 A 192.0.2.80", "www.example. 60 A 192.0.2.81"}));
    EXPECT_TRUE(reply.authority.empty());
    EXPECT_TRUE(reply.additional.empty());
    EXPECT_FALSE(reply.edns);
}

TEST_F(ResponderTest, TheQuestionsCaseIsKept) {
    ReplyText reply = ask({.name = "wWw.eXaMpLe.", .type = "TXT"});
    EXPECT_EQ(reply.question, "wWw.eXaMpLe. TXT");
    EXPECT_EQ(reply.answer, Lines{"wWw.eXaMpLe. 60 TXT \"hello\""});
}

TEST_F(ResponderTest, AdditionalAddresses) {
    EXPECT_EQ(ask({.name = "example.", .type = "MX"}).additional,
              Lines{"mail.example. 60 A 192.0.2.25"});
    EXPECT_EQ(ask({.name = "example.", .type = "NS"}).additional,
              (Lines{"ns1.example. 60 A 192.0.2.53", "ns1.example. 60 AAAA 2001:db8::53"}));
    EXPECT_EQ(ask({.name = "_sip._tcp.example.", .type = "SRV"}).additional.size(), 2u);
    EXPECT_EQ(ask({.name = "example.", .type = "HTTPS"}).additional,
              Lines{"svc.example. 60 AAAA 2001:db8::443"});
    ReplyText mx = ask({.name = "example.", .type = "MX"});
    EXPECT_EQ(mx.answer, (Lines{"example. 60 MX 10 mail.example.", "example. 60 MX 20 mx.other."}));
}

TEST_F(ResponderTest, NoDataAndNameError) {
    ReplyText nodata = ask({.name = "www.example.", .type = "AAAA"});
    EXPECT_EQ(nodata.rcode, 0);
    EXPECT_EQ(nodata.flags, "qr aa");
    EXPECT_EQ(nodata.authority, Lines{kSoa});
    ReplyText missing = ask({.name = "Nx.a.b.eXample."});
    EXPECT_EQ(missing.rcode, 3);
    EXPECT_EQ(missing.authority,
              Lines{"eXample. 300 SOA ns1.eXample. hostmaster.eXample. 1 7200 3600 1209600 300"});
    EXPECT_EQ(ask({.name = "b.ent.example."}).rcode, 0);
    EXPECT_EQ(ask({.name = "ent.example."}).authority, Lines{kSoa});
    EXPECT_EQ(ask({.name = "x.ent.example."}).rcode, 3);
}

TEST_F(ResponderTest, OutOfZoneIsRefusedWithAReason) {
    EXPECT_EQ(ask({.name = "example.org."}).rcode, 5);
    EXPECT_EQ(ask({.name = "example.org."}).flags, "qr");
    ReplyText reply = ask({.name = "example.org.", .edns = 1232});
    EXPECT_EQ(reply.extended_errors, std::vector<uint16_t>{20});
    EXPECT_EQ(ask({.name = "."}).rcode, 5);
}

TEST_F(ResponderTest, CnameChains) {
    EXPECT_EQ(
        ask({.name = "chain.example."}).answer,
        (Lines{"chain.example. 60 CNAME alias.example.", "alias.example. 60 CNAME www.example.",
               "www.example. 60 A 192.0.2.80", "www.example. 60 A 192.0.2.81"}));
    EXPECT_EQ(ask({.name = "across.example."}).answer,
              (Lines{"across.example. 60 CNAME host.other.", "host.other. 60 A 198.51.100.1"}));
    ReplyText out = ask({.name = "out.example."});
    EXPECT_EQ(out.answer, Lines{"out.example. 60 CNAME www.elsewhere."});
    EXPECT_EQ(out.rcode, 0);
    ReplyText dangling = ask({.name = "dangling.example."});
    EXPECT_EQ(dangling.rcode, 3);  // RFC 6604 §3
    EXPECT_EQ(dangling.answer.size(), 1u);
    EXPECT_EQ(dangling.authority, Lines{kSoa});
    ReplyText own = ask({.name = "alias.example.", .type = "CNAME"});
    EXPECT_EQ(own.answer.size(), 1u);
    ReplyText nodata = ask({.name = "alias.example.", .type = "MX"});
    EXPECT_EQ(nodata.answer.size(), 1u);
    EXPECT_EQ(nodata.authority, Lines{kSoa});
    EXPECT_EQ(ask({.name = "loop1.example."}, Transport::tcp, 65535).answer.size(), 2u);
}

TEST_F(ResponderTest, Wildcards) {
    EXPECT_EQ(ask({.name = "any.thing.wild.example."}).answer,
              Lines{"any.thing.wild.example. 60 A 192.0.2.99"});
    // RFC 4592 §2.2.1: an existing name is not covered, nor what is below it.
    EXPECT_EQ(ask({.name = "x.wild.example."}).authority, Lines{kSoa});
    EXPECT_EQ(ask({.name = "y.x.wild.example."}).rcode, 3);
    EXPECT_EQ(ask({.name = "wild.example."}).answer, Lines{});
    EXPECT_EQ(ask({.name = "q.wild.example.", .type = "MX"}).answer,
              Lines{"q.wild.example. 60 MX 5 mail.wild.example."});
    EXPECT_EQ(ask({.name = "q.wild.example.", .type = "TXT"}).rcode, 0);
    EXPECT_EQ(ask({.name = "*.wild.example."}).answer, Lines{"*.wild.example. 60 A 192.0.2.99"});
    EXPECT_EQ(ask({.name = "foo.calias.example."}).answer,
              (Lines{"foo.calias.example. 60 CNAME www.example.", "www.example. 60 A 192.0.2.80",
                     "www.example. 60 A 192.0.2.81"}));
}

TEST_F(ResponderTest, Referrals) {
    for (const char* name : {"sub.example.", "www.sub.example.", "ns.sub.example.",
                             "deep.glue.sub.example.", "x.deep.glue.sub.example."}) {
        ReplyText reply = ask({.name = name});
        EXPECT_EQ(reply.flags, "qr") << name;
        EXPECT_EQ(reply.rcode, 0) << name;
        EXPECT_TRUE(reply.answer.empty()) << name;
        EXPECT_EQ(reply.authority,
                  (Lines{"sub.example. 60 NS ns.sub.example.", "sub.example. 60 NS ns1.example."}))
            << name;
        EXPECT_EQ(reply.additional,
                  (Lines{"ns.sub.example. 60 A 192.0.2.54", "ns1.example. 60 A 192.0.2.53",
                         "ns1.example. 60 AAAA 2001:db8::53"}))
            << name;
    }
    ReplyText ds = ask({.name = "sub.example.", .type = "DS"});
    EXPECT_EQ(ds.flags, "qr aa");
    EXPECT_EQ(ds.answer.size(), 1u);
    EXPECT_EQ(ask({.name = "x.sub.example.", .type = "DS"}).flags, "qr");
    ReplyText secure = ask({.name = "x.sub.example.", .edns = 1232, .dnssec_ok = true});
    EXPECT_EQ(secure.authority.size(), 3u);
    EXPECT_TRUE(secure.dnssec_ok);
}

TEST_F(ResponderTest, Dname) {
    EXPECT_EQ(ask({.name = "h.old.example."}).answer,
              (Lines{"old.example. 60 DNAME new.other.", "h.old.example. 60 CNAME h.new.other.",
                     "h.new.other. 60 A 198.51.100.2"}));
    EXPECT_EQ(ask({.name = "old.example.", .type = "DNAME"}).answer,
              Lines{"old.example. 60 DNAME new.other."});
    EXPECT_EQ(ask({.name = "old.example."}).rcode, 0);
    // RFC 6672 §2.4: what lies below is not seen.
    EXPECT_EQ(ask({.name = "below.old.example."}).answer.size(), 2u);
    EXPECT_EQ(ask({.name = "below.old.example."}).rcode, 3);
    std::string long_name;
    for (int i = 0; i < 60; ++i) long_name += "abc.";
    arena_.put("example.", {"s 60 DNAME a-target-that-is-longer.other."});
    arena_.publish();
    EXPECT_EQ(ask({.name = long_name + "s.example."}).rcode, 6);
}

TEST_F(ResponderTest, Any) {
    ReplyText reply = ask({.name = "www.example.", .type = "ANY"});
    EXPECT_EQ(reply.answer.size(), 2u);  // RFC 8482 §4.1: one RRset
    EXPECT_EQ(ask({.name = "alias.example.", .type = "ANY"}).answer.size(), 1u);
    EXPECT_EQ(ask({.name = "ent.example.", .type = "ANY"}).authority, Lines{kSoa});
}

TEST_F(ResponderTest, Edns) {
    ReplyText reply = ask({.name = "www.example.", .edns = 4096, .dnssec_ok = true});
    EXPECT_TRUE(reply.edns);
    EXPECT_EQ(reply.edns_size, 1232);
    EXPECT_TRUE(reply.dnssec_ok);
    ReplyText version = ask({.name = "www.example.", .edns = 1232, .edns_version = 1});
    EXPECT_EQ(version.rcode, 16);
    EXPECT_TRUE(version.answer.empty());
}

TEST_F(ResponderTest, Truncation) {
    std::string line = "big 60 TXT ";
    for (int i = 0; i < 20; ++i)
        line += (i == 0 ? "\"" : "|\"") + std::string(60, static_cast<char>('a' + i)) + "\"";
    arena_.put("example.", {line});
    arena_.publish();
    ReplyText small = ask({.name = "big.example.", .type = "TXT"});
    EXPECT_EQ(small.flags, "qr aa tc");
    EXPECT_LE(small.size, 512u);
    EXPECT_TRUE(small.answer.empty());
    EXPECT_EQ(ask({.name = "big.example.", .type = "TXT", .edns = 4096}).flags, "qr aa tc");
    ReplyText tcp = ask({.name = "big.example.", .type = "TXT"}, Transport::tcp, 65535);
    EXPECT_EQ(tcp.flags, "qr aa");
    EXPECT_EQ(tcp.answer.size(), 20u);
    EXPECT_EQ(counters_.truncated.load(), 2u);
}

TEST_F(ResponderTest, NestedZones) {
    arena_.add_zone("sub.example.");
    arena_.put("sub.example.", {"@ 60 NS ns", "ns 60 A 203.0.113.1", "real 60 A 203.0.113.2"});
    arena_.publish();
    EXPECT_EQ(ask({.name = "ns.sub.example."}).answer, Lines{"ns.sub.example. 60 A 203.0.113.1"});
    EXPECT_EQ(ask({.name = "sub.example.", .type = "NS"}).flags, "qr aa");
    // Glue of the parent that the child does not have is not the child's data.
    EXPECT_EQ(ask({.name = "deep.glue.sub.example."}).rcode, 3);
    EXPECT_EQ(ask({.name = "nx.sub.example."}).authority.at(0).substr(0, 12), "sub.example.");
    ReplyText ds = ask({.name = "sub.example.", .type = "DS"});
    EXPECT_EQ(ds.answer.size(), 1u);
    EXPECT_EQ(ds.flags, "qr aa");
}

TEST_F(ResponderTest, WithoutAnImageItIsNotReady) {
    image_ = nullptr;
    ReplyText reply = ask({.name = "www.example.", .edns = 1232});
    EXPECT_EQ(reply.rcode, 2);
    EXPECT_EQ(reply.extended_errors, std::vector<uint16_t>{14});
}

TEST_F(ResponderTest, InPlaceReplyIsTheSame) {
    for (const char* name : {"www.example.", "alias.example.", "x.sub.example.", "nx.example.",
                             "h.old.example.", "q.wild.example.", "elsewhere."}) {
        std::vector<uint8_t> query = make_query({.name = name, .edns = 1232});
        ask_raw(query);
        std::vector<uint8_t> buffer(4096);
        std::copy(query.begin(), query.end(), buffer.begin());
        Exchange exchange{.query = buffer.data(),
                          .query_length = static_cast<uint16_t>(query.size()),
                          .reply_capacity = 4096,
                          .reply = buffer.data()};
        responder_.answer_burst(image_, {&exchange, 1}, {}, counters_);
        buffer.resize(exchange.reply_length);
        EXPECT_EQ(buffer, reply_) << name;
    }
}

TEST_F(ResponderTest, SignaturesStandBehindWhatTheyCover) {
    arena_.put("example.", {"www 60 RRSIG A 8 2 3600 20300101000000 20200101000000 1 example. AAAA|"
                            "TXT 8 2 60 20300101000000 20200101000000 1 example. BBBB"});
    arena_.publish();
    ReplyText plain = ask({.name = "www.example."});
    EXPECT_EQ(plain.answer.size(), 2u);
    ReplyText signed_reply = ask({.name = "www.example.", .edns = 1232, .dnssec_ok = true});
    ASSERT_EQ(signed_reply.answer.size(), 3u);
    EXPECT_EQ(signed_reply.answer[2].substr(0, 24), "www.example. 3600 RRSIG ");
    EXPECT_EQ(ask({.name = "www.example.", .type = "RRSIG"}).answer.size(), 2u);
    // They stay where the records are replaced, and go with their own removal.
    arena_.put("example.", {"www 60 A 192.0.2.1"});
    arena_.publish();
    EXPECT_EQ(ask({.name = "www.example.", .edns = 1232, .dnssec_ok = true}).answer.size(), 2u);
    arena_.remove("example.", "www", "RRSIG");
    arena_.publish();
    EXPECT_EQ(ask({.name = "www.example.", .edns = 1232, .dnssec_ok = true}).answer.size(), 1u);
}

}  // namespace
}  // namespace gatepost::tests

// Response rate limiting: the buckets by themselves, and the replies that they let through.
#include "dataplane/dns/rate_limit.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include "dataplane/dns/responder.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using dataplane::check_rate_limit;
using dataplane::ClientAddress;
using dataplane::Exchange;
using dataplane::Family;
using dataplane::RateLimiter;
using dataplane::RateLimitOptions;
using dataplane::RateVerdict;
using dataplane::ReplyKind;
using dataplane::Transport;
using Octets = std::vector<uint8_t>;

struct Address {
    explicit Address(const std::string& text) {
        is_ipv4 = text.find(':') == std::string::npos;
        EXPECT_EQ(::inet_pton(is_ipv4 ? AF_INET : AF_INET6, text.c_str(), octets), 1) << text;
    }
    ClientAddress client() const { return {octets, is_ipv4 ? size_t{4} : size_t{16}}; }
    bool is_ipv4;
    uint8_t octets[16] = {};
};

class RateLimiterTest : public testing::Test {
  protected:
    RateLimiter make(const RateLimitOptions& options) { return RateLimiter(options, {123, 457}); }
    static RateVerdict charge(RateLimiter& limiter, const std::string& client, uint64_t now_ms,
                              ReplyKind kind = ReplyKind::answer) {
        const Address address(client);
        return limiter.charge(limiter.network(address.client()), kind, address.client(), now_ms);
    }
    // How many of `count` replies at that time are sent whole.
    static int sent(RateLimiter& limiter, const std::string& client, uint64_t now_ms, int count,
                    ReplyKind kind = ReplyKind::answer) {
        int sent = 0;
        for (int i = 0; i < count; ++i)
            sent += charge(limiter, client, now_ms, kind) == RateVerdict::send;
        return sent;
    }
};

TEST_F(RateLimiterTest, BurstThenRate) {
    RateLimiter limiter = make({.per_second = 10, .burst_ms = 3000});
    EXPECT_EQ(sent(limiter, "192.0.2.1", 1000, 100), 30);
    EXPECT_EQ(sent(limiter, "192.0.2.1", 1099, 100), 0);
    EXPECT_EQ(sent(limiter, "192.0.2.1", 1200, 100), 2) << "a token each 100 ms, parts are kept";
    EXPECT_EQ(sent(limiter, "192.0.2.1", 2200, 100), 10);
    EXPECT_EQ(sent(limiter, "192.0.2.1", 100'000, 100), 30) << "no more than the burst";
    EXPECT_EQ(sent(limiter, "192.0.2.1", uint64_t{100'000} + (uint64_t{1} << 32) + 500, 100), 5)
        << "the bucket's clock has 32 bits: at worst it fills more slowly";
}

TEST_F(RateLimiterTest, NetworksShareABucket) {
    RateLimiter limiter = make({.per_second = 10, .burst_ms = 1000});
    EXPECT_EQ(sent(limiter, "192.0.2.1", 0, 20), 10);
    EXPECT_EQ(sent(limiter, "192.0.2.255", 0, 20), 0);
    EXPECT_EQ(sent(limiter, "192.0.3.1", 0, 20), 10);
    EXPECT_EQ(sent(limiter, "2001:db8:0:ff::1", 0, 20), 10);
    EXPECT_EQ(sent(limiter, "2001:db8:0:1:2:3:4:5", 0, 20), 0) << "one /56";
    EXPECT_EQ(sent(limiter, "2001:db8:0:100::1", 0, 20), 10) << "the next /56";
    EXPECT_EQ(sent(limiter, "c000:200::", 0, 20), 10) << "begins with the octets of 192.0.2";
}

TEST_F(RateLimiterTest, KindsHaveBucketsOfTheirOwn) {
    RateLimiter limiter = make({.per_second = 5, .burst_ms = 1000});
    for (ReplyKind kind :
         {ReplyKind::answer, ReplyKind::empty, ReplyKind::nxdomain, ReplyKind::error})
        EXPECT_EQ(sent(limiter, "192.0.2.1", 0, 20, kind), 5) << static_cast<int>(kind);
}

TEST_F(RateLimiterTest, Slips) {
    const auto verdicts = [&](uint32_t slip) {
        RateLimiter limiter = make({.per_second = 1, .burst_ms = 1000, .slip = slip});
        EXPECT_EQ(charge(limiter, "192.0.2.1", 0), RateVerdict::send);
        std::string out;
        for (int i = 0; i < 9; ++i)
            out += charge(limiter, "192.0.2.1", 0) == RateVerdict::slip ? 's' : '.';
        return out;
    };
    EXPECT_EQ(verdicts(0), ".........");
    EXPECT_EQ(verdicts(1), "sssssssss");
    EXPECT_EQ(verdicts(2), ".s.s.s.s.");
    EXPECT_EQ(verdicts(3), "..s..s..s");
}

TEST_F(RateLimiterTest, ExemptNetworksHaveNoLimit) {
    RateLimiter limiter = make({.per_second = 1,
                                .burst_ms = 1000,
                                .exempt = {*dataplane::parse_prefix("192.0.2.128/25"),
                                           *dataplane::parse_prefix("2001:db8::/33")}});
    EXPECT_EQ(sent(limiter, "192.0.2.129", 0, 50), 50);
    EXPECT_EQ(sent(limiter, "192.0.2.127", 0, 50), 0) << "the same bucket, but not exempt";
    EXPECT_EQ(sent(limiter, "2001:db8:7fff::1", 0, 50), 50);
    EXPECT_EQ(sent(limiter, "2001:db8:8000::1", 0, 50), 1);
}

TEST_F(RateLimiterTest, AFullTableForgetsWhatIsMissedLeast) {
    RateLimiter limiter = make({.per_second = 10, .burst_ms = 1000});
    EXPECT_EQ(sent(limiter, "192.0.2.1", 0, 20), 10);
    // More networks than buckets, each asking once.
    for (uint32_t i = 0; i < 4 * dataplane::kRateBuckets; ++i) {
        uint8_t octets[16] = {0x20, 1, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                              static_cast<uint8_t>(i)};
        const ClientAddress client{octets, 16};
        EXPECT_EQ(limiter.charge(limiter.network(client), ReplyKind::answer, client, 1),
                  RateVerdict::send);
    }
    EXPECT_EQ(sent(limiter, "192.0.2.1", 1, 20), 0) << "the one that was limited is still known";
}

TEST(RateLimitOptions, Prefixes) {
    const auto covers = [](const char* prefix, const char* address) {
        const auto parsed = dataplane::parse_prefix(prefix);
        EXPECT_TRUE(parsed) << prefix;
        return parsed && parsed->covers(Address(address).client());
    };
    EXPECT_TRUE(covers("192.0.2.1", "192.0.2.1"));
    EXPECT_FALSE(covers("192.0.2.1", "192.0.2.0"));
    EXPECT_TRUE(covers("0.0.0.0/0", "203.0.113.1"));
    EXPECT_FALSE(covers("0.0.0.0/0", "::1"));
    EXPECT_TRUE(covers("192.0.2.160/27", "192.0.2.191"));
    EXPECT_FALSE(covers("192.0.2.160/27", "192.0.2.192"));
    EXPECT_TRUE(covers("2001:db8::/32", "2001:db8:ffff::"));
    for (const char* text : {"", "192.0.2", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/-1",
                             "192.0.2.0/24x", "192.0.2.1/24", "2001:db8::1/64", "example.org"})
        EXPECT_FALSE(dataplane::parse_prefix(text)) << text;
}

TEST(RateLimitOptions, RangesAndShares) {
    EXPECT_TRUE(check_rate_limit({}));
    EXPECT_TRUE(check_rate_limit({.per_second = 50'000, .burst_ms = 60'000, .slip = 100}));
    EXPECT_FALSE(check_rate_limit({.per_second = 50'001}));
    EXPECT_FALSE(check_rate_limit({.burst_ms = 999}));
    EXPECT_FALSE(check_rate_limit({.burst_ms = 60'001}));
    EXPECT_FALSE(check_rate_limit({.slip = 101}));
    EXPECT_EQ(dataplane::share_of_worker({.per_second = 200}, 8).per_second, 25u);
    EXPECT_EQ(dataplane::share_of_worker({.per_second = 201}, 8).per_second, 26u);
    EXPECT_EQ(dataplane::share_of_worker({.per_second = 1}, 8).per_second, 1u);
    EXPECT_EQ(dataplane::share_of_worker({}, 8).per_second, 0u);
}

class LimitedReplies : public testing::Test {
  protected:
    LimitedReplies() {
        arena_.add_zone("example.");
        arena_.put("example.", {"www 60 A 192.0.2.1", "sub 60 NS ns.elsewhere."});
        arena_.publish();
    }
    // nullopt: no reply.
    std::optional<ReplyText> ask(QueryText query, Transport transport = Transport::udp,
                                 const std::string& client = "192.0.2.7") {
        const Octets message = make_query(query);
        const Address address(client);
        Octets reply(4096);
        Exchange exchange{.query = message.data(),
                          .query_length = static_cast<uint16_t>(message.size()),
                          .reply_capacity = 4096,
                          .transport = transport,
                          .family = address.is_ipv4 ? Family::ipv4 : Family::ipv6,
                          .reply = reply.data(),
                          .client = address.octets};
        responder_.answer_burst(&arena_.image(), {&exchange, 1},
                                {.monotonic_ms = now_ms_, .unix_s = 1'700'000'000}, counters_);
        if (exchange.reply_length == 0) return std::nullopt;
        reply.resize(exchange.reply_length);
        ReplyText text = read_reply(reply);
        EXPECT_EQ(text.error, "");
        return text;
    }
    // '+' a whole reply, 't' a truncated one, 'b' BADCOOKIE, '.' none.
    std::string pattern(const QueryText& query, int count, Transport transport = Transport::udp,
                        const std::string& client = "192.0.2.7") {
        std::string out;
        for (int i = 0; i < count; ++i) {
            const auto reply = ask(query, transport, client);
            out += !reply                                         ? '.'
                   : reply->rcode == 23                           ? 'b'
                   : reply->flags.find("tc") != std::string::npos ? 't'
                                                                  : '+';
            if (!reply || out.back() == '+') continue;
            EXPECT_TRUE(reply->answer.empty() && reply->authority.empty() &&
                        reply->additional.empty());
        }
        return out;
    }
    uint64_t limited() const {
        return counters_.dropped[static_cast<size_t>(storage::Drop::rate_limited)].load();
    }

    TestArena arena_;
    uint64_t now_ms_ = 1000;
    dataplane::Responder responder_{{.rate_limit = {.per_second = 3, .burst_ms = 1000, .slip = 2}}};
    storage::WorkerCounters counters_{};
};

TEST_F(LimitedReplies, EachKindByItself) {
    EXPECT_EQ(pattern({.name = "www.example."}, 9), "+++.t.t.t");
    EXPECT_EQ(pattern({.name = "nx.example."}, 5), "+++.t");
    EXPECT_EQ(pattern({.name = "x.sub.example."}, 5), "+++.t") << "a referral";
    EXPECT_EQ(pattern({.name = "www.example.", .type = "TXT"}, 2), ".t") << "no data, no answer";
    EXPECT_EQ(pattern({.name = "elsewhere."}, 5), "+++.t") << "REFUSED";
    EXPECT_EQ(pattern({.name = "www.example.", .edns = 1232, .edns_version = 1}, 2), ".t");
    EXPECT_EQ(counters_.slipped.load(), 8u);
    EXPECT_EQ(limited(), 9u - 3u - 3u + 1u + 1u + 1u + 1u + 1u);
    EXPECT_EQ(counters_.truncated.load(), 0u) << "counts those that were too long";
    now_ms_ += 1000;
    EXPECT_EQ(pattern({.name = "www.example."}, 4), "+++.");
}

TEST_F(LimitedReplies, TcpAndOtherNetworksAreNotConcerned) {
    EXPECT_EQ(pattern({.name = "www.example."}, 4), "+++.");
    EXPECT_EQ(pattern({.name = "www.example."}, 9, Transport::tcp), "+++++++++");
    EXPECT_EQ(pattern({.name = "www.example."}, 4, Transport::udp, "198.51.100.7"), "+++.");
    EXPECT_EQ(pattern({.name = "www.example."}, 4, Transport::udp, "2001:db8::7"), "+++.");
}

TEST_F(LimitedReplies, AValidCookieIsExempt) {
    const Octets client = {1, 2, 3, 4, 5, 6, 7, 8};
    QueryText query{.name = "www.example.", .edns = 1232, .options = cookie_option(client)};
    const Octets learned = ask(query)->cookie;
    EXPECT_EQ(pattern({.name = "www.example."}, 4), "++.t");
    query.options = cookie_option(learned);
    EXPECT_EQ(pattern(query, 20), std::string(20, '+'));
    Octets bad = learned;
    bad.back() ^= 1;
    query.options = cookie_option(bad);
    EXPECT_EQ(pattern(query, 4), ".b.b") << "a bad cookie is as good as none";
    query.options = cookie_option(client);
    EXPECT_EQ(ask(query), std::nullopt);
    const auto badcookie = ask(query);
    ASSERT_TRUE(badcookie);
    EXPECT_EQ(badcookie->rcode, 23);
    EXPECT_EQ(badcookie->flags, "qr");
    EXPECT_EQ(badcookie->cookie, learned) << "with it the client is let through";
    EXPECT_EQ(counters_.rcodes[23].load(), 3u);
}

}  // namespace
}  // namespace gatepost::tests

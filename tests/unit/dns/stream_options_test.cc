// The EDNS options of connections: padding (RFC 7830, RFC 8467) and edns-tcp-keepalive (RFC 7828).
#include <gtest/gtest.h>

#include <map>

#include "dataplane/dns/responder.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using dataplane::Exchange;
using dataplane::Responder;
using dataplane::Transport;
using Octets = std::vector<uint8_t>;

constexpr uint16_t kKeepalive = 11;
constexpr uint16_t kPadding = 12;

Octets option(uint16_t code, size_t length) {
    Octets out(4 + length, 0);
    store_be16(out.data(), code);
    store_be16(out.data() + 2, static_cast<uint16_t>(length));
    return out;
}

class StreamOptions : public testing::Test {
  protected:
    StreamOptions() {
        arena_.add_zone("example.");
        arena_.put("example.", {"www 60 A 192.0.2.1", "large 60 TXT \"" + std::string(255, 'x') +
                                                          "\"|\"" + std::string(250, 'y') + "\""});
        arena_.publish();
    }

    Octets ask(Transport transport, const Octets& options, const std::string& name = "www.example.",
               uint16_t capacity = 65'535) {
        Octets query = make_query({.name = name,
                                   .type = name == "www.example." ? "A" : "TXT",
                                   .edns = 1232,
                                   .options = options});
        Octets reply(capacity, 0xee);
        const uint8_t client[4] = {192, 0, 2, 7};
        Exchange exchange{.query = query.data(),
                          .query_length = static_cast<uint16_t>(query.size()),
                          .reply_capacity = capacity,
                          .transport = transport,
                          .reply = reply.data(),
                          .client = client};
        responder_.answer_burst(&arena_.image(), {&exchange, 1}, {.monotonic_ms = 1, .unix_s = 1},
                                counters_);
        reply.resize(exchange.reply_length);
        EXPECT_EQ(read_reply(reply).error, "");
        return reply;
    }

    // The options of the OPT record, which is the last record of these replies and has a root
    // owner.
    std::map<uint16_t, Octets> options_of(const Octets& reply) {
        const size_t opt_size = 11;
        for (size_t at = reply.size(); at-- > 12;) {
            if (at + opt_size > reply.size() || reply[at] != 0 || load_be16(&reply[at + 1]) != 41 ||
                at + opt_size + load_be16(&reply[at + 9]) != reply.size())
                continue;
            std::map<uint16_t, Octets> found;
            for (size_t p = at + opt_size; p < reply.size();) {
                size_t length = load_be16(&reply[p + 2]);
                found[load_be16(&reply[p])] =
                    Octets(reply.begin() + static_cast<long>(p + 4),
                           reply.begin() + static_cast<long>(p + 4 + length));
                p += 4 + length;
            }
            return found;
        }
        return {};
    }

    TestArena arena_;
    Responder responder_{{.stream_idle_ms = 12'345}};
    storage::WorkerCounters counters_{};
};

TEST_F(StreamOptions, EncryptedRepliesAreMultiplesOf468) {
    for (Transport transport : {Transport::tls, Transport::https}) {
        EXPECT_EQ(468u, ask(transport, option(kPadding, 5)).size());
        EXPECT_EQ(936u, ask(transport, option(kPadding, 0), "large.example.").size());
    }
}

TEST_F(StreamOptions, NobodyPadsWhereItHelpsNobody) {
    const size_t plain = ask(Transport::tls, {}).size();
    EXPECT_LT(plain, 100u) << "the client did not pad";
    EXPECT_EQ(plain, ask(Transport::tcp, option(kPadding, 5)).size());
    EXPECT_EQ(plain, ask(Transport::udp, option(kPadding, 5)).size());
}

TEST_F(StreamOptions, PaddingKeepsWithinTheReplysRoom) {
    EXPECT_EQ(700u, ask(Transport::tls, option(kPadding, 5), "large.example.", 700).size());
    const size_t bare = ask(Transport::tls, {}, "large.example.").size();
    const auto tight = static_cast<uint16_t>(bare + 3);
    EXPECT_EQ(bare, ask(Transport::tls, option(kPadding, 5), "large.example.", tight).size())
        << "no room for the option's own four octets";
}

TEST_F(StreamOptions, PaddingIsZeros) {
    const auto options = options_of(ask(Transport::tls, option(kPadding, 9)));
    ASSERT_TRUE(options.contains(kPadding));
    for (uint8_t octet : options.at(kPadding)) ASSERT_EQ(0, octet);
}

TEST_F(StreamOptions, KeepaliveTellsHowLongAConnectionMayBeIdle) {
    for (Transport transport : {Transport::tcp, Transport::tls}) {
        const auto options = options_of(ask(transport, option(kKeepalive, 0)));
        ASSERT_TRUE(options.contains(kKeepalive));
        EXPECT_EQ((Octets{0, 123}), options.at(kKeepalive)) << "in units of 100 ms";
    }
    EXPECT_FALSE(options_of(ask(Transport::tcp, {})).contains(kKeepalive));
}

TEST_F(StreamOptions, KeepaliveIsOfNoMeaningOverUdpAndHttp) {
    for (Transport transport : {Transport::udp, Transport::https})
        EXPECT_FALSE(options_of(ask(transport, option(kKeepalive, 0))).contains(kKeepalive));
}

TEST_F(StreamOptions, AQuerysKeepaliveIsEmpty) {
    EXPECT_EQ(1, read_reply(ask(Transport::tcp, option(kKeepalive, 2))).rcode);
    EXPECT_EQ(0, read_reply(ask(Transport::udp, option(kKeepalive, 2))).rcode);
}

TEST_F(StreamOptions, BothTogetherAndACookie) {
    Octets options = option(kKeepalive, 0);
    const Octets cookie = cookie_option(Octets(8, 7));
    const Octets padding = option(kPadding, 31);
    options.insert(options.end(), cookie.begin(), cookie.end());
    options.insert(options.end(), padding.begin(), padding.end());
    const Octets reply = ask(Transport::tls, options);
    EXPECT_EQ(468u, reply.size());
    EXPECT_EQ(24u, read_reply(reply).cookie.size());
    EXPECT_TRUE(options_of(reply).contains(kKeepalive));
}

TEST_F(StreamOptions, TransportsAreCountedApart) {
    ask(Transport::tls, {});
    ask(Transport::https, {});
    ask(Transport::https, {});
    EXPECT_EQ(1u, counters_.queries[2][0].load());
    EXPECT_EQ(2u, counters_.queries[3][0].load());
}

}  // namespace
}  // namespace gatepost::tests

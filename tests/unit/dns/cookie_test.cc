// DNS cookies: the hash, the test vectors of RFC 9018, and what the responder makes of them.
#include "dataplane/dns/cookie.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "dataplane/dns/responder.h"
#include "dataplane/dns/siphash.h"
#include "tests/support/dns_text.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using dataplane::BurstTime;
using dataplane::CookieKind;
using dataplane::Exchange;
using dataplane::Family;
using dataplane::Transport;
using storage::CookieSecret;
using storage::CookieSecretSet;
using Octets = std::vector<uint8_t>;

Octets unhex(std::string_view text) {
    Octets out;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        out.push_back(static_cast<uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return out;
}

std::string hex(Bytes octets) {
    std::string out;
    for (uint8_t octet : octets) out += fmt::format("{:02x}", octet);
    return out;
}

CookieSecret secret(std::string_view text) {
    CookieSecret out{};
    const Octets octets = unhex(text);
    std::copy(octets.begin(), octets.end(), out.begin());
    return out;
}

struct CookieAddress {
    explicit CookieAddress(const std::string& text) {
        family = text.find(':') == std::string::npos ? Family::ipv4 : Family::ipv6;
        EXPECT_EQ(::inet_pton(family == Family::ipv4 ? AF_INET : AF_INET6, text.c_str(), octets),
                  1);
    }
    operator dataplane::ClientAddress() const {
        return {octets, family == Family::ipv4 ? size_t{4} : size_t{16}};
    }
    Family family;
    uint8_t octets[16] = {};
};

const char* const kSecret = "e5e973e5a6b2a43f48e7dc849e37bfcf";

TEST(SipHash, ReferenceVectors) {
    // Of the reference implementation: the key is 00 01 … 0f, the input 00 01 … of that length.
    const std::pair<size_t, const char*> vectors[] = {
        {0, "310e0edd47db6f72"},  {1, "fd67dc93c539f874"},  {2, "5a4fa9d909806c0d"},
        {3, "2d7efbd796666785"},  {7, "37d1018bf50002ab"},  {8, "6224939a79f5f593"},
        {9, "b0e4a90bdf82009e"},  {15, "e545be4961ca29a1"}, {16, "db9bc2577fcc2a3f"},
        {20, "98eea21af25cd6be"}, {32, "ce7cf2722f512771"}, {63, "724506eb4c328a95"}};
    uint8_t octets[64];
    for (uint8_t i = 0; i < 64; ++i) octets[i] = i;
    for (const auto& [length, expected] : vectors) {
        const uint64_t hash = dataplane::siphash24(octets, octets, length);
        uint8_t out[8];
        std::memcpy(out, &hash, sizeof out);
        EXPECT_EQ(hex(out), expected) << length;
    }
}

struct Judged {
    CookieKind kind;
    std::string reply;
};

Judged judge(std::string_view query, const std::string& client, uint32_t at,
             const CookieSecretSet& secrets) {
    const Octets octets = unhex(query);
    dataplane::QueryCookie cookie;
    dataplane::read_cookie(octets.data(), octets.size(), cookie);
    dataplane::CookieVerdict verdict;
    dataplane::judge_cookie(&secrets, {}, cookie, CookieAddress(client), at, verdict);
    return {verdict.kind, hex(verdict.reply)};
}

CookieSecretSet set_of(std::initializer_list<const char*> texts) {
    CookieSecretSet set;
    set.has_active = 1;
    for (const char* text : texts) set.secrets[set.count++] = secret(text);
    return set;
}

TEST(Rfc9018, A1LearningANewServerCookie) {
    const Judged judged =
        judge("2464c4abcf10c957", "198.51.100.100", 1559731985, set_of({kSecret}));
    EXPECT_EQ(judged.kind, CookieKind::client);
    EXPECT_EQ(judged.reply, "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
}

TEST(Rfc9018, A2TheSameClientLearningARenewedServerCookie) {
    const Judged judged = judge("2464c4abcf10c957010000005cf79f111f8130c3eee29480",
                                "198.51.100.100", 1559734385, set_of({kSecret}));
    EXPECT_EQ(judged.kind, CookieKind::valid);
    EXPECT_EQ(judged.reply, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

TEST(Rfc9018, A3AnotherClientLearningARenewedServerCookie) {
    const char* const query = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
    // Its reserved octets are not zero and are hashed as they are.
    EXPECT_EQ(judge(query, "203.0.113.203", 1559727985 + 60, set_of({kSecret})).kind,
              CookieKind::valid);
    // In the example the request comes 1 h 52 min later: past the hour of §4.3, but the reply's
    // cookie is the same, valid or not.
    EXPECT_EQ(judge(query, "203.0.113.203", 1559734700, set_of({kSecret})).reply,
              "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

TEST(Rfc9018, A4Ipv6QueryWithRolledOverSecret) {
    const char* const query = "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
    const char* const client = "2001:db8:220:1:59de:d0f4:8769:82b8";
    const char* const fresh = "445536bcd2513298075a5d379663c962";
    const char* const old = "dd3bdf9344b678b185a6f5cb60fca715";
    const Judged judged = judge(query, client, 1559741961, set_of({fresh, old}));
    EXPECT_EQ(judged.kind, CookieKind::valid);
    EXPECT_EQ(judged.reply, "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
    EXPECT_EQ(judge(query, client, 1559741961, set_of({fresh})).kind, CookieKind::bad);
    // While it was current it was not renewed so early.
    EXPECT_EQ(judge(query, client, 1559741961, set_of({old})).reply, query);
}

TEST(Cookie, AgesAreBounded) {
    const uint32_t now = 1'000'000'000;
    const CookieSecretSet secrets = set_of({kSecret});
    const auto made_at = [&](uint32_t at) {
        return judge("0102030405060708", "192.0.2.1", at, secrets).reply;
    };
    for (const auto& [age, kind, renewed] : {std::tuple{0, CookieKind::valid, false},
                                             {1800, CookieKind::valid, false},
                                             {1801, CookieKind::valid, true},
                                             {3600, CookieKind::valid, true},
                                             {3601, CookieKind::bad, true},
                                             {-300, CookieKind::valid, false},
                                             {-301, CookieKind::bad, true}}) {
        const std::string cookie = made_at(now - static_cast<uint32_t>(age));
        const Judged judged = judge(cookie, "192.0.2.1", now, secrets);
        EXPECT_EQ(judged.kind, kind) << age;
        EXPECT_EQ(judged.reply, renewed ? made_at(now) : cookie) << age;
    }
    // Serial number arithmetic: across the end of 32 bits.
    EXPECT_EQ(judge(made_at(0xffffff00), "192.0.2.1", 0x100, secrets).kind, CookieKind::valid);
}

TEST(Cookie, IsBoundToClientAddressAndSecret) {
    const CookieSecretSet secrets = set_of({kSecret});
    const std::string cookie = judge("0102030405060708", "192.0.2.1", 5000, secrets).reply;
    EXPECT_EQ(judge(cookie, "192.0.2.1", 5000, secrets).kind, CookieKind::valid);
    EXPECT_EQ(judge(cookie, "192.0.2.2", 5000, secrets).kind, CookieKind::bad);
    EXPECT_EQ(judge("ff" + cookie.substr(2), "192.0.2.1", 5000, secrets).kind, CookieKind::bad);
    EXPECT_EQ(judge(cookie, "192.0.2.1", 5000, set_of({"00000000000000000000000000000000"})).kind,
              CookieKind::bad);
    std::string other_version = cookie;
    other_version[17] = '2';
    EXPECT_EQ(judge(other_version, "192.0.2.1", 5000, secrets).kind, CookieKind::bad);
    // Of other lengths than ours (RFC 7873 §4 allows 8 to 32).
    EXPECT_EQ(judge(cookie.substr(0, 32), "192.0.2.1", 5000, secrets).kind, CookieKind::bad);
    EXPECT_EQ(judge(cookie + cookie.substr(0, 32), "192.0.2.1", 5000, secrets).kind,
              CookieKind::bad);
}

class CookieReplies : public testing::Test {
  protected:
    CookieReplies() {
        arena_.add_zone("example.");
        std::string line = "big 60 TXT ";
        for (int i = 0; i < 7; ++i)
            line += (i == 0 ? "\"" : "|\"") + std::string(155, static_cast<char>('a' + i)) + "\"";
        arena_.put("example.", {"www 60 A 192.0.2.1", line});
        arena_.publish();
    }
    ReplyText ask(const QueryText& query, Transport transport = Transport::udp) {
        const Octets message = make_query(query);
        Octets reply(4096, 0xee);
        Exchange exchange{.query = message.data(),
                          .query_length = static_cast<uint16_t>(message.size()),
                          .reply_capacity = 4096,
                          .transport = transport,
                          .family = client_.family,
                          .reply = reply.data(),
                          .client = client_known_ ? client_.octets : nullptr};
        responder_->answer_burst(image_, {&exchange, 1}, {.monotonic_ms = 1, .unix_s = now_},
                                 counters_);
        reply.resize(exchange.reply_length);
        ReplyText text = read_reply(reply);
        EXPECT_EQ(text.error, "");
        return text;
    }
    ReplyText ask_with(const Octets& cookie, const std::string& name = "www.example.") {
        return ask({.name = name, .edns = 1232, .options = cookie_option(cookie)});
    }
    void share(std::initializer_list<const char*> secrets) {
        ASSERT_TRUE(arena_.writer().set_cookie_secrets(set_of(secrets)));
        arena_.publish();
    }

    const Octets kClient = unhex("0102030405060708");
    TestArena arena_;
    const storage::Image* image_ = &arena_.image();
    CookieAddress client_{"192.0.2.7"};
    bool client_known_ = true;
    uint32_t now_ = 1'700'000'000;
    std::unique_ptr<dataplane::Responder> responder_ = std::make_unique<dataplane::Responder>();
    storage::WorkerCounters counters_{};
};

TEST_F(CookieReplies, AClientLearnsOneAndUsesIt) {
    const ReplyText first = ask_with(kClient);
    EXPECT_EQ(first.rcode, 0);
    EXPECT_EQ(first.answer.size(), 1u);
    ASSERT_EQ(first.cookie.size(), 24u);
    EXPECT_TRUE(std::equal(kClient.begin(), kClient.end(), first.cookie.begin()));
    EXPECT_EQ(ask_with(first.cookie).cookie, first.cookie);
    now_ += 1900;
    const ReplyText renewed = ask_with(first.cookie);
    EXPECT_NE(renewed.cookie, first.cookie);
    now_ += 1800;
    EXPECT_EQ(ask_with(renewed.cookie).cookie, renewed.cookie);
    const ReplyText late = ask_with(first.cookie);
    EXPECT_EQ(late.rcode, 0) << "without rate limiting, a bad cookie is as good as none";
    EXPECT_EQ(late.answer.size(), 1u);
    EXPECT_EQ(counters_.cookies_new.load(), 1u);
    EXPECT_EQ(counters_.cookies_valid.load(), 3u);
    EXPECT_EQ(counters_.cookies_bad.load(), 1u);
}

TEST_F(CookieReplies, LengthsThatCannotBe) {
    for (size_t length : {0, 1, 7, 9, 15, 41, 48}) {
        const ReplyText reply = ask_with(Octets(length, 7));
        EXPECT_EQ(reply.rcode, 1) << length;
        EXPECT_TRUE(reply.edns && reply.cookie.empty()) << length;
    }
    for (size_t length : {8, 16, 17, 24, 40})
        EXPECT_EQ(ask_with(Octets(length, 7)).cookie.size(), 24u) << length;
}

TEST_F(CookieReplies, OfSeveralTheFirstOneCounts) {
    Octets options = cookie_option(kClient);
    const Octets second = cookie_option(Octets(8, 0xff));
    options.insert(options.end(), second.begin(), second.end());
    const ReplyText reply = ask({.name = "www.example.", .edns = 1232, .options = options});
    EXPECT_EQ(reply.cookie.at(0), 1);
}

TEST_F(CookieReplies, EveryReplyHasOne) {
    EXPECT_EQ(ask_with(kClient, "nx.example.").cookie.size(), 24u);
    EXPECT_EQ(ask_with(kClient, "elsewhere.").cookie.size(), 24u);
    EXPECT_EQ(ask_with(kClient, "elsewhere.").extended_errors.size(), 1u);
    client_ = CookieAddress("2001:db8::7");
    const ReplyText tcp = ask(
        {.name = "www.example.", .edns = 1232, .options = cookie_option(kClient)}, Transport::tcp);
    EXPECT_EQ(tcp.cookie.size(), 24u);
    EXPECT_EQ(ask_with(tcp.cookie).cookie, tcp.cookie);
    image_ = nullptr;
    const ReplyText not_ready = ask_with(kClient);
    EXPECT_EQ(not_ready.rcode, 2);
    EXPECT_EQ(not_ready.cookie.size(), 24u);
    client_known_ = false;
    EXPECT_TRUE(ask_with(kClient).cookie.empty());
}

TEST_F(CookieReplies, TheirSizeCounts) {
    const ReplyText plain = ask({.name = "big.example.", .type = "TXT", .edns = 1232});
    ASSERT_EQ(plain.flags, "qr aa");
    ASSERT_GT(plain.size + 28, 1232u) << "the answer must leave no room for the cookie";
    const ReplyText with = ask(
        {.name = "big.example.", .type = "TXT", .edns = 1232, .options = cookie_option(kClient)});
    EXPECT_EQ(with.flags, "qr aa tc");
    EXPECT_EQ(with.cookie.size(), 24u);
}

TEST_F(CookieReplies, WithoutAQuestion) {
    QueryText query{.name = ".", .edns = 1232, .options = cookie_option(kClient)};
    query.question = false;
    const ReplyText reply = ask(query);
    EXPECT_EQ(reply.rcode, 0);
    EXPECT_EQ(reply.flags, "qr");
    EXPECT_TRUE(reply.question.empty());
    ASSERT_EQ(reply.cookie.size(), 24u);
    query.options = cookie_option(reply.cookie);
    EXPECT_EQ(ask(query).rcode, 0);
    now_ += 4000;
    const ReplyText old = ask(query);
    EXPECT_EQ(old.rcode, 23);
    query.options = cookie_option(old.cookie);
    EXPECT_EQ(ask(query).rcode, 0);
    query.options.clear();
    EXPECT_EQ(ask(query).rcode, 1) << "without a cookie it is malformed (RFC 9619 §4)";
}

TEST_F(CookieReplies, SharedSecretsRoll) {
    const char* const one = kSecret;
    const char* const two = "445536bcd2513298075a5d379663c962";
    const Octets own = ask_with(kClient).cookie;
    share({one});
    const Octets first = ask_with(own).cookie;
    EXPECT_EQ(counters_.cookies_valid.load(), 1u) << "made before a secret was shared";
    // Another process with the same index understands it.
    responder_ = std::make_unique<dataplane::Responder>();
    EXPECT_EQ(ask_with(first).cookie, first);
    share({one, two});  // staged
    EXPECT_EQ(ask_with(first).cookie, first);
    share({two, one});  // active, and the old one retired
    const Octets second = ask_with(first).cookie;
    EXPECT_NE(second, first);
    EXPECT_EQ(ask_with(second).cookie, second);
    EXPECT_EQ(counters_.cookies_bad.load(), 0u);
    share({two});
    EXPECT_EQ(ask_with(second).cookie, second);
    ask_with(first);
    EXPECT_EQ(counters_.cookies_bad.load(), 1u);
}

TEST_F(CookieReplies, ACheckpointKeepsTheSecrets) {
    share({kSecret});
    const Octets cookie = ask_with(kClient).cookie;
    const std::string path = testing::TempDir() + "cookies.ckpt";
    auto written = storage::write_checkpoint(arena_.writer().segment(), arena_.qsbr(),
                                             arena_.qsbr().readers[storage::kCopierReader], path);
    ASSERT_TRUE(written) << written.error().message;
    auto image = storage::Image::load_checkpoint(path);
    ASSERT_TRUE(image) << image.error().message;
    image_ = &*image;
    EXPECT_EQ(ask_with(cookie).cookie, cookie);
    EXPECT_EQ(counters_.cookies_valid.load(), 1u);
}

TEST_F(CookieReplies, AnAbortedChangeOfSecretsIsNone) {
    share({kSecret});
    const Octets cookie = ask_with(kClient).cookie;
    ASSERT_TRUE(arena_.writer().set_cookie_secrets(set_of({"00"})));
    arena_.writer().abort();
    arena_.publish();
    EXPECT_EQ(ask_with(cookie).cookie, cookie);
}

}  // namespace
}  // namespace gatepost::tests

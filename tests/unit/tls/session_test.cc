// Handshakes and what is said after them.
#include <gtest/gtest.h>

#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {
namespace {

using dataplane::TlsOptions;
using dataplane::TlsStatus;
using storage::TlsFailure;

constexpr uint16_t kSessionTls12 = 0x0303;
constexpr uint16_t kSessionTls13 = 0x0304;

void exchange(Conversation& talk) {
    ASSERT_TRUE(talk.client.write("ping"));
    talk.to_server();
    EXPECT_EQ(talk.server_read(), "ping");
    EXPECT_EQ(talk.status, TlsStatus::want_input);
    EXPECT_EQ(talk.server->unread().size(), 0U);
    ASSERT_TRUE(talk.server->write(bytes_of("pong")));
    talk.to_client();
    EXPECT_EQ(talk.client.read(), "pong");
}

TEST(TlsSession, Speaks13) {
    ServerSide server;
    Conversation talk(*server.context, {.server_name = "WWW.Example.org"});
    ASSERT_EQ(talk.handshake(), TlsStatus::done) << talk.server->error();
    EXPECT_EQ(talk.server->version(), "TLSv1.3");
    EXPECT_EQ(talk.client.version(), "TLSv1.3");
    EXPECT_EQ(talk.server->cipher(), talk.client.cipher());
    EXPECT_EQ(talk.server->server_name(), "www.example.org");
    EXPECT_EQ(talk.server->alpn(), "");
    EXPECT_FALSE(talk.server->resumed());
    EXPECT_FALSE(talk.server->in_early_data());
    EXPECT_EQ(talk.server->failure(), TlsFailure::none);
    EXPECT_EQ(talk.server->error(), "");
    exchange(talk);
}

TEST(TlsSession, Speaks12WithEveryCipherItAllows) {
    ServerSide server;
    server.directory.put("", {{.certificate = make_certificate(TestKey::p256, "a")},
                              {.certificate = make_certificate(TestKey::rsa, "b"),
                               .key_type = storage::KeyType::rsa}});
    for (const char* cipher : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
                               "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
                               "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"}) {
        SCOPED_TRACE(cipher);
        Conversation talk(*server.context, {.version_max = kSessionTls12, .ciphers = cipher});
        ASSERT_EQ(talk.handshake(), TlsStatus::done) << talk.server->error();
        EXPECT_EQ(talk.server->version(), "TLSv1.2");
        EXPECT_EQ(talk.server->cipher(), talk.client.cipher());
        exchange(talk);
    }
}

TEST(TlsSession, RefusesCiphersWithoutForwardSecrecyOrAead) {
    ServerSide server;
    server.directory.put("", {{.certificate = make_certificate(TestKey::rsa, "b"),
                               .key_type = storage::KeyType::rsa}});
    for (const char* cipher : {"AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES256-SHA"}) {
        Conversation talk(*server.context, {.version_max = kSessionTls12, .ciphers = cipher});
        EXPECT_EQ(talk.handshake(), TlsStatus::failed);
        EXPECT_EQ(talk.server->failure(), TlsFailure::cipher);
        EXPECT_NE(talk.server->error().find("cipher suite"), std::string::npos);
        EXPECT_EQ(talk.client.error(), "SSLV3_ALERT_HANDSHAKE_FAILURE");
    }
}

TEST(TlsSession, EveryGroupAndNoSecondClientHelloForAnotherOne) {
    ServerSide server;
    for (const char* groups : {"X25519", "P-256", "P-384", "P-256:X25519"}) {
        Conversation talk(*server.context, {.groups = groups});
        talk.client.handshake();
        talk.to_server();
        EXPECT_EQ(talk.server->handshake(), TlsStatus::want_input);
        talk.to_client();
        EXPECT_TRUE(talk.client.handshake()) << groups;
        talk.to_server();
        EXPECT_EQ(talk.server->handshake(), TlsStatus::done) << groups;
    }
    Conversation none(*server.context, {.groups = "P-521"});
    EXPECT_EQ(none.handshake(), TlsStatus::failed);
    EXPECT_EQ(none.server->failure(), TlsFailure::cipher);
}

TEST(TlsSession, OnlyTls13WhereAskedTo) {
    ServerSide server(TlsOptions{.tls12 = false});
    Conversation old(*server.context, {.version_max = kSessionTls12});
    EXPECT_EQ(old.handshake(), TlsStatus::failed);
    EXPECT_EQ(old.server->failure(), TlsFailure::version);
    Conversation current(*server.context, {});
    EXPECT_EQ(current.handshake(), TlsStatus::done);
}

TEST(TlsSession, AlpnTakesTheServersFirstThatTheClientHas) {
    ServerSide server(TlsOptions{.alpn = {"h2", "http/1.1"}});
    for (uint16_t version : {kSessionTls12, kSessionTls13}) {
        Conversation talk(*server.context,
                          {.alpn = {"spdy/3", "http/1.1", "h2"}, .version_max = version});
        ASSERT_EQ(talk.handshake(), TlsStatus::done);
        EXPECT_EQ(talk.server->alpn(), "h2");
        EXPECT_EQ(talk.client.alpn(), "h2");
    }
}

TEST(TlsSession, AlpnRefusesAClientWithOtherProtocolsOnly) {
    ServerSide server(TlsOptions{.alpn = {"dot"}});
    Conversation talk(*server.context, {.alpn = {"h2"}});
    EXPECT_EQ(talk.handshake(), TlsStatus::failed);
    EXPECT_EQ(talk.server->failure(), TlsFailure::alpn);
    EXPECT_EQ(talk.client.error(), "TLSV1_ALERT_NO_APPLICATION_PROTOCOL");  // RFC 7301 §3.2
}

TEST(TlsSession, AlpnIsNotNeededAndNotAnsweredWhereThereIsNone) {
    ServerSide server(TlsOptions{.alpn = {"dot"}});
    Conversation without(*server.context, {});
    ASSERT_EQ(without.handshake(), TlsStatus::done);
    EXPECT_EQ(without.server->alpn(), "");
    auto plain = server.make_context({});
    Conversation ignored(*plain, {.alpn = {"h2"}});
    ASSERT_EQ(ignored.handshake(), TlsStatus::done);
    EXPECT_EQ(ignored.client.alpn(), "");
}

TEST(TlsSession, AlpnNamesHaveALength) {
    ServerSide server;
    auto refused =
        dataplane::TlsContext::create({.alpn = {""}}, *server.identities, server.tickets);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
}

TEST(TlsSession, OctetByOctet) {
    ServerSide server;
    for (uint16_t version : {kSessionTls12, kSessionTls13}) {
        Conversation talk(*server.context, {.version_max = version});
        ASSERT_EQ(talk.handshake(1), TlsStatus::done);
        ASSERT_TRUE(talk.client.write("slow"));
        const std::vector<uint8_t> record = talk.client.take_output();
        std::string read;
        for (size_t i = 0; i < record.size(); ++i) {
            EXPECT_EQ(read, "");
            talk.feed_server(Bytes(record).subspan(i, 1));
            read += talk.server_read();
        }
        EXPECT_EQ(read, "slow");
    }
}

TEST(TlsSession, MuchInBothDirections) {
    ServerSide server;
    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    std::string text;
    for (int i = 0; text.size() < 100'000; ++i) text += std::to_string(i);
    ASSERT_TRUE(talk.client.write(text));
    talk.to_server();
    EXPECT_EQ(talk.server_read(), text);
    ASSERT_TRUE(talk.server->write(bytes_of(text)));
    EXPECT_GT(talk.sink.octets.size(), text.size());
    talk.to_client();
    EXPECT_EQ(talk.client.read(), text);
}

TEST(TlsSession, ReadsIntoLittleRoom) {
    ServerSide server;
    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    ASSERT_TRUE(talk.client.write("abcdef"));
    talk.to_server();
    uint8_t room[4];
    size_t length = 0;
    ASSERT_EQ(talk.server->read(room, length), TlsStatus::done);
    EXPECT_EQ(length, 4U);
    ASSERT_EQ(talk.server->read(room, length), TlsStatus::done);
    EXPECT_EQ(length, 2U);
    EXPECT_EQ(talk.server->read(room, length), TlsStatus::want_input);
    EXPECT_EQ(length, 0U);
}

TEST(TlsSession, ReadsWhatCameWithTheHandshakesEnd) {
    ServerSide server;
    Conversation talk(*server.context, {});
    talk.client.handshake();
    talk.to_server();
    EXPECT_EQ(talk.server->handshake(), TlsStatus::want_input);
    talk.to_client();
    ASSERT_TRUE(talk.client.handshake());
    ASSERT_TRUE(talk.client.write("at once"));
    talk.to_server();
    EXPECT_EQ(talk.server->handshake(), TlsStatus::done);
    EXPECT_GT(talk.server->unread().size(), 0U);
    EXPECT_EQ(talk.server_read(), "at once");
    EXPECT_EQ(talk.server->unread().size(), 0U);
}

TEST(TlsSession, CloseNotifyOfEitherSide) {
    ServerSide server;
    for (uint16_t version : {kSessionTls12, kSessionTls13}) {
        Conversation talk(*server.context, {.version_max = version});
        ASSERT_EQ(talk.handshake(), TlsStatus::done);
        ASSERT_TRUE(talk.client.write("last"));
        talk.client.close_notify();
        talk.to_server();
        EXPECT_EQ(talk.server_read(), "last");
        EXPECT_EQ(talk.status, TlsStatus::closed);
        EXPECT_EQ(talk.server->failure(), TlsFailure::none);
        // Half closed: what was asked for can still be sent (RFC 8446 §6.1).
        EXPECT_TRUE(talk.server->write(bytes_of("answer")));
        talk.server->close_notify();
        talk.to_client();
        EXPECT_EQ(talk.client.read(), "answer");
        EXPECT_TRUE(talk.client.closed());
    }
}

TEST(TlsSession, ASinkWithoutRoomEndsIt) {
    ServerSide server;
    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    talk.sink.room = 20'000;
    EXPECT_TRUE(talk.server->write(bytes_of(std::string(10'000, 'x'))));
    EXPECT_FALSE(talk.server->write(bytes_of(std::string(10'000, 'x'))));
    EXPECT_EQ(talk.server->failure(), TlsFailure::other);
    EXPECT_NE(talk.server->error().find("no room"), std::string::npos);
    EXPECT_FALSE(talk.server->write(bytes_of("x")));
    uint8_t room[16];
    size_t length = 0;
    EXPECT_EQ(talk.server->read(room, length), TlsStatus::failed);
    talk.server->close_notify();
    EXPECT_LE(talk.sink.octets.size(), 20'000U);
}

TEST(TlsSession, ASinkWithoutRoomForTheHandshakeEndsIt) {
    ServerSide server;
    for (size_t room = 0; room < 600; room += 50) {
        Conversation talk(*server.context, {});
        talk.sink.room = room;
        EXPECT_EQ(talk.handshake(), TlsStatus::failed);
        EXPECT_EQ(talk.server->failure(), TlsFailure::other);
    }
}

TEST(TlsSession, ChannelBindingIsTheSameAtBothEnds) {
    ServerSide server;
    Conversation talk(*server.context, {});
    std::array<uint8_t, 32> binding{};
    EXPECT_FALSE(talk.server->export_channel_binding(binding));
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    ASSERT_TRUE(talk.server->export_channel_binding(binding));
    EXPECT_EQ(std::vector<uint8_t>(binding.begin(), binding.end()), talk.client.channel_binding());
    Conversation another(*server.context, {});
    ASSERT_EQ(another.handshake(), TlsStatus::done);
    std::array<uint8_t, 32> other{};
    ASSERT_TRUE(another.server->export_channel_binding(other));
    EXPECT_NE(binding, other);
    Conversation old(*server.context, {.version_max = kSessionTls12});
    ASSERT_EQ(old.handshake(), TlsStatus::done);
    EXPECT_FALSE(old.server->export_channel_binding(other));
}

TEST(TlsSession, AWriteOfNothingSendsTheTickets) {
    ServerSide server;
    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    EXPECT_TRUE(talk.sink.octets.empty());
    EXPECT_TRUE(talk.server->write({}));
    EXPECT_FALSE(talk.sink.octets.empty());
    talk.to_client();
    EXPECT_EQ(talk.client.read(), "");
    EXPECT_NE(talk.client.ticket(), nullptr);
    EXPECT_TRUE(talk.server->write({}));
    EXPECT_TRUE(talk.sink.octets.empty());
}

}  // namespace
}  // namespace gatepost::tests

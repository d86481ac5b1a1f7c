// What no well-meaning client sends: nothing crashes, and each failure is called what it is.
#include <gtest/gtest.h>

#include <random>

#include "dataplane/tls/tls_failure.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {
namespace {

using dataplane::TlsStatus;
using storage::TlsFailure;

constexpr uint16_t kTls10 = 0x0301;
constexpr uint16_t kTls11 = 0x0302;
constexpr uint16_t kTls12 = 0x0303;
constexpr uint16_t kTls13 = 0x0304;

struct Outcome {
    TlsStatus status;
    TlsFailure failure;
    std::string error;
};

// What comes of these octets as the first of a connection.
Outcome first_octets(ServerSide& server, Bytes octets) {
    CollectingSink sink;
    auto session = dataplane::TlsSession::accept(*server.context, sink);
    session->feed(octets);
    const TlsStatus status = session->handshake();
    return {status, session->failure(), session->error()};
}

TEST(TlsFailures, WhatIsNotTls) {
    ServerSide server;
    const std::pair<const char*, const char*> cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", "HTTP request without TLS"},
        {"CONNECT a:443 HTTP/1.1\r\n\r\n", "proxy"},
        {"EHLO mail.example.org\r\n", "not TLS"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "not TLS"},
    };
    for (const auto& [text, sentence] : cases) {
        const Outcome outcome = first_octets(server, bytes_of(text));
        EXPECT_EQ(outcome.status, TlsStatus::failed);
        EXPECT_EQ(outcome.failure, TlsFailure::not_tls) << text;
        EXPECT_NE(outcome.error.find(sentence), std::string::npos) << outcome.error;
    }
    const uint8_t application_data[] = {23, 3, 3, 0, 2, 'h', 'i'};
    EXPECT_EQ(first_octets(server, application_data).failure, TlsFailure::not_tls);
}

TEST(TlsFailures, ASessionThatFailedStaysSo) {
    ServerSide server;
    CollectingSink sink;
    auto session = dataplane::TlsSession::accept(*server.context, sink);
    session->feed(bytes_of("QUIT\r\n"));
    EXPECT_EQ(session->handshake(), TlsStatus::failed);
    const std::string error = session->error();
    EXPECT_EQ(session->handshake(), TlsStatus::failed);
    uint8_t room[8];
    size_t length = 0;
    EXPECT_EQ(session->read(room, length), TlsStatus::failed);
    EXPECT_FALSE(session->write(bytes_of("x")));
    session->close_notify();
    EXPECT_EQ(session->error(), error);
}

TEST(TlsFailures, OldVersions) {
    ServerSide server;
    for (uint16_t version : {kTls10, kTls11}) {
        Conversation talk(*server.context, {.version_min = version, .version_max = version});
        EXPECT_EQ(talk.handshake(), TlsStatus::failed);
        EXPECT_EQ(talk.server->failure(), TlsFailure::version);
        EXPECT_NE(talk.server->error().find("too old"), std::string::npos);
        EXPECT_EQ(talk.client.error(), "TLSV1_ALERT_PROTOCOL_VERSION");
    }
}

// Whoever on the way makes TLS 1.2 out of a client's TLS 1.3 is found out by the client (RFC 8446
// §4.1.3).
TEST(TlsFailures, DowngradeIsNoticed) {
    ServerSide server;
    Conversation talk(*server.context, {});
    talk.client.handshake();
    std::vector<uint8_t> hello = talk.client.take_output();
    const uint8_t supported_versions[] = {0, 43};
    auto at = std::search(hello.begin() + 100, hello.end(), std::begin(supported_versions),
                          std::end(supported_versions));
    ASSERT_NE(at, hello.end());
    at[1] = 99;  // an extension that nobody knows
    talk.feed_server(hello);
    EXPECT_EQ(talk.server->handshake(), TlsStatus::want_input);
    EXPECT_EQ(talk.server->version(), "TLSv1.2");
    talk.to_client();
    EXPECT_FALSE(talk.client.handshake());
    EXPECT_EQ(talk.client.error(), "TLS13_DOWNGRADE");
    talk.to_server();
    EXPECT_EQ(talk.server->handshake(), TlsStatus::failed);
    EXPECT_EQ(talk.server->failure(), TlsFailure::peer_alert);
}

TEST(TlsFailures, Renegotiation) {
    ServerSide server;
    Conversation talk(*server.context,
                      {.version_max = kTls12, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    talk.feed_server(talk.client.make_renegotiation_request());
    EXPECT_EQ(talk.server_read(), "");
    EXPECT_EQ(talk.status, TlsStatus::failed);
    EXPECT_EQ(talk.server->failure(), TlsFailure::renegotiation);
    EXPECT_NE(talk.server->error().find("renegotiation"), std::string::npos);
    talk.to_client();
    EXPECT_EQ(talk.client.read(), "");
    EXPECT_EQ(talk.client.error(), "TLSV1_ALERT_NO_RENEGOTIATION");
}

TEST(TlsFailures, OversizedRecords) {
    ServerSide server;
    const uint8_t first[] = {22, 3, 1, 0x48, 0x01, 1};
    Outcome outcome = first_octets(server, first);
    EXPECT_EQ(outcome.failure, TlsFailure::bad_record);
    EXPECT_NE(outcome.error.find("longer"), std::string::npos);

    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    const uint8_t later[] = {23, 3, 3, 0x48, 0x01};
    talk.feed_server(later);
    EXPECT_EQ(talk.server_read(), "");
    EXPECT_EQ(talk.status, TlsStatus::failed);
    EXPECT_EQ(talk.server->failure(), TlsFailure::bad_record);
}

TEST(TlsFailures, ForgedRecord) {
    ServerSide server;
    for (uint16_t version : {kTls12, kTls13}) {
        Conversation talk(*server.context, {.version_max = version});
        ASSERT_EQ(talk.handshake(), TlsStatus::done);
        ASSERT_TRUE(talk.client.write("transfer 1"));
        std::vector<uint8_t> record = talk.client.take_output();
        record[record.size() - 20] ^= 1;
        talk.feed_server(record);
        EXPECT_EQ(talk.server_read(), "");
        EXPECT_EQ(talk.status, TlsStatus::failed);
        EXPECT_EQ(talk.server->failure(), TlsFailure::bad_record);
        talk.to_client();
        EXPECT_EQ(talk.client.read(), "");
        EXPECT_EQ(talk.client.error(), "SSLV3_ALERT_BAD_RECORD_MAC");
    }
}

TEST(TlsFailures, RecordTwice) {
    ServerSide server;
    Conversation talk(*server.context, {});
    ASSERT_EQ(talk.handshake(), TlsStatus::done);
    ASSERT_TRUE(talk.client.write("transfer 1"));
    const std::vector<uint8_t> record = talk.client.take_output();
    talk.feed_server(record);
    EXPECT_EQ(talk.server_read(), "transfer 1");
    talk.feed_server(record);
    EXPECT_EQ(talk.server_read(), "");
    EXPECT_EQ(talk.server->failure(), TlsFailure::bad_record);
}

TEST(TlsFailures, AlertsAreToldInWords) {
    ServerSide server;
    const std::pair<uint8_t, const char*> alerts[] = {
        {48, "does not trust its issuer (alert 48"},
        {45, "as expired (alert 45"},
        {46, "refused the certificate"},
        {80, "broke off with the alert 80, internal error"},
    };
    for (const auto& [alert, sentence] : alerts) {
        Conversation talk(*server.context, {});
        talk.client.handshake();
        talk.to_server();
        EXPECT_EQ(talk.server->handshake(), TlsStatus::want_input);
        // A client may send it in the clear as long as it has no keys.
        const uint8_t record[] = {21, 3, 3, 0, 2, 2, alert};
        Conversation plain(*server.context, {});
        plain.feed_server(record);
        EXPECT_EQ(plain.server->handshake(), TlsStatus::failed);
        EXPECT_EQ(plain.server->failure(), TlsFailure::peer_alert);
        EXPECT_NE(plain.server->error().find(sentence), std::string::npos) << plain.server->error();
    }
}

TEST(TlsFailures, CloseNotifyInTheMiddle) {
    ServerSide server;
    const uint8_t record[] = {21, 3, 3, 0, 2, 1, 0};
    const Outcome outcome = first_octets(server, record);
    EXPECT_EQ(outcome.status, TlsStatus::closed);
    EXPECT_EQ(outcome.failure, TlsFailure::peer_closed);
    EXPECT_NE(outcome.error.find("in the middle"), std::string::npos);
}

TEST(TlsFailures, CutAnywhereItWaitsForMore) {
    ServerSide server;
    for (uint16_t version : {kTls12, kTls13}) {
        Conversation whole(*server.context, {.version_max = version});
        whole.client.handshake();
        const std::vector<uint8_t> hello = whole.client.take_output();
        for (size_t length = 0; length < hello.size(); ++length) {
            const Outcome outcome = first_octets(server, Bytes(hello).first(length));
            ASSERT_EQ(outcome.status, TlsStatus::want_input) << length;
            ASSERT_EQ(outcome.failure, TlsFailure::none);
        }
        whole.feed_server(hello);
        EXPECT_EQ(whole.server->handshake(), TlsStatus::want_input);
        whole.to_client();
        whole.client.handshake();
        const std::vector<uint8_t> finish = whole.client.take_output();
        for (size_t i = 0; i + 1 < finish.size(); ++i) {
            whole.feed_server(Bytes(finish).subspan(i, 1));
            ASSERT_EQ(whole.server->handshake(), TlsStatus::want_input) << i;
        }
        whole.feed_server(Bytes(finish).last(1));
        EXPECT_EQ(whole.server->handshake(), TlsStatus::done);
    }
}

TEST(TlsFailures, ChangedAnywhereNothingBreaks) {
    ServerSide server;
    size_t failed = 0;
    for (uint16_t version : {kTls12, kTls13}) {
        Conversation whole(*server.context, {.version_max = version});
        whole.client.handshake();
        const std::vector<uint8_t> hello = whole.client.take_output();
        for (size_t i = 0; i < hello.size(); ++i) {
            for (uint8_t flip : {0x01, 0x80, 0xff}) {
                std::vector<uint8_t> changed = hello;
                changed[i] ^= flip;
                const Outcome outcome = first_octets(server, changed);
                ASSERT_NE(outcome.status, TlsStatus::done);
                if (outcome.status != TlsStatus::failed) continue;
                ++failed;
                ASSERT_NE(outcome.failure, TlsFailure::none);
                ASSERT_FALSE(outcome.error.empty());
            }
        }
    }
    EXPECT_GT(failed, 100U);
}

TEST(TlsFailures, RandomOctets) {
    ServerSide server;
    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
        std::vector<uint8_t> octets(random() % 300);
        for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random());
        if (octets.size() > 9 && i % 2 == 0) {  // a handshake record with a ClientHello at least
            const uint8_t begin[] = {22, 3, 1, 0, static_cast<uint8_t>(octets.size() - 5), 1, 0, 0};
            std::copy(std::begin(begin), std::end(begin), octets.begin());
        }
        EXPECT_NE(first_octets(server, octets).status, TlsStatus::done);
    }
}

TEST(TlsFailures, EverySentenceIsOne) {
    EXPECT_EQ(describe(dataplane::TlsError{}), "the connection ended");
    EXPECT_EQ(classify(dataplane::TlsError{}), TlsFailure::other);
    EXPECT_EQ(classify(dataplane::TlsError{.overrun = true}), TlsFailure::other);
    EXPECT_EQ(classify(dataplane::TlsError{.closed = true}), TlsFailure::peer_closed);
}

}  // namespace
}  // namespace gatepost::tests

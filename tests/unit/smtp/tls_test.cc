// STARTTLS and what may be said under TLS only, with a real client of TLS.
#include <gtest/gtest.h>

#include "storage/password/base64.h"
#include "tests/unit/smtp/smtp_rig.h"
#include "tests/unit/stream/tls_peer.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

class SmtpTls : public testing::Test {
  protected:
    explicit SmtpTls(SmtpRole role = SmtpRole::submission) : rig(options(role)) {}

    SmtpOptions options(SmtpRole role) {
        SmtpOptions made = smtp_options(role);
        made.tls = side.context.get();
        return made;
    }
    std::string pump() { return peer.pump(); }
    std::string send(std::string_view plaintext) { return peer.send(plaintext); }
    std::string starttls() {
        rig.greet();
        rig.send("EHLO client.example\r\n");
        EXPECT_EQ(rig.send("STARTTLS\r\n"), "220 2.0.0 begin\r\n");
        return pump();
    }

    ServerSide side;
    SmtpRig rig;
    TlsPeer peer{rig.rig};
};

TEST_F(SmtpTls, IsOfferedOnceAndForgetsWhatWasSaidBefore) {
    rig.greet();
    EXPECT_NE(rig.send("EHLO client.example\r\n").find("250-STARTTLS\r\n"), std::string::npos);
    EXPECT_TRUE(rig.send("STARTTLS now\r\n").starts_with("501 5.5.4 "));
    EXPECT_EQ(rig.send("STARTTLS\r\n"), "220 2.0.0 begin\r\n");
    EXPECT_EQ(pump(), "");
    ASSERT_TRUE(peer.connected);
    // RFC 3207 §4.2.
    EXPECT_EQ(send("MAIL FROM:<ada@example.org>\r\n"), "503 5.5.1 EHLO comes first\r\n");
    const std::string said = send("EHLO client.example\r\n");
    EXPECT_EQ(said.find("STARTTLS"), std::string::npos) << said;
    EXPECT_NE(said.find("250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN OAUTHBEARER\r\n"),
              std::string::npos)
        << said;
    EXPECT_TRUE(send("STARTTLS\r\n").starts_with("503 5.5.1 "));
    EXPECT_EQ(rig.environment.counts.starttls, 1U);
}

// CVE-2011-0411: what stands behind STARTTLS in the clear is not taken for what comes under TLS.
TEST_F(SmtpTls, TakesNothingThatWasSlippedIn) {
    rig.greet();
    rig.send("EHLO client.example\r\n");
    const std::string said = rig.send("STARTTLS\r\nEHLO evil.example\r\nRSET\r\n");
    EXPECT_TRUE(said.starts_with("220 2.0.0 begin\r\n"));
    EXPECT_EQ(said.find("250"), std::string::npos);
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::tls_failed);
    EXPECT_EQ(rig.environment.counts.starttls_failed, 1U);
    EXPECT_EQ(rig.environment.counts.starttls_injected, 1U);
}

TEST_F(SmtpTls, TakesAMessageFromWhoHasLoggedIn) {
    starttls();
    send("EHLO client.example\r\n");
    EXPECT_EQ(send("MAIL FROM:<ada@example.org>\r\n"), "530 5.7.0 log in first (AUTH)\r\n");
    EXPECT_TRUE(send("AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n").starts_with("235 2.7.0 "));
    send("MAIL FROM:<ada@example.org>\r\nRCPT TO:<friend@elsewhere.example>\r\nDATA\r\n");
    EXPECT_TRUE(send("Subject: x\r\n\r\n.\r\n").starts_with("250 2.0.0 "));
    ASSERT_EQ(rig.environment.messages.messages.size(), 1U);
    const StoredMessage& message = rig.environment.messages.messages[0];
    EXPECT_EQ(message.envelope.sender_account_id, 1U);
    EXPECT_EQ(message.envelope.recipients[0].kind, storage::RecipientKind::external);
    EXPECT_NE(message.octets.find("with ESMTPSA id"), std::string::npos) << message.octets;
    EXPECT_NE(message.octets.find("\t(TLSv1.3 with TLS_"), std::string::npos) << message.octets;
    EXPECT_TRUE(send("QUIT\r\n").starts_with("221 "));
    EXPECT_TRUE(peer.client.closed());
}

// As on port 465.
TEST_F(SmtpTls, MayBeThereFromTheFirstOctet) {
    rig.start(side.context.get());
    EXPECT_EQ(pump(), "220 mx.example.org ESMTP ready\r\n");
    EXPECT_EQ(send("EHLO client.example\r\n").find("STARTTLS"), std::string::npos);
}

TEST_F(SmtpTls, GivesUpAHandshakeThatDoesNotCome) {
    rig.greet();
    rig.send("EHLO client.example\r\nSTARTTLS\r\n");
    rig.rig.advance(11'000);
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.environment.counts.starttls_failed, 1U);
}

// RFC 5802's proof is dataplane/auth's; here, that its lines are carried, and that a client without
// one is told what all are told.
TEST_F(SmtpTls, CarriesScram) {
    starttls();
    send("EHLO client.example\r\n");
    const std::string first = storage::encode_base64("n,,n=ada@example.org,r=clientnonce");
    const std::string said = send("AUTH SCRAM-SHA-256 " + first + "\r\n");
    // RFC 5802 §6: a client that could bind and was offered it says "n" only if it cannot.
    ASSERT_TRUE(said.starts_with("334 ")) << said;
    const auto challenge = storage::decode_base64(std::string_view(said).substr(4, said.size() - 6),
                                                  storage::Base64Padding::required);
    ASSERT_TRUE(challenge);
    EXPECT_TRUE(challenge->starts_with("r=clientnonce"));
    const std::string nonce = challenge->substr(2, challenge->find(',') - 2);
    const std::string proof = storage::encode_base64(
        "c=biws,r=" + nonce + ",p=" + storage::encode_base64(std::string(32, 'x')));
    EXPECT_EQ(send(proof + "\r\n"), "535 5.7.8 the name or the password is wrong\r\n");
    EXPECT_EQ(rig.environment.rules.logins_wrong, 1U);
    EXPECT_EQ(rig.environment.rules.logins_right, 0U);
    EXPECT_EQ(send("MAIL FROM:<ada@example.org>\r\n"), "530 5.7.0 log in first (AUTH)\r\n");
}

TEST_F(SmtpTls, BoundsALineOfALogin) {
    starttls();
    send("EHLO client.example\r\n");
    EXPECT_EQ(send("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
    EXPECT_EQ(send(std::string(12'288, 'A') + "\r\n"), "500 5.5.6 the line is too long\r\n");
    EXPECT_EQ(send("AUTH LOGIN " + std::string(12'288, 'A') + "\r\n").substr(0, 3), "500");
    EXPECT_EQ(send("NOOP\r\n"), "250 2.0.0 ok\r\n");
}

}  // namespace

}  // namespace gatepost::tests

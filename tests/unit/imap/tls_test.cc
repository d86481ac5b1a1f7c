// STARTTLS and what may be said under TLS only, with a real client of TLS.
#include <gtest/gtest.h>

#include "storage/password/base64.h"
#include "tests/support/scram_client.h"
#include "tests/unit/imap/imap_rig.h"
#include "tests/unit/stream/tls_peer.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

class ImapTls : public testing::Test {
  protected:
    ImapTls() : rig(world, options()) {}

    ImapOptions options() {
        ImapOptions made = imap_options();
        made.tls_required = true;
        made.tls = side.context.get();
        return made;
    }
    std::string pump() { return peer.pump(); }
    std::string send(std::string_view plaintext) { return peer.send(plaintext); }

    // Of an exchange, up to what follows the client's proof.
    std::string authenticate(const std::string& mechanism, ScramClient scram) {
        const auto line = [](const std::string& text) {
            return storage::encode_base64(text) + "\r\n";
        };
        std::string said = send("a AUTHENTICATE " + mechanism + " " + line(scram.first()));
        if (!said.starts_with("+ ")) return said;
        const auto challenge = storage::decode_base64(said.substr(2, said.size() - 4),
                                                      storage::Base64Padding::required);
        said = send(line(scram.final(challenge.value_or(""))));
        return said.starts_with("+ ") ? send("\r\n") : said;
    }
    // Under TLS from here on; a client of its own for each test.
    ScramClient scram_under_tls() {
        rig.start();
        rig.send("s STARTTLS\r\n");
        pump();
        return {.login = "ada@example.org", .password = "secret"};
    }

    ImapWorld world;
    ServerSide side;
    ImapRig rig;
    TlsPeer peer{rig.rig};
};

TEST_F(ImapTls, IsOfferedOnceAndBeforeAPasswordIsTaken) {
    const std::string greeting = rig.start();
    EXPECT_NE(greeting.find(" STARTTLS LOGINDISABLED]"), std::string::npos);
    EXPECT_TRUE(
        rig.send("a LOGIN ada@example.org secret\r\n").starts_with("a NO [PRIVACYREQUIRED"));
    EXPECT_EQ(rig.send("b STARTTLS\r\n"), "b OK Begin\r\n");
    EXPECT_EQ(pump(), "");
    const std::string said = send("c CAPABILITY\r\n");
    EXPECT_EQ(said.find("STARTTLS"), std::string::npos);
    EXPECT_EQ(said.find("LOGINDISABLED"), std::string::npos);
    EXPECT_NE(said.find(" AUTH=SCRAM-SHA-256-PLUS"), std::string::npos);
    EXPECT_EQ(send("d STARTTLS\r\n"), "d BAD This is TLS already\r\n");
    EXPECT_TRUE(send("e LOGIN ada@example.org secret\r\n").starts_with("e OK "));
}

// RFC 5802 §6, RFC 9266.
TEST_F(ImapTls, ScramIsBoundToTheConnection) {
    ScramClient scram = scram_under_tls();
    scram.header = "p=tls-exporter,,";
    const auto binding = peer.client.channel_binding();
    scram.binding.assign(binding.begin(), binding.end());
    EXPECT_TRUE(authenticate("SCRAM-SHA-256-PLUS", scram).starts_with("a OK [CAPABILITY "));
    EXPECT_EQ(world.counts.logins.load(), 1U);
}

// Who is between has another connection to the server than the client has to him.
TEST_F(ImapTls, ScramBoundToAnotherConnectionFails) {
    ScramClient scram = scram_under_tls();
    scram.header = "p=tls-exporter,,";
    for (const std::string& binding : {std::string(32, 'x'), std::string()}) {
        scram.binding = binding;
        const std::string said = authenticate("SCRAM-SHA-256-PLUS", scram);
        EXPECT_TRUE(said.starts_with("a NO [AUTHENTICATIONFAILED] ")) << said;
    }
    EXPECT_EQ(world.counts.logins.load(), 0U);
}

// RFC 5802 §6: "y" is of a client that saw no PLUS: somebody has taken it out of what we offer.
TEST_F(ImapTls, ScramOfAClientThatSawNoPlusIsADowngrade) {
    ScramClient scram = scram_under_tls();
    scram.header = "y,,";
    const std::string said = authenticate("SCRAM-SHA-256", scram);
    EXPECT_TRUE(said.starts_with("a NO [AUTHENTICATIONFAILED] ")) << said;
    EXPECT_EQ(world.counts.logins.load(), 0U);
    // One that cannot bind says so, and is let in.
    scram.header = "n,,";
    EXPECT_TRUE(authenticate("SCRAM-SHA-256", scram).starts_with("a OK "));
}

// CVE-2011-0411.
TEST_F(ImapTls, TakesNothingThatWasSlippedInBehindIt) {
    rig.start();
    const std::string said = rig.send("a STARTTLS\r\nb LOGIN ada@example.org secret\r\n");
    EXPECT_EQ(said.substr(0, said.find("\r\n")), "a OK Begin");
    EXPECT_EQ(said.find("b OK"), std::string::npos);
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(world.counts.logins.load(), 0U);
}

}  // namespace

}  // namespace gatepost::tests

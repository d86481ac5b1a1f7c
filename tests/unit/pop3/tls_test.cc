// STLS and what may be said under TLS only, with a real client of TLS.
#include <gtest/gtest.h>

#include "tests/unit/pop3/pop3_rig.h"
#include "tests/unit/stream/tls_peer.h"
#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

class Pop3Tls : public testing::Test {
  protected:
    Pop3Tls() : rig(world, options()) {}

    Pop3Options options() {
        Pop3Options made = pop3_options();
        made.tls_required = true;
        made.tls = side.context.get();
        return made;
    }
    std::string pump() { return peer.pump(); }
    std::string send(std::string_view plaintext) { return peer.send(plaintext); }

    ImapWorld world;
    ServerSide side;
    Pop3Rig rig;
    TlsPeer peer{rig.rig};
};

TEST_F(Pop3Tls, IsOfferedOnceAndBeforeAPasswordIsTaken) {
    rig.start();
    const std::string before = rig.send("CAPA\r\n");
    EXPECT_NE(before.find("\r\nSTLS\r\n"), std::string::npos);
    EXPECT_EQ(before.find("\r\nSASL"), std::string::npos);
    EXPECT_EQ(rig.send("USER ada@example.org\r\n"), "-ERR Only under TLS: STLS comes first\r\n");
    EXPECT_EQ(rig.send("STLS\r\n"), "+OK Begin\r\n");
    EXPECT_EQ(pump(), "");
    const std::string after = send("CAPA\r\n");
    EXPECT_EQ(after.find("STLS"), std::string::npos);
    EXPECT_NE(after.find(" SCRAM-SHA-256-PLUS"), std::string::npos);
    EXPECT_EQ(send("STLS\r\n"), "-ERR This is TLS already\r\n");
    EXPECT_EQ(send("USER ada@example.org\r\nPASS secret\r\n"),
              "+OK Now the password\r\n+OK You have logged in\r\n");
}

// CVE-2011-0411.
TEST_F(Pop3Tls, TakesNothingThatWasSlippedInBehindIt) {
    rig.start();
    const std::string said = rig.send("STLS\r\nUSER ada@example.org\r\nPASS secret\r\n");
    EXPECT_EQ(said.substr(0, said.find("\r\n")), "+OK Begin");
    EXPECT_EQ(said.find("+OK Now"), std::string::npos);
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(world.counts.logins.load(), 0U);
}

}  // namespace

}  // namespace gatepost::tests

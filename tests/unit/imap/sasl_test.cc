// AUTHENTICATE (RFC 9051 §6.2.2) by mechanisms of more than one step; those that bind to TLS are in
// tls_test.cc.
#include <gtest/gtest.h>

#include "storage/password/base64.h"
#include "tests/support/scram_client.h"
#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using storage::encode_base64;

std::string challenge_in(std::string_view said) {
    if (!said.starts_with("+ ")) return {};
    said = said.substr(2, said.find("\r\n") - 2);
    return storage::decode_base64(said, storage::Base64Padding::required).value_or("");
}

class ImapSasl : public testing::Test {
  protected:
    ImapSasl() : rig(world) { rig.start(); }
    std::string answer(const std::string& text) { return rig.send(encode_base64(text) + "\r\n"); }

    ImapWorld world;
    ImapRig rig;
    ScramClient client{.login = "ada@example.org", .password = "secret"};
};

TEST_F(ImapSasl, ScramProvesBothSides) {
    EXPECT_EQ(rig.send("a AUTHENTICATE SCRAM-SHA-256\r\n"), "+ \r\n");
    const std::string last = answer(client.final(challenge_in(answer(client.first()))));
    EXPECT_EQ(challenge_in(last), client.expected_verifier());
    EXPECT_TRUE(rig.send("\r\n").starts_with("a OK [CAPABILITY "));
    EXPECT_EQ(world.counts.logins.load(), 1U);
}

// RFC 4959.
TEST_F(ImapSasl, ScramWithItsFirstMessageInTheCommand) {
    const std::string first =
        rig.send("a AUTHENTICATE SCRAM-SHA-256 " + encode_base64(client.first()) + "\r\n");
    answer(client.final(challenge_in(first)));
    EXPECT_TRUE(rig.send("\r\n").starts_with("a OK "));
}

TEST_F(ImapSasl, ScramWithAnotherPassword) {
    client.password = "secrets";
    rig.send("a AUTHENTICATE SCRAM-SHA-256\r\n");
    const std::string last = answer(client.final(challenge_in(answer(client.first()))));
    EXPECT_TRUE(last.starts_with("a NO [AUTHENTICATIONFAILED] ")) << last;
    EXPECT_EQ(world.counts.logins.load(), 0U);
    EXPECT_EQ(world.damper.failures, 1U);
}

TEST_F(ImapSasl, ScramOfNobodyGoesAsFarAsThatOfSomebody) {
    client.login = "nobody@example.org";
    rig.send("a AUTHENTICATE SCRAM-SHA-256\r\n");
    const std::string challenge = challenge_in(answer(client.first()));
    EXPECT_TRUE(challenge.starts_with("r=" + client.nonce)) << challenge;
    EXPECT_TRUE(answer(client.final(challenge)).starts_with("a NO [AUTHENTICATIONFAILED] "));
}

TEST_F(ImapSasl, PlusNeedsTls) {
    client.header = "p=tls-exporter,,";
    const std::string said =
        rig.send("a AUTHENTICATE SCRAM-SHA-256-PLUS " + encode_base64(client.first()) + "\r\n");
    EXPECT_TRUE(said.starts_with("a NO [CANNOT] ")) << said;
}

std::string bearer(std::string_view token) {
    return encode_base64(
        "n,a=ada@example.org,\x01"
        "auth=Bearer " +
        std::string(token) + "\x01\x01");
}

// RFC 7628 §3.1, §3.2.3.
TEST_F(ImapSasl, BearerTokens) {
    const std::string error = rig.send("a AUTHENTICATE OAUTHBEARER " + bearer("wrong") + "\r\n");
    EXPECT_EQ(challenge_in(error), R"({"status":"invalid_token"})");
    EXPECT_TRUE(answer("\x01").starts_with("a NO [AUTHENTICATIONFAILED] "));
    EXPECT_EQ(rig.send("b AUTHENTICATE OAUTHBEARER\r\n"), "+ \r\n");
    EXPECT_TRUE(rig.send(bearer("secret") + "\r\n").starts_with("b OK [CAPABILITY "));
}

// The client knows that its token is wrong before it answers to that.
TEST_F(ImapSasl, ATokenThatIsWrongIsALoginThatFailedWhateverIsSaidToIt) {
    size_t failures = 0;
    const auto expect_failed = [&] {
        ++failures;
        EXPECT_EQ(world.damper.failures, failures);
        EXPECT_EQ(world.counts.logins_failed.load(), failures);
        EXPECT_EQ(world.logins.ended_wrong.size(), failures);
        EXPECT_EQ(world.logins.ended_wrong.back(), "ada@example.org");
    };
    const std::string guess = "a AUTHENTICATE OAUTHBEARER " + bearer("wrong") + "\r\n";
    rig.send(guess);
    EXPECT_EQ(rig.send("*\r\n"), "a BAD You have cancelled it\r\n");
    expect_failed();
    EXPECT_EQ(world.paused_ms, 100U);
    rig.send(guess);
    EXPECT_EQ(rig.send("!\r\n"), "a BAD That is no base64\r\n");
    expect_failed();
    rig.send("a AUTHENTICATE OAUTHBEARER\r\n");
    rig.send("*\r\n");
    EXPECT_EQ(world.damper.failures, failures) << "nothing was checked";
    rig.send(guess);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    EXPECT_TRUE(rig.has_ended());
    expect_failed();

    ImapRig late(world);
    late.start();
    late.send(guess);
    EXPECT_TRUE(late.advance(imap_options().login_ms + 1000).starts_with("* BYE "));
    EXPECT_TRUE(late.has_ended());
    expect_failed();

    ImapRig long_line(world);
    long_line.start();
    long_line.send(guess);
    EXPECT_TRUE(long_line.send(std::string(20'000, 'x')).starts_with("* BYE "));
    expect_failed();
}

TEST_F(ImapSasl, TokensThatAreWrongAndCancelledEndTheSession) {
    std::string said;
    for (int i = 0; i < 20 && !rig.has_ended(); ++i) {
        rig.send("a AUTHENTICATE OAUTHBEARER " + bearer("wrong") + "\r\n");
        said = rig.send("*\r\n");
    }
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(said, "a BAD You have cancelled it\r\n* BYE Too many logins that failed\r\n");
}

TEST_F(ImapSasl, WhatIsNoBase64EndsTheExchangeAndNotTheSession) {
    for (const char* text : {"!", "YQ", "YQ=", "YQ==YQ==", "Y Q==", "YQ==\t", "\x80\x81"}) {
        rig.send("a AUTHENTICATE PLAIN\r\n");
        EXPECT_EQ(rig.send(std::string(text) + "\r\n"), "a BAD That is no base64\r\n") << text;
    }
    EXPECT_TRUE(rig.send("b LOGIN ada@example.org secret\r\n").starts_with("b OK "));
}

// What nobody has logged in for may not cost more than its line.
TEST_F(ImapSasl, ParenthesesBeforeTheLoginAreRefusedAtTheirFirst) {
    const std::string open(8000, '(');
    for (const std::string command : {"SEARCH ", "FETCH 1 ", "ID ", "LIST ", "THREAD ", ""}) {
        ImapRig other(world);
        other.start();
        const std::string said = other.send("a " + command + open + "\r\n");
        EXPECT_TRUE(said.starts_with("a BAD ") || said.starts_with("* BAD ") ||
                    said.starts_with("a NO [LIMIT]") || said.starts_with("* BYE "))
            << command << ": " << said;
        EXPECT_LT(said.size(), 200U);
        EXPECT_EQ(other.rig.pool.used_octets(), 0U);
    }
}

}  // namespace

}  // namespace gatepost::tests

#include "dataplane/auth/sasl_oauthbearer.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

using Kind = SaslStep::Kind;

// RFC 7628 §4.1
constexpr std::string_view kExample =
    "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
    "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";

TEST(SaslOauthBearer, TheExampleOfTheRfc) {
    SaslOauthBearer exchange;
    EXPECT_EQ(exchange.step(kExample).kind, Kind::check_token);
    EXPECT_EQ(exchange.login(), "user@example.com");
    EXPECT_EQ(exchange.secret(), "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    EXPECT_EQ(exchange.decide(true).kind, Kind::success);
    EXPECT_EQ(exchange.step("").kind, Kind::failure);
}

// RFC 7628 §4.3: the error as JSON, then the client's acknowledgement, then the failure.
TEST(SaslOauthBearer, AWrongTokenFailsInTwoSteps) {
    SaslOauthBearer exchange;
    EXPECT_EQ(exchange.step(kExample).kind, Kind::check_token);
    const SaslStep error = exchange.decide(false);
    EXPECT_EQ(error.kind, Kind::challenge);
    EXPECT_EQ(error.challenge, R"({"status":"invalid_token"})");
    EXPECT_EQ(exchange.decide(true).kind, Kind::failure);
    EXPECT_EQ(exchange.step("\x01").failure, SaslFailure::wrong_credentials);
}

TEST(SaslOauthBearer, SchemeAndKeysAsTheyAreWritten) {
    SaslOauthBearer lower;
    EXPECT_EQ(lower
                  .step("y,a=u,\x01"
                        "auth=bearer  abc\x01x=\x01\x01")
                  .kind,
              Kind::check_token);
    EXPECT_EQ(lower.secret(), "abc");
}

TEST(SaslOauthBearer, WhatFails) {
    for (std::string_view message : {"", "\x01",
                                     "n,,\x01"
                                     "auth=Bearer abc\x01\x01",
                                     "n,a=u,", "n,a=u,\x01", "n,a=u,\x01\x01",
                                     "n,a=u,\x01"
                                     "auth=Bearer abc\x01",
                                     "n,a=u,\x01"
                                     "auth=Bearer abc",
                                     "n,a=u,\x01"
                                     "auth=Bearer \x01\x01",
                                     "n,a=u,\x01"
                                     "auth=Basic abc\x01\x01",
                                     "n,a=u,\x01"
                                     "auth=Bearer a b\x01\x01",
                                     "n,a=u,\x01"
                                     "auth=Bearer ==\x01\x01",
                                     "n,a=u,\x01"
                                     "auth=Bearer a\x01"
                                     "auth=Bearer b\x01\x01",
                                     "n,a=u,\x01"
                                     "auth\x01\x01",
                                     "n,a=u,\x01"
                                     "=x\x01"
                                     "auth=Bearer a\x01\x01",
                                     "n,a=u,\x01"
                                     "k=\x02\x01"
                                     "auth=Bearer a\x01\x01",
                                     "p=tls-exporter,a=u,\x01"
                                     "auth=Bearer abc\x01\x01"}) {
        SaslOauthBearer exchange;
        EXPECT_EQ(exchange.step(message).failure, SaslFailure::malformed) << message;
        EXPECT_EQ(exchange.decide(true).kind, Kind::failure);
    }
}

}  // namespace
}  // namespace gatepost::dataplane

// PLAIN and LOGIN, and what all mechanisms share.
#include "dataplane/auth/sasl_plain.h"

#include <gtest/gtest.h>

#include "dataplane/auth/sasl_login.h"

namespace gatepost::dataplane {
namespace {

using Kind = SaslStep::Kind;
using namespace std::string_literals;

TEST(Sasl, NamesOfMechanisms) {
    EXPECT_EQ(find_mechanism("scram-sha-256-PLUS"), SaslMechanism::scram_sha_256_plus);
    EXPECT_EQ(find_mechanism("PLAIN"), SaslMechanism::plain);
    EXPECT_EQ(find_mechanism("PLAI"), std::nullopt);
    EXPECT_EQ(find_mechanism("CRAM-MD5"), std::nullopt);
    EXPECT_EQ(mechanism_name(SaslMechanism::oauthbearer), "OAUTHBEARER");
}

TEST(Sasl, EveryMechanismCanBeMade) {
    const ScramDecoyKey key{};
    for (auto mechanism : {SaslMechanism::plain, SaslMechanism::login, SaslMechanism::scram_sha_256,
                           SaslMechanism::scram_sha_256_plus, SaslMechanism::oauthbearer}) {
        const auto exchange = make_sasl_exchange(mechanism, {.decoy_key = &key});
        ASSERT_TRUE(exchange);
        const SaslStep begun = (*exchange)->begin();
        EXPECT_EQ(begun.kind, Kind::challenge);
        EXPECT_EQ(begun.challenge, mechanism == SaslMechanism::login ? "Username:" : "");
        EXPECT_EQ((*exchange)->step("\x01\x02").kind, Kind::failure) << mechanism_name(mechanism);
    }
}

TEST(Sasl, TextIsStrictAndBounded) {
    EXPECT_EQ(decode_sasl_text("AGFsaWNlAHNlY3JldA=="), "\0alice\0secret"s);
    EXPECT_EQ(decode_sasl_text(""), "");
    EXPECT_EQ(decode_sasl_text("="), std::nullopt);
    EXPECT_EQ(decode_initial_response("="), "");
    EXPECT_EQ(decode_initial_response("AA=="), "\0"s);
    EXPECT_EQ(decode_sasl_text("AGFsaWNl AHNlY3JldA=="), std::nullopt);
    EXPECT_EQ(decode_sasl_text("AA"), std::nullopt);
    EXPECT_TRUE(decode_sasl_text(std::string(kSaslTextMax, 'A')));
    EXPECT_FALSE(decode_sasl_text(std::string(kSaslTextMax + 4, 'A')));
}

TEST(SaslPlain, TheExamplesOfTheRfc) {
    SaslPlain tim;  // RFC 4616 §4
    EXPECT_EQ(tim.step("\0tim\0tanstaaftanstaaf"s).kind, Kind::check_password);
    EXPECT_EQ(tim.login(), "tim");
    EXPECT_EQ(tim.secret(), "tanstaaftanstaaf");
    EXPECT_EQ(tim.decide(true).kind, Kind::success);

    SaslPlain ursel;  // the same: authzid Ursel, login Kurt
    const SaslStep step = ursel.step("Ursel\0Kurt\0xipj3plmq"s);
    EXPECT_EQ(step.kind, Kind::failure);
    EXPECT_EQ(step.failure, SaslFailure::authzid_refused);
}

TEST(SaslPlain, WhatFails) {
    for (const std::string& message :
         {""s, "alice"s, "\0alice"s, "\0alice\0"s, "\0\0secret"s, "\0alice\0sec\0ret"s,
          "\0al\nice\0secret"s, "\0"s + std::string(kLoginMax + 1, 'a') + "\0secret"s,
          "\0alice\0"s + std::string(1025, 'x')}) {
        SaslPlain exchange;
        const SaslStep step = exchange.step(message);
        EXPECT_EQ(step.kind, Kind::failure);
        EXPECT_EQ(step.failure, SaslFailure::malformed);
    }
    SaslPlain twice;
    EXPECT_EQ(twice.step("alice\0alice\0secret"s).kind, Kind::check_password);
    EXPECT_EQ(twice.step("alice\0alice\0secret"s).kind, Kind::failure);
    const SaslStep wrong = twice.decide(false);
    EXPECT_EQ(wrong.kind, Kind::failure);
    EXPECT_EQ(wrong.failure, SaslFailure::wrong_credentials);
    EXPECT_FALSE(failure_text(wrong.failure).empty());
}

TEST(SaslLogin, NameThenPassword) {
    SaslLogin exchange;
    EXPECT_EQ(exchange.begin().challenge, "Username:");
    const SaslStep asked = exchange.step("alice@example.test");
    EXPECT_EQ(asked.kind, Kind::challenge);
    EXPECT_EQ(asked.challenge, "Password:");
    EXPECT_EQ(exchange.step("secret").kind, Kind::check_password);
    EXPECT_EQ(exchange.login(), "alice@example.test");
    EXPECT_EQ(exchange.secret(), "secret");
    EXPECT_EQ(exchange.step("secret").kind, Kind::failure);
}

TEST(SaslLogin, WhatFails) {
    SaslLogin unnamed;
    EXPECT_EQ(unnamed.step("").kind, Kind::failure);
    EXPECT_EQ(unnamed.step("secret").kind, Kind::failure);
    SaslLogin empty;
    EXPECT_EQ(empty.step("alice").kind, Kind::challenge);
    EXPECT_EQ(empty.step("").kind, Kind::failure);
    SaslLogin zero;
    EXPECT_EQ(zero.step("alice").kind, Kind::challenge);
    EXPECT_EQ(zero.step("sec\0ret"s).kind, Kind::failure);
}

}  // namespace
}  // namespace gatepost::dataplane

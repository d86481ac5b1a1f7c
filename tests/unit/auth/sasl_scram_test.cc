#include "dataplane/auth/sasl_scram.h"

#include <gtest/gtest.h>

#include <vector>

#include "storage/password/base64.h"
#include "storage/password/create.h"
#include "storage/password/digest.h"
#include "storage/password/password_hash.h"
#include "tests/support/scram_client.h"

namespace gatepost::dataplane {
namespace {

using Kind = SaslStep::Kind;

using storage::encode_base64;

const ScramDecoyKey kDecoyKey{1, 2, 3};
constexpr const char* kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::vector<uint8_t> kExporter(32, 0xe5);
const std::vector<uint8_t> kEndPoint(32, 0x3c);

storage::ScramKeys keys_of(std::string_view password) {
    return storage::derive_scram_keys(
        storage::ScramHash::sha256, password,
        *storage::decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==", storage::Base64Padding::required),
        4096);
}

SaslContext plain_context() {
    return {.decoy_key = &kDecoyKey};
}

SaslContext bound_context() {
    return {.tls_exporter = kExporter,
            .tls_server_end_point = kEndPoint,
            .plus_offered = true,
            .decoy_key = &kDecoyKey};
}

using Client = tests::ScramClient;

// Up to the verdict about the client's proof; success where it is acknowledged.
SaslStep converse(SaslScram& server, Client& client, const storage::ScramKeys* keys) {
    SaslStep step = server.step(client.first());
    if (step.kind != Kind::find_scram_keys) return step;
    step = server.give_keys(keys);
    EXPECT_EQ(step.kind, Kind::challenge);
    step = server.step(client.final(step.challenge));
    if (step.kind != Kind::challenge) return step;
    EXPECT_EQ(step.challenge, client.expected_verifier());
    return server.step("");
}

// RFC 7677 §3, octet by octet.
TEST(SaslScram, TheExampleOfTheRfc) {
    SaslScram server(false, plain_context(), kServerNonce);
    EXPECT_EQ(server.step("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").kind, Kind::find_scram_keys);
    EXPECT_EQ(server.login(), "user");
    const storage::ScramKeys keys = keys_of("pencil");
    EXPECT_EQ(server.give_keys(&keys).challenge,
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
              "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const SaslStep last = server.step(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_EQ(last.kind, Kind::challenge);
    EXPECT_EQ(last.challenge, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    EXPECT_EQ(server.step("").kind, Kind::success);
    EXPECT_EQ(server.step("").kind, Kind::failure) << "it is over";
}

TEST(SaslScram, WithStoredKeys) {
    const auto stored = storage::hash_password(storage::PasswordScheme::scram_sha_256, "geheim");
    ASSERT_TRUE(stored);
    const auto parsed = storage::parse_crypt_string(*stored);
    const auto keys = storage::parse_scram_keys(parsed->data, storage::ScramHash::sha256);
    ASSERT_TRUE(keys);
    Client client{.login = "al=2Cice", .password = "geheim"};
    SaslScram server(false, plain_context(), kServerNonce);
    EXPECT_EQ(converse(server, client, &*keys).kind, Kind::success);
    EXPECT_EQ(server.login(), "al,ice");
}

TEST(SaslScram, WrongPassword) {
    const storage::ScramKeys keys = keys_of("pencil");
    Client client{.password = "pencils"};
    SaslScram server(false, plain_context(), kServerNonce);
    EXPECT_EQ(converse(server, client, &keys).failure, SaslFailure::wrong_credentials);
}

TEST(SaslScram, UnknownLoginsLookLikeAnyOther) {
    std::vector<std::string> challenges;
    for (const char* login : {"nobody", "nobody", "noone"}) {
        Client client{.login = login};
        SaslScram server(false, plain_context(), kServerNonce);
        EXPECT_EQ(server.step(client.first()).kind, Kind::find_scram_keys);
        const SaslStep step = server.give_keys(nullptr);
        EXPECT_EQ(step.kind, Kind::challenge);
        challenges.push_back(step.challenge);
        EXPECT_EQ(server.step(client.final(step.challenge)).failure,
                  SaslFailure::wrong_credentials);
    }
    EXPECT_EQ(challenges[0], challenges[1]) << "the same salt each time";
    EXPECT_NE(challenges[0], challenges[2]);
    EXPECT_NE(challenges[0].find(",i=" + std::to_string(storage::kScramIterations)),
              std::string::npos);
}

TEST(SaslScram, BoundToTheConnection) {
    const storage::ScramKeys keys = keys_of("pencil");
    Client exporter{.header = "p=tls-exporter,,", .binding = std::string(32, '\xe5')};
    SaslScram first(true, bound_context(), kServerNonce);
    EXPECT_EQ(converse(first, exporter, &keys).kind, Kind::success);
    Client end_point{.header = "p=tls-server-end-point,,", .binding = std::string(32, '\x3c')};
    SaslScram second(true, bound_context(), kServerNonce);
    EXPECT_EQ(converse(second, end_point, &keys).kind, Kind::success);
}

TEST(SaslScram, BindingsThatAreNotThisConnections) {
    const storage::ScramKeys keys = keys_of("pencil");
    const auto outcome = [&keys](bool plus, const SaslContext& context, Client client) {
        SaslScram server(plus, context, kServerNonce);
        return converse(server, client, &keys).failure;
    };
    const SaslContext bound = bound_context(), bare = plain_context();
    const std::string right(32, '\xe5'), wrong(32, '\xe6');
    EXPECT_EQ(outcome(true, bound, {.header = "p=tls-exporter,,", .binding = wrong}),
              SaslFailure::binding_mismatch);
    EXPECT_EQ(outcome(true, bound, {.header = "p=tls-exporter,,", .binding = ""}),
              SaslFailure::binding_mismatch);
    EXPECT_EQ(outcome(true, bound, {.header = "p=tls-server-end-point,,", .binding = right}),
              SaslFailure::binding_mismatch);
    EXPECT_EQ(outcome(true, bound, {.header = "p=tls-unique,,", .binding = right}),
              SaslFailure::binding_unsupported);
    EXPECT_EQ(outcome(true, bare, {.header = "p=tls-exporter,,", .binding = ""}),
              SaslFailure::binding_unsupported);
    EXPECT_EQ(outcome(true, bound, {.header = "n,,"}), SaslFailure::malformed);
    EXPECT_EQ(outcome(true, bound, {.header = "y,,"}), SaslFailure::malformed);
    EXPECT_EQ(outcome(false, bound, {.header = "p=tls-exporter,,", .binding = right}),
              SaslFailure::malformed);
    EXPECT_EQ(outcome(false, bound, {.header = "y,,"}), SaslFailure::binding_downgraded);
    EXPECT_EQ(outcome(false, bare, {.header = "y,,"}), SaslFailure::none);
    EXPECT_EQ(outcome(false, bound, {.header = "n,,"}), SaslFailure::none);
    EXPECT_EQ(outcome(false, bound, {.header = "n,,", .binding = right}),
              SaslFailure::binding_mismatch)
        << "octets behind a header that promised none";
}

// Who is between changes the flag in the first message; c= in the last one gives it away.
TEST(SaslScram, AFlagThatWasChangedUnderway) {
    const storage::ScramKeys keys = keys_of("pencil");
    Client client{.header = "y,,"};
    SaslScram server(false, plain_context(), kServerNonce);
    EXPECT_EQ(server.step("n,," + client.bare()).kind, Kind::find_scram_keys);
    EXPECT_EQ(server.step(client.final(server.give_keys(&keys).challenge)).failure,
              SaslFailure::binding_mismatch);
}

TEST(SaslScram, FirstMessagesThatFail) {
    for (std::string_view message : {"", "n,,", "n,,n=user", "n,,r=abc,n=user", "n,,n=,r=abc",
                                     "n,,n=user,r=", "n,,m=x,n=user,r=abc", "n,,n=us=er,r=abc",
                                     "n,,n=user,r=a\tc", "n,,n=us\ner,r=abc"}) {
        SaslScram server(false, plain_context(), kServerNonce);
        EXPECT_EQ(server.step(message).failure, SaslFailure::malformed) << message;
    }
    SaslScram server(false, plain_context(), kServerNonce);
    EXPECT_EQ(server.step("n,a=other,n=user,r=abc").failure, SaslFailure::authzid_refused);
    SaslScram same(false, plain_context(), kServerNonce);
    EXPECT_EQ(same.step("n,a=user,n=user,r=abc,ext=1").kind, Kind::find_scram_keys);
}

TEST(SaslScram, LastMessagesThatFail) {
    const storage::ScramKeys keys = keys_of("pencil");
    const std::string good = "c=biws,r=abc" + std::string(kServerNonce);
    for (const std::string& message :
         {std::string(), good, good + ",p=", good + ",p=AAAA", good + ",p=!",
          "c=biws,r=abc,p=" + encode_base64(std::string(32, 'x')),
          "r=abc,c=biws,p=" + encode_base64(std::string(32, 'x')),
          "c=b,r=abc" + std::string(kServerNonce) + ",p=" + encode_base64(std::string(32, 'x')),
          good + ",p=" + encode_base64(std::string(32, 'x')),
          good + ",p=" + encode_base64(std::string(33, 'x'))}) {
        SaslScram server(false, plain_context(), kServerNonce);
        EXPECT_EQ(server.step("n,,n=user,r=abc").kind, Kind::find_scram_keys);
        EXPECT_EQ(server.give_keys(&keys).kind, Kind::challenge);
        EXPECT_EQ(server.step(message).kind, Kind::failure) << message;
        EXPECT_EQ(server.step(message).kind, Kind::failure);
    }
}

TEST(SaslScram, OutOfTurn) {
    const storage::ScramKeys keys = keys_of("pencil");
    SaslScram early(false, plain_context(), kServerNonce);
    EXPECT_EQ(early.give_keys(&keys).kind, Kind::failure);
    SaslScram eager(false, plain_context(), kServerNonce);
    EXPECT_EQ(eager.step("n,,n=user,r=abc").kind, Kind::find_scram_keys);
    EXPECT_EQ(eager.step("n,,n=user,r=abc").kind, Kind::failure);
    EXPECT_EQ(eager.give_keys(&keys).kind, Kind::failure);
    Client client;
    SaslScram chatty(false, plain_context(), kServerNonce);
    EXPECT_EQ(chatty.step(client.first()).kind, Kind::find_scram_keys);
    EXPECT_EQ(chatty.step(client.final(chatty.give_keys(&keys).challenge)).kind, Kind::challenge);
    EXPECT_EQ(chatty.step("more").kind, Kind::failure) << "the acknowledgement is empty";
}

}  // namespace
}  // namespace gatepost::dataplane

#include "dataplane/auth/sasl_dialogue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/scram_client.h"

namespace gatepost::dataplane {
namespace {

using namespace std::string_literals;
using Status = LoginOutcome::Status;

// Knows ada, whose password is "secret", and answers at once.
class OneLogin final : public LoginPort {
  public:
    std::span<const SaslMechanism> mechanisms() override { return kMechanisms; }
    const ScramDecoyKey& decoy_key() override { return decoy_key_; }
    Task<LoginOutcome> check(const LoginClient&, SaslMechanism mechanism, std::string_view login,
                             std::string_view secret) override {
        ++checks;
        checked_with = mechanism;
        co_return outcome(login, secret == "secret");
    }
    Task<LoginOutcome> find_scram_keys(const LoginClient&, std::string_view login,
                                       std::optional<storage::ScramKeys>& keys) override {
        const LoginOutcome found = outcome(login, true);
        if (found.status == Status::right)
            keys = storage::derive_scram_keys(storage::ScramHash::sha256, "secret",
                                              "saltsaltsaltsalt", 4096);
        co_return found;
    }

    bool available = true;
    int checks = 0;
    SaslMechanism checked_with = SaslMechanism::scram_sha_256;

  private:
    static constexpr SaslMechanism kMechanisms[] = {
        SaslMechanism::scram_sha_256_plus, SaslMechanism::scram_sha_256, SaslMechanism::plain,
        SaslMechanism::login, SaslMechanism::oauthbearer};

    LoginOutcome outcome(std::string_view login, bool right) const {
        if (!available) return {.status = Status::unavailable};
        if (login != "ada" || !right) return {};
        return {.status = Status::right, .account_id = 7, .user = "ada@example.org"};
    }

    const ScramDecoyKey decoy_key_{};
};

class SaslDialogueTest : public testing::Test {
  protected:
    bool run(Task<bool> task) {
        bool goes_on = false;
        Task<> whole = take(std::move(task), goes_on);
        whole.start();
        EXPECT_TRUE(whole.is_done());
        return goes_on;
    }
    bool begin() { return run(dialogue.begin()); }
    bool answer(std::string octets) {
        const bool goes_on = run(dialogue.answer(octets));
        EXPECT_EQ(octets, "") << "it is wiped";
        return goes_on;
    }

    OneLogin port;
    PeerAddress address;
    LoginClient client{address, "imap", 0};
    SaslDialogue dialogue{port, client, nullptr};

  private:
    static Task<> take(Task<bool> task, bool& goes_on) { goes_on = co_await task; }
};

TEST_F(SaslDialogueTest, OffersNothingToBindWithoutTls) {
    const auto usable = usable_mechanisms(port, nullptr);
    EXPECT_EQ(usable, (std::vector{SaslMechanism::scram_sha_256, SaslMechanism::plain,
                                   SaslMechanism::login, SaslMechanism::oauthbearer}));
    EXPECT_FALSE(dialogue.offers(SaslMechanism::scram_sha_256_plus));
    EXPECT_TRUE(dialogue.offers(SaslMechanism::plain));
}

TEST_F(SaslDialogueTest, AnInitialResponse) {
    ASSERT_TRUE(dialogue.choose(SaslMechanism::plain));
    EXPECT_FALSE(answer("\0ada\0secret"s));
    EXPECT_EQ(dialogue.outcome().status, Status::right);
    EXPECT_EQ(dialogue.outcome().account_id, 7U);
    EXPECT_EQ(dialogue.outcome().user, "ada@example.org");
    EXPECT_EQ(dialogue.failure(), SaslFailure::none);
    EXPECT_EQ(port.checked_with, SaslMechanism::plain);
}

TEST_F(SaslDialogueTest, AQuestionAfterTheOther) {
    ASSERT_TRUE(dialogue.choose(SaslMechanism::login));
    ASSERT_TRUE(begin());
    EXPECT_EQ(dialogue.challenge(), "Username:");
    ASSERT_TRUE(answer("ada"));
    EXPECT_EQ(dialogue.challenge(), "Password:");
    EXPECT_EQ(port.checks, 0);
    EXPECT_FALSE(answer("wrong"));
    EXPECT_EQ(port.checks, 1);
    EXPECT_EQ(dialogue.outcome().status, Status::wrong);
    EXPECT_EQ(dialogue.outcome().user, "ada") << "who the client says it is";
    EXPECT_EQ(dialogue.failure(), SaslFailure::wrong_credentials);
    EXPECT_TRUE(dialogue.has_refused());
}

// The client knows that its token is wrong as soon as it is asked to acknowledge that.
TEST_F(SaslDialogueTest, HasRefusedATokenBeforeItsEnd) {
    ASSERT_TRUE(dialogue.choose(SaslMechanism::oauthbearer));
    ASSERT_TRUE(begin());
    EXPECT_FALSE(dialogue.has_refused());
    ASSERT_TRUE(
        answer("n,a=ada,\x01"
               "auth=Bearer wrong\x01\x01"));
    EXPECT_EQ(dialogue.challenge(), R"({"status":"invalid_token"})");
    EXPECT_TRUE(dialogue.has_refused());
    EXPECT_EQ(dialogue.outcome().status, Status::wrong);
    EXPECT_EQ(dialogue.outcome().user, "ada");
    EXPECT_EQ(dialogue.failure(), SaslFailure::wrong_credentials);
    EXPECT_FALSE(answer("\x01"));
    EXPECT_TRUE(dialogue.has_refused());
    EXPECT_EQ(dialogue.failure(), SaslFailure::wrong_credentials);
    EXPECT_EQ(port.checks, 1);
}

TEST_F(SaslDialogueTest, HasNotRefusedATokenThatIsRight) {
    ASSERT_TRUE(dialogue.choose(SaslMechanism::oauthbearer));
    EXPECT_FALSE(
        answer("n,a=ada,\x01"
               "auth=Bearer secret\x01\x01"));
    EXPECT_EQ(dialogue.outcome().status, Status::right);
    EXPECT_FALSE(dialogue.has_refused());
}

TEST_F(SaslDialogueTest, HasNotRefusedWhatItCannotCheck) {
    port.available = false;
    ASSERT_TRUE(dialogue.choose(SaslMechanism::oauthbearer));
    EXPECT_FALSE(
        answer("n,a=ada,\x01"
               "auth=Bearer wrong\x01\x01"));
    EXPECT_EQ(dialogue.outcome().status, Status::unavailable);
    EXPECT_FALSE(dialogue.has_refused());
}

TEST(WipedAtEnd, WipesWhicheverWayItIsLeft) {
    const std::string secret = "longer than what a string keeps within itself";
    std::string plain = secret;
    std::optional<std::string> maybe = secret;
    std::optional<std::string> none;
    const char* octets = plain.data();
    const char* more_octets = maybe->data();
    {
        const WipedAtEnd wiped(plain);
        const WipedAtEnd wiped_too(maybe);
        const WipedAtEnd not_there(none);
        EXPECT_EQ(plain, secret);
    }
    EXPECT_EQ(plain, "");
    EXPECT_EQ(maybe, "");
    EXPECT_FALSE(none);
    // What they held is still theirs, with other octets in it.
    plain.resize(secret.size(), 'x');
    maybe->resize(secret.size(), 'x');
    EXPECT_EQ(plain.data(), octets);
    EXPECT_EQ(maybe->data(), more_octets);
}

TEST_F(SaslDialogueTest, Scram) {
    tests::ScramClient scram{.login = "ada", .password = "secret"};
    ASSERT_TRUE(dialogue.choose(SaslMechanism::scram_sha_256));
    ASSERT_TRUE(answer(scram.first()));
    ASSERT_TRUE(answer(scram.final(dialogue.challenge()))) << "the server's proof is answered";
    EXPECT_FALSE(answer(""));
    EXPECT_FALSE(dialogue.has_refused());
    EXPECT_EQ(dialogue.outcome().status, Status::right);
    EXPECT_EQ(dialogue.outcome().user, "ada@example.org");
}

// Who it is was found out, and is not proven.
TEST_F(SaslDialogueTest, ScramWithAnotherPassword) {
    tests::ScramClient scram{.login = "ada", .password = "wrong"};
    ASSERT_TRUE(dialogue.choose(SaslMechanism::scram_sha_256));
    ASSERT_TRUE(answer(scram.first()));
    EXPECT_FALSE(answer(scram.final(dialogue.challenge())));
    EXPECT_EQ(dialogue.outcome().status, Status::wrong);
    EXPECT_EQ(dialogue.failure(), SaslFailure::wrong_credentials);
}

TEST_F(SaslDialogueTest, CannotBeCheckedNow) {
    port.available = false;
    ASSERT_TRUE(dialogue.choose(SaslMechanism::plain));
    EXPECT_FALSE(answer("\0ada\0secret"s));
    EXPECT_EQ(dialogue.outcome().status, Status::unavailable);
    EXPECT_EQ(dialogue.failure(), SaslFailure::none);
}

TEST_F(SaslDialogueTest, Malformed) {
    ASSERT_TRUE(dialogue.choose(SaslMechanism::plain));
    EXPECT_FALSE(answer("no zeros"));
    EXPECT_EQ(port.checks, 0);
    EXPECT_EQ(dialogue.outcome().status, Status::wrong);
    EXPECT_EQ(dialogue.failure(), SaslFailure::malformed);
}

}  // namespace
}  // namespace gatepost::dataplane

#include "dataplane/auth/credential_check.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

TEST(CredentialCheck, TellsWhichOneItIs) {
    CredentialCheck check;
    check.login = "alice@example.test";
    check.password = "secret";
    check.crypt_strings = {"{PLAIN}other", "{SHA1}broken", "{PLAIN}secret", "{PLAIN}secret"};
    check.run();
    EXPECT_EQ(check.match, 2u);
    EXPECT_TRUE(check.rehash_wanted);
    EXPECT_EQ(check.unusable, 1u);
    EXPECT_EQ(check.unusable_outcome, storage::VerifyOutcome::malformed);
    check.password = "wrong";
    check.run();
    EXPECT_EQ(check.match, std::nullopt);
    EXPECT_FALSE(check.rehash_wanted);
}

TEST(CredentialCheck, ThePreferredSchemeStays) {
    CredentialCheck check;
    check.password = "secret";
    check.crypt_strings = {*storage::hash_password(storage::kPreferredScheme, "secret")};
    check.run();
    EXPECT_EQ(check.match, 0u);
    EXPECT_FALSE(check.rehash_wanted);
}

TEST(CredentialCheck, NobodyIsNotLetIn) {
    CredentialCheck check;
    check.password = "secret";
    check.run();
    EXPECT_EQ(check.match, std::nullopt);
    check.crypt_strings.assign(kCredentialsTriedMax, "{PLAIN}other");
    check.crypt_strings.push_back("{PLAIN}secret");
    check.run();
    EXPECT_EQ(check.match, std::nullopt) << "beyond those that are tried";
}

}  // namespace
}  // namespace gatepost::dataplane

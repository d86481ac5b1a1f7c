// Who logs in under which name, and what addresses are theirs to send from.
#include <gtest/gtest.h>

#include "tests/unit/mail_directory/test_mail_directory.h"

namespace gatepost::dataplane::tests {
namespace {

class LoginTest : public ::testing::Test {
  protected:
    LoginTest() {
        test.domain("example.org");
        test.domain("alias.example", {.id = 50, .alias_of = "example.org"});
        test.domain("asleep.example", {.id = 51, .active = false});
        ada = test.account("ada@example.org");
        bob = test.account("bob@example.org");
    }
    std::optional<LoginAccount> login(std::string_view name) const {
        return test.directory().account(TestMailDirectory::address(name));
    }

    TestMailDirectory test;
    uint64_t ada = 0;
    uint64_t bob = 0;
};

TEST_F(LoginTest, ByAddress) {
    const auto account = login("ADA@example.org");
    ASSERT_TRUE(account.has_value());
    EXPECT_EQ(account->address, "ada@example.org");
    EXPECT_EQ(account->account.id, ada);
    ASSERT_EQ(account->account.credentials.size(), 1u);
    EXPECT_EQ(account->account.credentials[0].hash, "{PLAIN}secret");
    EXPECT_EQ(login("ada@alias.example")->address, "ada@example.org");
}

TEST_F(LoginTest, NotByWhatIsNoAccount) {
    test.alias("info@example.org", {"ada@example.org"});
    test.account("eve@asleep.example");
    for (const char* name : {"info@example.org", "ada+x@example.org", "nobody@example.org",
                             "ada@example.net", "eve@asleep.example"})
        EXPECT_FALSE(login(name).has_value()) << name;
    test.put(EntryKind::mail_account, "bob@example.org", {9, 9});
    EXPECT_FALSE(login("bob@example.org").has_value());
}

TEST_F(LoginTest, SuspendedAccountsAreToldByTheirFlags) {
    test.account("sus@example.org", storage::kAccountSuspended);
    EXPECT_EQ(login("sus@example.org")->account.flags, storage::kAccountSuspended);
}

TEST_F(LoginTest, SendsFromWhatComesToTheAccount) {
    test.alias("info@example.org", {"ada@example.org", "out@example.net"});
    test.alias("all@example.org", {"info@example.org", "bob@example.org"});
    EXPECT_TRUE(test.may_send(ada, "ada@example.org"));
    EXPECT_TRUE(test.may_send(ada, "ada@alias.example"));
    EXPECT_TRUE(test.may_send(ada, "ada+shop@example.org"));
    EXPECT_TRUE(test.may_send(ada, "info@example.org"));
    EXPECT_TRUE(test.may_send(ada, "all@example.org"));
    EXPECT_FALSE(test.may_send(bob, "info@example.org"));
    EXPECT_FALSE(test.may_send(ada, "bob@example.org"));
    EXPECT_FALSE(test.may_send(ada, "nobody@example.org"));
    EXPECT_FALSE(test.may_send(ada, "ada@example.net"));
    EXPECT_FALSE(test.may_send(ada, "out@example.net"));
    test.alias("@example.org", {"ada@example.org"});
    EXPECT_TRUE(test.may_send(ada, "nobody@example.org"));
    EXPECT_FALSE(test.may_send(ada, "bob@example.org"));
    EXPECT_FALSE(test.may_send(bob, "nobody@example.org"));
}

TEST_F(LoginTest, WhoForwardsKeepsTheAddress) {
    test.alias("ada@example.org", {"ada@example.net"});
    EXPECT_EQ(test.targets("ada@example.org"), "external:ada@example.net");
    EXPECT_TRUE(test.may_send(ada, "ada@example.org"));
    EXPECT_TRUE(test.may_send(ada, "ada+x@example.org"));
    // Somebody else's though it looks like hers.
    test.alias("ada+team@example.org", {"bob@example.org"});
    EXPECT_FALSE(test.may_send(ada, "ada+team@example.org"));
    EXPECT_TRUE(test.may_send(bob, "ada+team@example.org"));
}

TEST_F(LoginTest, AFullMailboxSendsAndOneWithoutMailDoesNot) {
    const uint64_t full = test.account("full@example.org", storage::kAccountOverQuota);
    const uint64_t none = test.account("none@example.org", storage::kAccountNoEmail);
    EXPECT_TRUE(test.may_send(full, "full@example.org"));
    EXPECT_FALSE(test.may_send(none, "none@example.org"));
}

}  // namespace
}  // namespace gatepost::dataplane::tests

// Where mail for an address goes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/mail_directory/alias_walk.h"
#include "tests/unit/mail_directory/test_mail_directory.h"

namespace gatepost::dataplane::tests {
namespace {

class ResolutionTest : public ::testing::Test {
  protected:
    ResolutionTest() {
        test.domain("example.org");
        test.account("ada@example.org");
        test.account("bob@example.org");
    }
    std::string targets(std::string_view address) const { return test.targets(address); }

    TestMailDirectory test;
};

TEST_F(ResolutionTest, Accounts) {
    EXPECT_EQ(targets("ada@example.org"), "ada@example.org");
    EXPECT_EQ(targets("ADA@Example.Org"), "ada@example.org");
    EXPECT_EQ(targets("eve@example.org"), "no_such_user");
    const uint64_t id = test.account("\"a b\"@example.org");
    EXPECT_EQ(targets("\"A b\"@example.org"), "\"a b\"@example.org");
    const auto resolution = test.resolve("\"a b\"@example.org");
    EXPECT_EQ(resolution.targets[0].account_id, id);
    EXPECT_EQ(resolution.targets[0].kind, MailTarget::Kind::account);
}

TEST_F(ResolutionTest, Domains) {
    test.domain("alias.example", {.id = 50, .alias_of = "example.org"});
    test.domain("asleep.example", {.id = 51, .active = false, .subaddress_delimiters = "+"});
    test.domain("of-asleep.example", {.id = 52, .alias_of = "asleep.example"});
    test.domain("of-none.example", {.id = 53, .alias_of = "gone.example"});
    test.domain("circle.example", {.id = 54, .alias_of = "circle.example"});
    test.account("eve@asleep.example");
    const MailDirectory directory = test.directory();
    EXPECT_EQ(directory.domain("example.org"), DomainStatus::active);
    EXPECT_EQ(directory.domain("alias.example"), DomainStatus::active);
    EXPECT_EQ(directory.domain("example.net"), DomainStatus::unknown);
    EXPECT_EQ(targets("ada@alias.example"), "ada@example.org");
    EXPECT_EQ(targets("ada+x@alias.example"), "ada@example.org");
    EXPECT_EQ(targets("eve@alias.example"), "no_such_user");
    EXPECT_EQ(targets("ada@example.net"), "no_such_domain");
    EXPECT_EQ(targets("ada@[192.0.2.1]"), "no_such_domain");
    for (const char* name :
         {"asleep.example", "of-asleep.example", "of-none.example", "circle.example"}) {
        EXPECT_EQ(directory.domain(name), DomainStatus::inactive) << name;
        EXPECT_EQ(targets(fmt::format("eve@{}", name)), "inactive_domain") << name;
    }
}

TEST_F(ResolutionTest, Aliases) {
    test.alias("info@example.org", {"ada@example.org", "Eve@Example.net", "gone@example.org"});
    test.alias("all@example.org", {"bob@example.org", "info@example.org"});
    EXPECT_EQ(targets("info@example.org"), "ada@example.org external:Eve@Example.net");
    EXPECT_EQ(targets("all@example.org"),
              "ada@example.org bob@example.org external:Eve@Example.net");
    test.alias("dead@example.org", {"gone@example.org"});
    EXPECT_EQ(targets("dead@example.org"), "no_such_user");
    test.alias("odd@example.org", {"ADA@Example.org", "no address"});
    EXPECT_EQ(targets("odd@example.org"), "ada@example.org");
}

TEST_F(ResolutionTest, EachTargetOnce) {
    test.domain("alias.example", {.id = 50, .alias_of = "example.org"});
    test.alias("a@example.org", {"ada@alias.example", "ada@example.org", "ada+1@example.org",
                                 "b@example.org", "x@example.net"});
    test.alias("b@example.org", {"ada@example.org", "x@example.net"});
    EXPECT_EQ(targets("a@example.org"), "ada@example.org external:x@example.net");
}

TEST_F(ResolutionTest, AnAliasOfAnAccountsAddressComesFirst) {
    test.alias("ada@example.org", {"ada@example.net"});
    EXPECT_EQ(targets("ada@example.org"), "external:ada@example.net");
    // A copy stays with her.
    test.alias("ada@example.org", {"ada@example.net", "ada@example.org"});
    EXPECT_EQ(targets("ada@example.org"), "ada@example.org external:ada@example.net");
    // Two who forward to one another: nothing is lost.
    test.alias("ada@example.org", {"bob@example.org"});
    test.alias("bob@example.org", {"ada@example.org"});
    EXPECT_EQ(targets("ada@example.org"), "ada@example.org");
    EXPECT_EQ(targets("bob@example.org"), "bob@example.org");
}

TEST_F(ResolutionTest, LoopsEndThere) {
    test.alias("a@example.org", {"b@example.org"});
    test.alias("b@example.org", {"c@example.org"});
    test.alias("c@example.org", {"a@example.org"});
    EXPECT_EQ(targets("a@example.org"), "loop");
    test.alias("self@example.org", {"self@example.org"});
    EXPECT_EQ(targets("self@example.org"), "loop");
    test.alias("c@example.org", {"a@example.org", "ada@example.org"});
    EXPECT_EQ(targets("a@example.org"), "ada@example.org");
    EXPECT_EQ(targets("b@example.org"), "ada@example.org");
}

// Two ways to the same alias are no circle.
TEST_F(ResolutionTest, AnAliasThatIsReachedTwice) {
    test.alias("all@example.org", {"a@example.org", "b@example.org"});
    test.alias("a@example.org", {"ada@example.org"});
    test.alias("b@example.org", {"ada@example.org"});
    test.alias("ada@example.org", {"ada@example.net"});
    EXPECT_EQ(targets("all@example.org"), "external:ada@example.net") << "she keeps no copy";
    test.alias("a@example.org", {"dead@example.org"});
    test.alias("b@example.org", {"dead@example.org"});
    test.alias("dead@example.org", {"gone@example.org"});
    EXPECT_EQ(targets("all@example.org"), "no_such_user");
}

TEST_F(ResolutionTest, Subaddresses) {
    EXPECT_EQ(targets("ada+lists@example.org"), "ada@example.org");
    EXPECT_EQ(targets("ada+@example.org"), "ada@example.org");
    EXPECT_EQ(targets("+ada@example.org"), "no_such_user");
    EXPECT_EQ(targets("ada-x@example.org"), "no_such_user");
    test.alias("info@example.org", {"bob@example.org"});
    EXPECT_EQ(targets("info+x@example.org"), "bob@example.org");
    // What is there by its whole name counts before.
    test.account("ada+own@example.org");
    EXPECT_EQ(targets("ada+own@example.org"), "ada+own@example.org");
    EXPECT_EQ(targets("ada+own+x@example.org"), "ada@example.org");
    test.domain("both.example", {.id = 60, .subaddress_delimiters = "-+"});
    test.account("eve@both.example");
    EXPECT_EQ(targets("eve-a+b@both.example"), "eve@both.example");
    EXPECT_EQ(targets("eve+a-b@both.example"), "eve@both.example");
    test.domain("none.example", {.id = 61});
    test.account("eve@none.example");
    EXPECT_EQ(targets("eve+a@none.example"), "no_such_user");
}

TEST_F(ResolutionTest, CatchAllTakesWhatNobodyElseHas) {
    test.alias("@example.org", {"bob@example.org"});
    test.alias("info@example.org", {"x@example.net"});
    EXPECT_EQ(targets("nobody@example.org"), "bob@example.org");
    EXPECT_EQ(targets("\"\"@example.org"), "bob@example.org");
    EXPECT_EQ(targets("ada@example.org"), "ada@example.org");
    EXPECT_EQ(targets("ada+x@example.org"), "ada@example.org");
    EXPECT_EQ(targets("info@example.org"), "external:x@example.net");
    test.account("none@example.org", storage::kAccountNoEmail);
    EXPECT_EQ(targets("none@example.org"), "no_email");
    test.alias("@example.org", {"nobody@example.org"});
    EXPECT_EQ(targets("somebody@example.org"), "loop");
    test.domain("all.example");
    test.alias("@all.example", {"ada@example.org"});
    EXPECT_EQ(targets("anybody+x@all.example"), "ada@example.org");
}

TEST_F(ResolutionTest, Postmaster) {
    const storage::MailAddress bare{"postmaster", ""};
    EXPECT_EQ(targets("postmaster@example.org"), "no_such_user");
    EXPECT_EQ(TestMailDirectory::describe(test.directory().resolve(bare)), "no_such_user");
    test.postmaster = "ada@example.org";
    test.domain("example.com");
    test.domain("asleep.example", {.id = 51, .active = false});
    EXPECT_EQ(targets("Postmaster@example.com"), "ada@example.org");
    EXPECT_EQ(targets("postmaster@asleep.example"), "inactive_domain");
    EXPECT_EQ(targets("postmaster@example.net"), "no_such_domain");
    EXPECT_EQ(TestMailDirectory::describe(test.directory().resolve(bare)), "ada@example.org");
    EXPECT_EQ(TestMailDirectory::describe(test.directory().resolve({"ada", ""})), "no_such_user");
    // A domain's own comes first; its catch-all does not.
    test.alias("@example.com", {"bob@example.org"});
    EXPECT_EQ(targets("postmaster@example.com"), "ada@example.org");
    test.alias("postmaster@example.com", {"bob@example.org"});
    EXPECT_EQ(targets("postmaster@example.com"), "bob@example.org");
    EXPECT_EQ(targets("postmaster+x@example.com"), "bob@example.org");
    // One who is not there, under the very name.
    test.postmaster = "postmaster@example.org";
    EXPECT_EQ(targets("postmaster@example.org"), "no_such_user");
    test.postmaster = "hostmaster@example.net";
    EXPECT_EQ(targets("postmaster@example.org"), "external:hostmaster@example.net");
}

TEST_F(ResolutionTest, FlagsOfAccounts) {
    test.account("sus@example.org", storage::kAccountSuspended);
    test.account("full@example.org", storage::kAccountOverQuota);
    test.account("full2@example.org", storage::kAccountOverQuota);
    test.account("none@example.org", storage::kAccountNoEmail);
    EXPECT_EQ(targets("sus@example.org"), "sus@example.org");
    EXPECT_EQ(test.resolve("full@example.org").status, ResolutionStatus::over_quota);
    EXPECT_EQ(targets("none@example.org"), "no_email");
    test.alias("full-both@example.org", {"full@example.org", "full2@example.org"});
    EXPECT_EQ(test.resolve("full-both@example.org").status, ResolutionStatus::over_quota);
    test.alias("some@example.org", {"full@example.org", "ada@example.org", "none@example.org"});
    EXPECT_EQ(targets("some@example.org"), "ada@example.org full@example.org");
    test.alias("nones@example.org", {"none@example.org", "gone@example.org"});
    EXPECT_EQ(targets("nones@example.org"), "no_email");
}

TEST_F(ResolutionTest, DepthAndNumbersEnd) {
    const auto chain = [&](int length) {
        for (int i = 1; i < length; ++i)
            test.alias(fmt::format("l{}n{}@example.org", length, i),
                       {fmt::format("l{}n{}@example.org", length, i + 1)});
        test.alias(fmt::format("l{0}n{0}@example.org", length), {"ada@example.org"});
        return targets(fmt::format("l{}n1@example.org", length));
    };
    EXPECT_EQ(chain(kAliasDepthMax), "ada@example.org");
    EXPECT_EQ(chain(kAliasDepthMax + 1), "too_many");

    std::vector<std::string> names;
    for (size_t i = 0; i < kTargetsMax; ++i) names.push_back(fmt::format("u{}@example.net", i));
    test.alias("list@example.org", names);
    EXPECT_EQ(test.resolve("list@example.org").status, ResolutionStatus::ok);
    EXPECT_EQ(test.resolve("list@example.org").targets.size(), kTargetsMax);
    test.alias("larger@example.org", {"list@example.org", "ada@example.org"});
    EXPECT_EQ(test.resolve("larger@example.org").status, ResolutionStatus::too_many);
    test.alias("same@example.org", {"list@example.org", "u7@example.net"});
    EXPECT_EQ(test.resolve("same@example.org").status, ResolutionStatus::ok);
}

// Aliases whose targets are aliases again would otherwise be worked through for ever.
TEST_F(ResolutionTest, WorkEnds) {
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i) names.push_back(fmt::format("n{}@example.org", i));
    for (const std::string& name : names) test.alias(name, names);
    EXPECT_EQ(test.resolve("n0@example.org").status, ResolutionStatus::too_many);
    std::vector<std::string> missing;
    for (size_t i = 0; i < storage::kAliasTargetsMax; ++i)
        missing.push_back(fmt::format("missing{}@example.org", i));
    test.alias("m@example.org", missing);
    EXPECT_EQ(targets("m@example.org"), "too_many");
    missing.pop_back();
    test.alias("m@example.org", missing);
    EXPECT_EQ(targets("m@example.org"), "no_such_user");
}

TEST_F(ResolutionTest, DamagedEntriesAreToldFromMissingOnes) {
    test.put(EntryKind::mail_account, "ada@example.org", {7, 7});
    EXPECT_EQ(targets("ada@example.org"), "damaged");
    test.alias("x@example.org", {"bob@example.org", "eve@example.net"});
    auto octets = storage::encode(storage::MailAlias{{"bob@example.org", "eve@example.net"}});
    octets.pop_back();
    test.put(EntryKind::mail_alias, "x@example.org", octets);
    EXPECT_EQ(test.resolve("x@example.org").status, ResolutionStatus::damaged);
}

}  // namespace
}  // namespace gatepost::dataplane::tests

#include "controlplane/model/mail_alias.h"

#include <gtest/gtest.h>

#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {
namespace {

using Values = std::vector<std::string>;

void add(Connection& connection, const std::string& source, const Values& targets) {
    const auto added = mail_alias_add(connection, source, targets, {});
    ASSERT_TRUE(added) << added.error().message;
}

MailRoute route_of(Connection& connection, const std::string& address) {
    auto routes = mail_routes(connection, {{address, ""}});
    EXPECT_TRUE(routes) << (routes ? "" : routes.error().message);
    return routes ? routes->front() : MailRoute();
}

TEST(MailRoute, TheOrderOfTheSearch) {
    Connection connection = mail_database();
    EXPECT_EQ(route_of(connection, "ada@example.org").accounts, Values{"ada@example.org"});
    EXPECT_EQ(route_of(connection, "ada+news@example.org").accounts, Values{"ada@example.org"});
    EXPECT_FALSE(route_of(connection, "ada-news@example.org").arrives());
    EXPECT_EQ(route_of(connection, "eve@example.org").nobody, Values{"eve@example.org"});
    EXPECT_FALSE(route_of(connection, "eve@elsewhere.net").ours);
    EXPECT_FALSE(route_of(connection, "eve@elsewhere.net").arrives());

    add(connection, "@example.org", {"bob@example.org"});
    EXPECT_EQ(route_of(connection, "eve@example.org").accounts, Values{"bob@example.org"});
    EXPECT_EQ(route_of(connection, "ada+news@example.org").accounts, Values{"ada@example.org"});
    add(connection, "ada+news@example.org", {"news@elsewhere.net"});
    EXPECT_EQ(route_of(connection, "ada+news@example.org").elsewhere, Values{"news@elsewhere.net"});
    add(connection, "ada@example.org", {"bob@example.org"});
    EXPECT_EQ(route_of(connection, "ada@example.org").accounts, Values{"bob@example.org"})
        << "an alias goes before an account";
    add(connection, "ada@example.org", {"ada@example.org"});
    EXPECT_EQ(route_of(connection, "ada@example.org").accounts,
              (Values{"bob@example.org", "ada@example.org"}))
        << "and keeps a copy where it is its own target";
}

TEST(MailRoute, DomainsRolesAndQuotas) {
    Connection connection = mail_database();
    ASSERT_TRUE(mail_domain_put(connection, "example.net", {.alias_of = "example.org"}, {}));
    EXPECT_EQ(route_of(connection, "ada+x@example.net").accounts, Values{"ada@example.org"});
    ASSERT_TRUE(connection.exec("UPDATE gatepost.accounts SET over_quota = true WHERE id = 1"));
    EXPECT_EQ(route_of(connection, "ada@example.org").over_quota, Values{"ada@example.org"});
    ASSERT_TRUE(account_set(connection, "bob@example.org", {.role = "no_email"}, {}));
    EXPECT_EQ(route_of(connection, "bob@example.org").nobody, Values{"bob@example.org"});
    add(connection, "@example.org", {"ada@example.org"});
    EXPECT_FALSE(route_of(connection, "bob@example.org").arrives()) << "it has an owner";
    ASSERT_TRUE(account_set(connection, "ada@example.org", {.state = "suspended"}, {}));
    EXPECT_TRUE(route_of(connection, "ada@example.org").arrives());
    ASSERT_TRUE(mail_domain_set(connection, "example.org", {.active = false}, {}));
    EXPECT_FALSE(route_of(connection, "ada@example.org").active);
    EXPECT_FALSE(route_of(connection, "ada@example.net").arrives());
}

TEST(MailRoute, CirclesEndWhereTheyClose) {
    Connection connection = mail_database();
    add(connection, "a@example.org", {"b@example.org"});
    add(connection, "b@example.org", {"a@example.org"});
    const MailRoute circle = route_of(connection, "a@example.org");
    EXPECT_TRUE(circle.loop);
    EXPECT_FALSE(circle.arrives());
    add(connection, "b@example.org", {"ada@example.org"});
    EXPECT_TRUE(route_of(connection, "a@example.org").arrives());
    EXPECT_FALSE(route_of(connection, "a@example.org").whole());
    add(connection, "self@example.org", {"self@example.org"});
    EXPECT_TRUE(route_of(connection, "self@example.org").loop) << "nobody has it";
    add(connection, "bob@example.org", {"c@example.org"});
    add(connection, "c@example.org", {"bob@example.org"});
    EXPECT_FALSE(route_of(connection, "c@example.org").arrives());
    EXPECT_EQ(route_of(connection, "bob@example.org").accounts, Values{"bob@example.org"})
        << "back at an address with an account, it gets the mail";
}

TEST(MailRoute, TwoWaysToOneAddressAreNoCircle) {
    Connection connection = mail_database();
    add(connection, "all@example.org", {"left@example.org", "right@example.org"});
    add(connection, "left@example.org", {"end@example.org"});
    add(connection, "right@example.org", {"end@example.org"});
    add(connection, "end@example.org", {"ada@example.org"});
    EXPECT_TRUE(route_of(connection, "all@example.org").whole());
    EXPECT_EQ(route_of(connection, "all@example.org").accounts, Values{"ada@example.org"});
}

TEST(MailRoute, Postmaster) {
    Connection connection = mail_database();
    add(connection, "@example.org", {"bob@example.org"});
    const auto to = [&](const std::string& address, const std::string& postmaster) {
        return mail_routes(connection, {{address, ""}}, postmaster)->front().accounts;
    };
    EXPECT_EQ(to("postmaster@example.org", "Ada@example.org"), Values{"ada@example.org"});
    EXPECT_EQ(to("postmaster+x@example.org", "ada@example.org"), Values{"ada@example.org"});
    EXPECT_EQ(to("postmaster@example.org", ""), Values{"bob@example.org"});
    EXPECT_EQ(to("postmaster@example.org", "postmaster@example.org"), Values{"bob@example.org"});
    add_account(connection, "postmaster@example.org");
    EXPECT_EQ(to("postmaster@example.org", "ada@example.org"), Values{"postmaster@example.org"});
}

TEST(MailRoute, ChainsAndListsAreCut) {
    Connection connection = mail_database();
    for (int level = 0; level < 12; ++level)
        add(connection, fmt::format("l{}@example.org", level),
            {level == 11 ? "ada@example.org" : fmt::format("l{}@example.org", level + 1)});
    EXPECT_TRUE(route_of(connection, "l0@example.org").cut);
    EXPECT_FALSE(route_of(connection, "l0@example.org").arrives());
    EXPECT_TRUE(route_of(connection, "l2@example.org").whole()) << "ten aliases are followed";
    Values many;
    for (size_t n = 0; n <= kAliasRecipientsMax; ++n)
        many.push_back(fmt::format("u{}@elsewhere.net", n));
    add(connection, "all@example.org", many);
    EXPECT_TRUE(route_of(connection, "all@example.org").cut);
    EXPECT_EQ(route_of(connection, "all@example.org").elsewhere.size(), kAliasRecipientsMax);
}

TEST(MailAlias, AddSaysWhatIsOdd) {
    Connection connection = mail_database();
    auto dry =
        mail_alias_add(connection, "info@example.org", {"ada@example.org"}, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->added.size(), 1U);
    EXPECT_TRUE(mail_alias_list(connection)->empty());
    auto added = mail_alias_add(connection, "info@example.org",
                                {"ada@example.org", "X@Elsewhere.net", "eve@example.org"}, {});
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(added->warnings,
              Values{"info@example.org → eve@example.org: nobody has the address eve@example.org"});
    auto again = mail_alias_add(connection, "info@example.org", {"ada@example.org"}, {});
    EXPECT_EQ(again->kept.size(), 1U);
    EXPECT_EQ(again->lsn, 0U);
    EXPECT_EQ(mail_alias_add(connection, "eve@example.org", {"info@example.org"}, {})->warnings,
              Values{"eve@example.org → info@example.org: aliases go in a circle here, and end "
                     "where it closes"});
    EXPECT_ERROR(mail_alias_add(connection, "info@example.net", {"a@b.org"}, {}),
                 ErrorCode::refused, "example.net is no mail domain");
}

TEST(MailAlias, ListResolvesToTheEnd) {
    Connection connection = mail_database();
    ASSERT_TRUE(mail_domain_put(connection, "example.com", {}, {}));
    add(connection, "info@example.org", {"team@example.org"});
    add(connection, "team@example.org", {"ada@example.org", "carol@elsewhere.net"});
    add(connection, "old@example.com", {"gone@example.org"});
    auto all = mail_alias_list(connection);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 4U);
    EXPECT_EQ((*all)[0].alias.source, "old@example.com");
    EXPECT_FALSE((*all)[0].route.whole());
    EXPECT_FALSE((*all)[0].exterior);
    EXPECT_EQ((*all)[1].alias.source, "info@example.org");
    EXPECT_TRUE((*all)[1].route.whole());
    EXPECT_EQ((*all)[1].route.accounts, Values{"ada@example.org"});
    EXPECT_EQ((*all)[1].route.elsewhere, Values{"carol@elsewhere.net"});
    EXPECT_TRUE((*all)[3].exterior);
    EXPECT_EQ((*all)[3].route.accounts, Values{}) << "of this target only";
    EXPECT_EQ(mail_alias_list(connection, {.domain = "example.com"})->size(), 1U);
    EXPECT_EQ(mail_alias_list(connection, {.source = "team@example.org"})->size(), 2U);
}

TEST(MailAlias, RemoveAndImport) {
    Connection connection = mail_database();
    add(connection, "info@example.org", {"ada@example.org", "bob@example.org"});
    auto one = mail_alias_remove(connection, "info@example.org", {"ada@example.org"}, {});
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->removed.size(), 1U);
    EXPECT_ERROR(mail_alias_remove(connection, "info@example.org", {"ada@example.org"}, {}),
                 ErrorCode::refused, "no such alias");
    auto replaced = mail_alias_import(
        connection,
        {{"info@example.org", "bob@example.org"}, {"new@example.org", "ada@example.org"}}, false,
        {});
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_EQ(replaced->added.size(), 1U);
    EXPECT_EQ(replaced->kept.size(), 1U);
    replaced = mail_alias_import(connection, {{"new@example.org", "ada@example.org"}}, true, {});
    EXPECT_EQ(replaced->removed, (std::vector<MailAlias>{{"info@example.org", "bob@example.org"}}));
    EXPECT_EQ(mail_alias_list(connection)->size(), 1U);
    EXPECT_EQ(mail_alias_remove(connection, "new@example.org", {}, {})->removed.size(), 1U);
}

}  // namespace
}  // namespace gatepost::controlplane

#include "controlplane/model/mail_domain.h"

#include <gtest/gtest.h>

#include "controlplane/model/domain.h"
#include "controlplane/model/mail_name.h"
#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {
namespace {

TEST(MailName, OneFormOfEach) {
    EXPECT_EQ(*mail_domain_from_text("Example.ORG."), "example.org");
    EXPECT_EQ(*mail_domain_from_text("b\xc3\xbc"
                                     "cher.example"),
              "xn--bcher-kva.example");
    EXPECT_EQ(*mail_address_from_text("Ada.L@Example.org"), "ada.l@example.org");
    EXPECT_EQ(*alias_source_from_text("@Example.org"), "@example.org");
    EXPECT_EQ(domain_of("\"a@b\"@example.org"), "example.org");
    EXPECT_EQ(local_part_of("\"a@b\"@example.org"), "\"a@b\"");
    EXPECT_ERROR(mail_address_from_text("ada"), ErrorCode::usage, "ada");
    EXPECT_ERROR(mail_address_from_text("@example.org"), ErrorCode::usage, "@example.org");
    EXPECT_ERROR(mail_address_from_text("ada@[192.0.2.1]"), ErrorCode::usage, "brackets");
    EXPECT_ERROR(alias_source_from_text("@"), ErrorCode::usage, "domain");
    EXPECT_ERROR(mail_domain_from_text("a b"), ErrorCode::usage, "a b");
}

TEST(MailDomain, PutSetAndRemove) {
    Connection connection = new_database();
    auto dry = mail_domain_put(connection, "example.org", {}, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_TRUE(dry->after);
    EXPECT_EQ(dry->lsn, 0U);
    EXPECT_TRUE(mail_domain_list(connection)->empty());

    auto made =
        mail_domain_put(connection, "example.org", {.display_name = "Example"}, {.actor = "eve"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_FALSE(made->before);
    EXPECT_EQ(made->after->display_name, "Example");
    EXPECT_EQ(made->after->created_by, "eve");
    EXPECT_GT(made->lsn, 0U);
    auto again = mail_domain_put(connection, "example.org", {}, {});
    EXPECT_EQ(again->before, again->after);
    EXPECT_EQ(again->lsn, 0U) << "nothing changed";

    auto set = mail_domain_set(connection, "example.org",
                               {.active = false,
                                .smtp_host = "mail.example.org",
                                .subaddress_delimiters = "+-",
                                .default_quota_bytes = 1000},
                               {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_TRUE(set->before->active);
    EXPECT_FALSE(set->after->active);
    EXPECT_EQ(set->after->subaddress_delimiters, "+-");
    EXPECT_EQ(set->after->default_quota_bytes, 1000U);
    EXPECT_EQ(set->after->display_name, "Example");
    EXPECT_ERROR(mail_domain_set(connection, "example.net", {}, {}), ErrorCode::refused,
                 "gatepost domain create example.net");
    EXPECT_ERROR(mail_domain_set(connection, "example.org", {.subaddress_delimiters = "@"}, {}),
                 ErrorCode::invalid, "check constraint");

    ASSERT_TRUE(mail_domain_put(connection, "example.net", {.alias_of = "example.org"}, {}));
    EXPECT_EQ(mail_domain_get(connection, "example.net")->alias_of, "example.org");
    ASSERT_TRUE(mail_domain_set(connection, "example.net", {.alias_of = ""}, {}));
    EXPECT_EQ(mail_domain_get(connection, "example.net")->alias_of, "");

    ASSERT_TRUE(mail_domain_remove(connection, "example.net", {}));
    add_account(connection, "ada@example.org");
    ASSERT_TRUE(account_remove(connection, "ada@example.org", {}));
    EXPECT_ERROR(mail_domain_remove(connection, "example.org", {}), ErrorCode::refused,
                 "1 accounts, 1 of them in the bin");
    EXPECT_EQ(audit_actions(connection),
              "mail_domain.create example.org, mail_domain.set example.org, mail_domain.create "
              "example.net, mail_domain.set example.net, mail_domain.remove example.net, "
              "account.add ada@example.org, account.remove ada@example.org");
}

TEST(MailDomain, ComesWithADomainOfDns) {
    Connection connection = new_database();
    NewDomain domain;
    domain.zone = {.name = "Example.org", .name_servers = {"ns.example.net"}};
    domain.mail = true;
    auto made = domain_create(connection, domain, {});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->mail_created);
    auto again = domain_create(connection, domain, {});
    EXPECT_FALSE(again->mail_created);
    EXPECT_EQ(again->write.lsn, 0U);
    domain.zone.name = "2.0.192.in-addr.arpa";
    EXPECT_FALSE(domain_create(connection, domain, {})->mail_created);
    domain.zone.name = "a\\.b.example";
    EXPECT_FALSE(domain_create(connection, domain, {})->mail_created);

    auto mail_only = domain_create_for_mail(connection, "example.com", {});
    ASSERT_TRUE(mail_only) << mail_only.error().message;
    EXPECT_GT(mail_only->lsn, 0U);
    EXPECT_FALSE(mail_only->before);
    EXPECT_EQ(domain_create_for_mail(connection, "example.com", {})->lsn, 0U);
    ASSERT_TRUE(mail_domain_put(connection, "only.mail", {}, {}));

    auto all = domain_list(connection);
    ASSERT_TRUE(all) << all.error().message;
    std::string text;
    for (const Domain& one : *all)
        text += fmt::format("{} {}{} ", one.name, one.zones.size(), one.mail ? " mail" : "");
    EXPECT_EQ(text,
              "2.0.192.in-addr.arpa. 1 a\\.b.example. 1 example.com. 0 mail example.org. 1 mail "
              "only.mail. 0 mail ");
}

}  // namespace
}  // namespace gatepost::controlplane

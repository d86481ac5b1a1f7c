#include "controlplane/model/account.h"

#include <gtest/gtest.h>

#include "controlplane/model/audit.h"
#include "controlplane/model/credential.h"
#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {
namespace {

using Findings = std::vector<std::string>;

TEST(Account, Add) {
    Connection connection = mail_database();
    ASSERT_TRUE(mail_domain_set(connection, "example.org", {.default_quota_bytes = 5000}, {}));
    NewAccount eve{.address = "eve@example.org", .display_name = "Eve", .role = "admin"};
    auto dry = account_add(connection, eve, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->after->quota_bytes, 5000U);
    EXPECT_EQ(dry->lsn, 0U);
    auto made = account_add(connection, eve, {.actor = "root"});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_GT(made->lsn, 0U);
    EXPECT_EQ(made->after->role, "admin");
    EXPECT_EQ(made->after->created_by, "root");
    EXPECT_EQ(account_findings(*made->after), Findings{"no password set: nobody can log in"});
    EXPECT_TRUE(account_findings(*account_get(connection, "ada@example.org")).empty());
    EXPECT_ERROR(account_add(connection, eve, {}), ErrorCode::refused, "exists already");
    EXPECT_ERROR(account_add(connection, {.address = "eve@example.net"}, {}), ErrorCode::refused,
                 "eve@example.net: example.net is no mail domain of this system");
    ASSERT_TRUE(mail_domain_put(connection, "example.net", {.alias_of = "example.org"}, {}));
    EXPECT_ERROR(account_add(connection, {.address = "eve@example.net"}, {}), ErrorCode::refused,
                 "alias of the domain example.org");
    EXPECT_ERROR(account_add(connection, {.address = "x@example.org", .role = "king"}, {}),
                 ErrorCode::invalid, "check constraint");
    EXPECT_ERROR(account_add(connection, {.address = "x@example.org", .hash = "secret"}, {}),
                 ErrorCode::invalid, "check constraint");
    EXPECT_EQ(account_list(connection, {.domain = "example.org"})->size(), 3U);
    EXPECT_EQ(audit_first_broken(connection)->has_value(), false);
    auto audit = audit_list(connection, {.resource = "eve@example.org"});
    ASSERT_TRUE(audit) << audit.error().message;
    ASSERT_EQ(audit->size(), 1U);
    EXPECT_EQ(audit->front().actor, "root");
    EXPECT_EQ(audit->front().action, "account.add");
}

TEST(Account, Set) {
    Connection connection = mail_database();
    auto set = account_set(connection, "ada@example.org",
                           {.state = "suspended", .quota_bytes = 7, .quota_messages = 8}, {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->before->state, "active");
    EXPECT_EQ(set->after->state, "suspended");
    EXPECT_EQ(set->after->quota_messages, 8U);
    EXPECT_EQ(account_findings(*set->after), Findings{"suspended: nobody can log in"});
    auto same = account_set(connection, "ada@example.org", {.state = "suspended"}, {});
    EXPECT_EQ(same->lsn, 0U);
    ASSERT_TRUE(account_set(connection, "ada@example.org", {.state = "active"}, {}));
    EXPECT_ERROR(account_set(connection, "eve@example.org", {}, {}), ErrorCode::refused,
                 "no account eve@example.org");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(action, ' ' ORDER BY id) FROM gatepost.audit_log WHERE "
                    "resource = 'ada@example.org'"),
              "account.add account.suspend account.resume");
}

TEST(Account, TheBin) {
    Connection connection = mail_database();
    auto removed = account_remove(connection, "ada@example.org", {});
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(removed->after->address, "ada@example.org");
    EXPECT_NE(removed->after->removed_at, "");
    EXPECT_ERROR(account_get(connection, "ada@example.org"), ErrorCode::refused, "no account");
    EXPECT_EQ(account_list(connection)->size(), 1U);
    EXPECT_EQ(account_list(connection, {.bin = true})->size(), 1U);
    EXPECT_ERROR(account_remove(connection, "ada@example.org", {}), ErrorCode::refused,
                 "no account");

    add_account(connection, "ada@example.org");
    EXPECT_ERROR(account_undelete(connection, {.address = "ada@example.org"}, {}),
                 ErrorCode::refused, "another account has the address");
    EXPECT_ERROR(account_purge(connection, {.address = "bob@example.org"}, {}), ErrorCode::refused,
                 "bob@example.org is not in the bin");
    ASSERT_TRUE(account_remove(connection, "ada@example.org", {}));
    EXPECT_ERROR(account_purge(connection, {.address = "ada@example.org"}, {}), ErrorCode::refused,
                 "2 accounts in the bin");
    const int64_t first = removed->after->id;
    auto purged = account_purge(connection, {.address = "ada@example.org", .id = first}, {});
    ASSERT_TRUE(purged) << purged.error().message;
    EXPECT_FALSE(purged->after);
    auto back = account_undelete(connection, {.address = "ada@example.org"}, {});
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->after->state, "active");
    EXPECT_NE(back->after->id, first);
    EXPECT_EQ(back->after->passwords, 1U) << "nothing was lost";
    EXPECT_EQ(back->after->removed_at, "");
}

TEST(Credential, PasswordAndAppPasswords) {
    Connection connection = mail_database();
    auto set = password_set(connection, "ada@example.org", "{SSHA}new", {"*"}, {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->before->scheme, "SSHA512");
    EXPECT_EQ(set->after->scheme, "SSHA");
    auto own = password_set(connection, "ada@example.org", "{SSHA}imap", {"pop3", "imap"}, {});
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_FALSE(own->before);
    EXPECT_EQ(own->after->services, (std::vector<std::string>{"imap", "pop3"}));
    EXPECT_TRUE(
        password_set(connection, "ada@example.org", "{SSHA}x", {"imap", "pop3"}, {})->before);

    NewAppPassword phone{.label = "phone",
                         .hash = kHash,
                         .services = {"imap"},
                         .expires_at = "2100-01-01T00:00:00Z"};
    auto added = app_password_add(connection, "ada@example.org", phone, {});
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(added->after->expires_at, "2100-01-01T00:00:00Z");
    EXPECT_ERROR(app_password_add(connection, "ada@example.org", phone, {}), ErrorCode::refused,
                 "already");
    phone.label = "tablet";
    phone.services = {"fax"};
    EXPECT_ERROR(app_password_add(connection, "ada@example.org", phone, {}), ErrorCode::invalid,
                 "check");
    auto all = credential_list(connection, "ada@example.org");
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 3U);
    EXPECT_EQ(all->back().label, "phone");
    EXPECT_EQ(account_get(connection, "ada@example.org")->app_passwords, 1U);
    EXPECT_ERROR(app_password_remove(connection, "ada@example.org", "car", {}), ErrorCode::refused,
                 "no app password \"car\"");
    auto gone = app_password_remove(connection, "ada@example.org", "phone", {});
    ASSERT_TRUE(gone) << gone.error().message;
    EXPECT_FALSE(gone->after);
    EXPECT_ERROR(password_set(connection, "eve@example.org", kHash, {"*"}, {}), ErrorCode::refused,
                 "no account");
    EXPECT_EQ(
        value(connection, "SELECT count(*) FROM gatepost.audit_log WHERE data::text LIKE '%SSHA%'"),
        "0");
}

}  // namespace
}  // namespace gatepost::controlplane

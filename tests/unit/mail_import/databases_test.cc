#include <gtest/gtest.h>

#include "controlplane/mail_import/other_databases.h"
#include "controlplane/model/account.h"
#include "controlplane/model/mail_alias.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

// An empty database with what `sql` makes in it.
Connection database_of(const std::string& name, const std::string& sql) {
    EXPECT_TRUE(server->postgres().create_database(name));
    auto connection = Connection::open(server->postgres().dsn(name), "mail_import_test");
    EXPECT_TRUE(connection);
    const auto made = connection->exec(sql);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return std::move(*connection);
}

std::string state_of(Connection& connection) {
    return value(connection,
                 "SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
                 "SELECT concat_ws(' ', 'user', address, state, role, quota_bytes, display_name) "
                 "AS line FROM gatepost.accounts UNION ALL "
                 "SELECT concat_ws(' ', 'password', a.address, c.services, c.hash) FROM "
                 "gatepost.credentials c JOIN gatepost.accounts a ON a.id = c.account_id UNION ALL "
                 "SELECT concat_ws(' ', 'alias', source, target, active) FROM gatepost.aliases "
                 "UNION ALL SELECT concat_ws(' ', 'domain', name, active, display_name, imap_host) "
                 "FROM gatepost.mail_domains UNION ALL "
                 "SELECT concat_ws(' ', 'rule', field, contains, folder) FROM "
                 "gatepost.filing_rules) AS lines");
}

MailImportResult apply(Connection& connection, const Result<MailImport>& import) {
    EXPECT_TRUE(import) << (import ? "" : import.error().message);
    auto dry = mail_import_apply(connection, *import, {.dry_run = true});
    EXPECT_TRUE(dry) << (dry ? "" : dry.error().message);
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.mail_domains"), "0");
    auto result = mail_import_apply(connection, *import, {.actor = "mover"});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (!result) return {};
    EXPECT_GT(result->lsn, 0U);
    auto again = mail_import_apply(connection, *import, {});
    EXPECT_TRUE(again) << (again ? "" : again.error().message);
    EXPECT_EQ(again->lsn, 0U) << "a second run changes nothing";
    EXPECT_EQ(again->accounts_kept, result->accounts_added);
    EXPECT_EQ(again->aliases_kept, result->aliases_added);
    return std::move(*result);
}

TEST(MailImport, FromPostoffice) {
    Connection source = database_of("postoffice", R"(
        CREATE TABLE accounts_domain (id serial, user_id int, fqdn text, active bool);
        CREATE TABLE accounts_mailuser (id serial, username text, salt text, shadigest text,
                                        domain_id int, active bool);
        CREATE TABLE accounts_alias (id serial, domain_id int, source text, destination text,
                                     active bool);
        CREATE TABLE rules_filerule (id serial, mailbox_id int, field text, contains text,
                                     folder text);
        INSERT INTO accounts_domain (fqdn, active) VALUES ('example.org', true),
                                                          ('old.example', false);
        INSERT INTO accounts_mailuser (username, shadigest, domain_id, active) VALUES
            ('ada', 'c2hhMXNhbHQ=', 1, true), ('bob', '', 1, false);
        INSERT INTO accounts_alias (source, destination, active) VALUES
            ('@example.org', 'ada@example.org', true), ('x@example.org', 'Bob@b.net', false);
        INSERT INTO rules_filerule (mailbox_id, field, contains, folder) VALUES
            (1, 'From:', 'list', 'Lists'))");
    Connection connection = new_database();
    const auto result = apply(connection, read_postoffice(source));
    EXPECT_EQ(result.domains_added, 2U);
    EXPECT_EQ(result.rules_added, 1U);
    EXPECT_TRUE(result.skipped.empty());
    EXPECT_EQ(state_of(connection),
              "alias @example.org ada@example.org t\n"
              "alias x@example.org bob@b.net f\n"
              "domain example.org t  \n"
              "domain old.example f  \n"
              "password ada@example.org {*} {SSHA}c2hhMXNhbHQ=\n"
              "rule From list Lists\n"
              "user ada@example.org active user 0 \n"
              "user bob@example.org suspended user 0 ");
}

TEST(MailImport, FromUnified) {
    Connection source = database_of("unified", R"(
        CREATE SCHEMA unified;
        CREATE TABLE unified.users (id serial, username text, email text, domain text,
            first_name text, last_name text, is_active bool, is_locked bool);
        CREATE TABLE unified.user_passwords (user_id int, service text, password_hash text,
                                             hash_scheme text);
        CREATE TABLE unified.user_roles (user_id int, role_name varchar(50), service text);
        CREATE TABLE unified.user_quotas (user_id int, service text, quota_type text,
                                          quota_value bigint, quota_unit text);
        CREATE TABLE unified.email_aliases (id serial, user_id int, alias_email text,
                                            is_active bool);
        INSERT INTO unified.users (email, first_name, last_name, is_active, is_locked) VALUES
            ('Admin@unified.local', 'System', 'Administrator', true, false),
            ('customer1@unified.local', NULL, 'One', true, true);
        INSERT INTO unified.user_passwords VALUES (1, 'dovecot', '$1$salt$hash', 'MD5-CRYPT'),
            (1, 'apache', '{SSHA}x', 'SSHA'), (1, 'samba', 'x', 'PLAIN');
        INSERT INTO unified.user_roles VALUES (1, 'admin', 'apache'), (1, 'user', 'dovecot'),
            (2, 'customer', 'apache'), (2, 'no_email', 'dovecot');
        INSERT INTO unified.user_quotas VALUES (1, 'dovecot', 'storage', 10, 'MB'),
            (1, 'apache', 'bandwidth', 99, 'bytes');
        INSERT INTO unified.email_aliases (user_id, alias_email, is_active) VALUES
            (1, 'root@unified.local', true))");
    Connection connection = new_database();
    const auto result = apply(connection, read_unified(source));
    EXPECT_EQ(result.domains_added, 1U);
    ASSERT_EQ(result.skipped.size(), 1U);
    EXPECT_NE(result.skipped[0].find("samba"), std::string::npos);
    EXPECT_EQ(state_of(connection),
              "alias root@unified.local admin@unified.local t\n"
              "domain unified.local t  \n"
              "password admin@unified.local {imap,pop3,sieve,smtp} {MD5-CRYPT}$1$salt$hash\n"
              "password admin@unified.local {web} {SSHA}x\n"
              "user admin@unified.local active admin 10485760 System Administrator\n"
              "user customer1@unified.local suspended no_email 0 One");
}

TEST(MailImport, FromDinomail) {
    Connection source = database_of("dinomail", R"(
        CREATE TABLE core_virtualdomain (id serial, name text, display_name text,
            short_display_name text, imap_address text, pop_address text, smtp_address text);
        CREATE TABLE core_virtualuser (id serial, email text, password text, quota bigint);
        CREATE TABLE core_virtualalias (id serial, source text, destination text);
        INSERT INTO core_virtualdomain (name, display_name, short_display_name, imap_address,
            pop_address, smtp_address) VALUES ('example.org', 'Example', 'Ex', 'IMAP.example.org',
            '', '192.0.2.1');
        INSERT INTO core_virtualuser (email, password, quota) VALUES
            ('ada@example.org', '{SSHA512}abc', 20000000000), ('a b@example.org', 'x', NULL);
        INSERT INTO core_virtualalias (source, destination) VALUES
            ('info@example.org', 'ada@example.org'))");
    Connection connection = new_database();
    const auto result = apply(connection, read_dinomail(source));
    EXPECT_EQ(result.accounts_added, 1U);
    ASSERT_EQ(result.skipped.size(), 2U) << "and an address that is none";
    EXPECT_EQ(result.skipped[0],
              "domain example.org: \"192.0.2.1\" is not the name of one host, expected one such as "
              "mail.example.org");
    EXPECT_EQ(state_of(connection),
              "alias info@example.org ada@example.org t\n"
              "domain example.org t Example imap.example.org\n"
              "password ada@example.org {*} {SSHA512}abc\n"
              "user ada@example.org active user 20000000000 ");
    EXPECT_ERROR(read_postoffice(source), ErrorCode::refused, "no table accounts_mailuser");
}

TEST(MailImport, WhatIsHereStays) {
    Connection connection = new_database();
    MailImport import;
    import.add_account({.address = "ada@example.org", .passwords = { { "{SSHA}first" } }}, "a:1");
    ASSERT_TRUE(mail_import_apply(connection, import, {}));
    MailImport other;
    other.add_account({.address = "Ada@example.org", .passwords = {{"{SSHA}other"}}}, "b:1");
    other.add_account({.address = "ada@example.org"}, "b:2");
    auto result = mail_import_apply(connection, other, {});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->accounts_kept, 1U);
    EXPECT_EQ(result->skipped, std::vector<std::string>{"b:2: ada@example.org stands there twice"});
    EXPECT_EQ(value(connection, "SELECT hash FROM gatepost.credentials"), "{SSHA}first");
}

}  // namespace
}  // namespace gatepost::controlplane

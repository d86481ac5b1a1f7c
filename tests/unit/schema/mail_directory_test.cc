#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <vector>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

// A database with the mail domain example.org (id 1), where ada has a password.
Connection mail_database(std::string* dsn = nullptr) {
    Connection connection = example_zone(dsn);
    must(connection, "INSERT INTO gatepost.mail_domains (name) VALUES ('example.org')");
    must(connection, "INSERT INTO gatepost.accounts (address) VALUES ('ada@example.org')");
    must(connection,
         "INSERT INTO gatepost.credentials (account_id, hash) VALUES (1, '{BLF-CRYPT}$2y$05$x')");
    return connection;
}

TEST(MailDomains, Rules) {
    Connection connection = mail_database();
    for (const char* name :
         {"Example.net", "example.net.", "*.example.net", "", "a b", "example.org"})
        EXPECT_FALSE(connection.exec("INSERT INTO gatepost.mail_domains (name) VALUES (" +
                                     connection.quote_literal(name) + ")"))
            << name;
    refused(connection, "UPDATE gatepost.mail_domains SET name = 'example.net'", "another name");
    refused(connection, "UPDATE gatepost.mail_domains SET subaddress_delimiters = '@'", "check");
    refused(connection, "UPDATE gatepost.mail_domains SET default_quota_bytes = -1", "check");
    refused(connection, "UPDATE gatepost.mail_domains SET alias_of = 1", "alias of an alias");
    refused(connection, "TRUNCATE gatepost.mail_domains CASCADE", "refused");
    refused(connection, "DELETE FROM gatepost.mail_domains", "foreign key");
}

TEST(MailDomains, NamesForMailPrograms) {
    Connection connection = mail_database();
    must(connection,
         "UPDATE gatepost.mail_domains SET imap_host = 'imap.example.org', pop_host = '', "
         "smtp_host = 'xn--bcher-kva.example', display_name = 'B\xc3\xbc"
         "cher & Sons'");
    for (const char* host : {"*.example.org", "192.0.2.1", "Mail.example.org", "mail.example.org.",
                             "mail example", "a..b", "-a.example", "2001:db8::1"})
        for (const char* column : {"imap_host", "pop_host", "smtp_host"})
            refused(connection,
                    std::string("UPDATE gatepost.mail_domains SET ") + column + " = " +
                        connection.quote_literal(host),
                    "is not the name of one host");
    refused(connection,
            "INSERT INTO gatepost.mail_domains (name, imap_host) VALUES ('example.com', '*.b')",
            "\"*.b\" is not the name of one host, for IMAP");
    must(connection, "UPDATE gatepost.mail_domains SET short_display_name = repeat('x', 50)");
    refused(connection, "UPDATE gatepost.mail_domains SET short_display_name = repeat('x', 51)",
            "at most 50 characters");
    refused(connection, "UPDATE gatepost.mail_domains SET display_name = repeat('x', 201)",
            "at most 200 characters");
    refused(connection, "UPDATE gatepost.mail_domains SET display_name = E'a\\nb'",
            "no control characters");
}

TEST(MailDomains, OneMayBeAnAliasOfAnother) {
    Connection connection = mail_database();
    must(connection,
         "INSERT INTO gatepost.mail_domains (name, alias_of) VALUES ('example.net', 1)");
    refused(connection,
            "INSERT INTO gatepost.mail_domains (name, alias_of) VALUES ('example.com', 2)",
            "alias of an alias");
    must(connection, "INSERT INTO gatepost.mail_domains (name) VALUES ('example.com')");
    const std::string com =
        value(connection, "SELECT id FROM gatepost.mail_domains WHERE name = 'example.com'");
    refused(connection, "UPDATE gatepost.mail_domains SET alias_of = " + com + " WHERE id = 1",
            "alias of an alias");
    refused(connection, "INSERT INTO gatepost.accounts (address) VALUES ('bob@example.net')",
            "no addresses of its own");
    refused(connection,
            "INSERT INTO gatepost.aliases (source, target) VALUES ('@example.net', 'a@b.org')",
            "no addresses of its own");
    must(connection,
         "INSERT INTO gatepost.aliases (source, target) VALUES ('x@example.com', 'a@b.org')");
    refused(connection, "UPDATE gatepost.mail_domains SET alias_of = 1 WHERE id = " + com,
            "has accounts or aliases");
    must(connection, "DELETE FROM gatepost.mail_domains WHERE id = " + com);
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.aliases"), "0")
        << "they go with their domain";
}

TEST(Accounts, Rules) {
    Connection connection = mail_database();
    refused(connection, "INSERT INTO gatepost.accounts (address) VALUES ('ada@example.net')",
            "no mail domain");
    refused(connection, "INSERT INTO gatepost.accounts (address) VALUES ('ada@example.org')",
            "duplicate key");
    for (const char* address : {"Bob@example.org", "@example.org", "bo\nb@example.org"})
        refused(connection,
                "INSERT INTO gatepost.accounts (address) VALUES (" +
                    connection.quote_literal(address) + ")",
                "check constraint");
    must(connection,
         "INSERT INTO gatepost.accounts (address) VALUES ('\"a b@c\"@example.org'), "
         "('gr\xc3\xbc\xc3\x9f"
         "e@example.org')");
    refused(connection, "INSERT INTO gatepost.accounts (address) VALUES (NULL)",
            "needs an address");
    refused(connection, "UPDATE gatepost.accounts SET state = 'gone'", "check constraint");
    refused(connection, "UPDATE gatepost.accounts SET role = 'root'", "check constraint");
    refused(connection, "UPDATE gatepost.accounts SET address = NULL WHERE id = 1",
            "needs an address");
    must(connection, "INSERT INTO gatepost.mail_domains (name) VALUES ('example.com')");
    refused(connection, "UPDATE gatepost.accounts SET domain_id = 2 WHERE id = 1",
            "not the one that the account is in");
    must(connection, "UPDATE gatepost.accounts SET address = 'ada@example.com' WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT domain_id FROM gatepost.accounts WHERE id = 1"), "2");
}

TEST(Credentials, AnotherPasswordIsAnotherGeneration) {
    Connection connection = mail_database();
    const auto generation = [&] {
        return value(connection, "SELECT generation FROM gatepost.credentials WHERE id = 1");
    };
    EXPECT_EQ(generation(), "1");
    must(connection, "UPDATE gatepost.credentials SET hash = '{CRYPT}b', services = '{imap}'");
    EXPECT_EQ(generation(), "2");
    must(connection, "UPDATE gatepost.credentials SET hash = '{CRYPT}b', services = '{*}'");
    EXPECT_EQ(generation(), "2") << "the same hash";
    must(connection,
         "SELECT gatepost.note_logins('{1}', '{1}', '{\"{CRYPT}b\"}', '{\"{CRYPT}c\"}')");
    EXPECT_EQ(value(connection, "SELECT hash FROM gatepost.credentials WHERE id = 1"), "{CRYPT}c");
    EXPECT_EQ(generation(), "2") << "the same password, in a better form";
    must(connection, "UPDATE gatepost.credentials SET hash = '{CRYPT}d'");
    EXPECT_EQ(generation(), "3");
}

TEST(Accounts, QuotaOfTheDomainUnlessItIsGiven) {
    Connection connection = mail_database();
    must(connection,
         "UPDATE gatepost.mail_domains SET default_quota_bytes = 5000, default_quota_messages = 7");
    must(connection,
         "INSERT INTO gatepost.accounts (address) VALUES ('b@example.org');"
         "INSERT INTO gatepost.accounts (address, quota_bytes) VALUES ('c@example.org', 0)");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws('/', quota_bytes, quota_messages), ' ' ORDER BY "
                    "id) FROM gatepost.accounts"),
              "0/0 5000/7 0/7");
}

TEST(Accounts, TheBinKeepsAllButTheAddress) {
    Connection connection = mail_database();
    must(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE id = 1");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', address IS NULL, removed_address, removed_at = now() "
                    "OR removed_at < now()) FROM gatepost.accounts"),
              "t ada@example.org t");
    must(connection, "INSERT INTO gatepost.accounts (address) VALUES ('ada@example.org')");
    refused(connection, "UPDATE gatepost.accounts SET state = 'active' WHERE id = 1",
            "duplicate key");
    must(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE address IS NOT NULL");
    must(connection, "UPDATE gatepost.accounts SET state = 'suspended' WHERE id = 1");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', address, removed_address IS NULL, removed_at IS NULL) "
                    "FROM gatepost.accounts WHERE id = 1"),
              "ada@example.org t t");
    must(connection, "DELETE FROM gatepost.accounts WHERE id = 1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.credentials"), "0");
}

TEST(Credentials, Rules) {
    Connection connection = mail_database();
    const std::string insert =
        "INSERT INTO gatepost.credentials (account_id, kind, services, "
        "label, hash) VALUES (1, ";
    must(connection, insert + "'password', '{web,imap,web}', '', '{SSHA}x')");
    EXPECT_EQ(value(connection, "SELECT services FROM gatepost.credentials WHERE id > 1"),
              "{imap,web}");
    refused(connection, insert + "'password', '{web,imap}', '', '{SSHA}y')", "duplicate key");
    refused(connection, insert + "'password', '{imap,*}', '', '{SSHA}y')", "duplicate key");
    refused(connection, insert + "'app_password', '{ftp}', 'phone', '{SSHA}y')", "check");
    refused(connection, insert + "'app_password', '{}', 'phone', '{SSHA}y')", "check");
    refused(connection, insert + "'app_password', '{imap}', '', '{SSHA}y')", "credentials_label");
    for (const char* hash : {"secret", "{SSHA}", "{}x", "{A B}x", ""})
        refused(
            connection,
            insert + "'app_password', '{imap}', 'phone', " + connection.quote_literal(hash) + ")",
            "check");
    must(connection, insert + "'app_password', '{imap}', 'phone', '{SSHA}y')");
    refused(connection, insert + "'app_password', '{smtp}', 'phone', '{SSHA}y')", "duplicate key");
    must(connection, insert + "'token', '{smtp}', 'phone', '{SSHA}y')");
}

TEST(Aliases, Rules) {
    Connection connection = mail_database();
    const auto insert = [&](const std::string& source, const std::string& target) {
        return "INSERT INTO gatepost.aliases (source, target) VALUES (" +
               connection.quote_literal(source) + ", " + connection.quote_literal(target) + ")";
    };
    must(connection, insert("info@example.org", "ada@example.org"));
    must(connection, insert("info@example.org", "Somebody@elsewhere.net"));
    must(connection, insert("@example.org", "ada@example.org"));
    must(connection, insert("ada@example.org", "info@example.org"));
    refused(connection, insert("info@example.org", "ada@example.org"), "duplicate key");
    refused(connection, insert("info@example.net", "ada@example.org"), "no mail domain");
    refused(connection, insert("Info@example.org", "ada@example.org"), "check");
    refused(connection, insert("info", "ada@example.org"), "no mail domain");
    refused(connection, insert("info@example.org", "@example.net"), "check");
    refused(connection, "UPDATE gatepost.aliases SET source = '@example.net' WHERE id = 1",
            "no mail domain");
}

TEST(FilingRules, Rules) {
    Connection connection = mail_database();
    const std::string insert =
        "INSERT INTO gatepost.filing_rules (account_id, field, contains, folder) VALUES (1, ";
    must(connection, insert + "'List-Id', 'dev', 'Lists/dev')");
    refused(connection, insert + "'List-Id', 'dev', 'Lists/dev')", "duplicate key");
    for (const char* values : {"'From:', 'a', 'b'", "'Fr om', 'a', 'b'", "'', 'a', 'b'",
                               "'From', '', 'b'", "'From', 'a', ''", "'From', 'a', E'b\\n'"})
        refused(connection, insert + values + ")", "check");
}

TEST(MailHistory, KnowsAllButHashesAndWhatServicesKeep) {
    Connection connection = mail_database();
    must(connection, "SET gatepost.actor = 'eve'");
    must(connection, "UPDATE gatepost.mail_domains SET display_name = 'Example'");
    must(connection, "UPDATE gatepost.accounts SET quota_bytes = 9 WHERE id = 1");
    must(connection, "UPDATE gatepost.accounts SET over_quota = true, last_login_at = now()");
    must(connection, "UPDATE gatepost.credentials SET last_used_at = now()");
    must(connection, "UPDATE gatepost.credentials SET hash = '{BLF-CRYPT}$2y$05$y'");
    must(connection, "UPDATE gatepost.credentials SET hash = '{BLF-CRYPT}$2y$05$y'");
    must(connection,
         "INSERT INTO gatepost.aliases (source, target) VALUES ('@example.org', 'a@b')");
    must(connection, "UPDATE gatepost.aliases SET source = 'x@example.org'");
    must(connection,
         "INSERT INTO gatepost.filing_rules (account_id, field, contains, folder) VALUES "
         "(1, 'From', 'bob', 'Bob')");
    must(connection, "UPDATE gatepost.accounts SET state = 'removed'");
    must(connection, "DELETE FROM gatepost.accounts");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', zone_id, name, type, action), E'\\n' "
                    "ORDER BY id) FROM gatepost.history WHERE who = 'eve'"),
              "1 example.org. MAIL_DOMAIN update\n"
              "1 ada@example.org ACCOUNT update\n"
              "1 ada@example.org CREDENTIAL update\n"
              "1 @example.org ALIAS insert\n"
              "1 @example.org ALIAS delete\n"
              "1 x@example.org ALIAS insert\n"
              "1 ada@example.org FILING_RULE insert\n"
              "1 ada@example.org ACCOUNT update\n"
              "1 ada@example.org ACCOUNT delete");
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM gatepost.history WHERE concat(old, new) LIKE '%$2y$%'"),
              "0");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', old ->> 'quota_bytes', new ->> 'quota_bytes') FROM "
                    "gatepost.history WHERE type = 'ACCOUNT' AND who = 'eve' ORDER BY id LIMIT 1"),
              "0 9");
}

TEST(MailHistory, WritersNeedNoRightToWriteIt) {
    std::string dsn;
    Connection connection = mail_database(&dsn);
    must(connection,
         "CREATE ROLE mail_writer LOGIN; GRANT USAGE ON SCHEMA gatepost TO mail_writer; "
         "GRANT SELECT, INSERT, UPDATE, DELETE ON gatepost.accounts, gatepost.aliases, "
         "gatepost.credentials, gatepost.filing_rules TO mail_writer; "
         "GRANT SELECT, INSERT ON gatepost.audit_log TO mail_writer");
    Connection writer = std::move(*Connection::open(dsn + " user=mail_writer", "schema_test"));
    must(writer, "INSERT INTO gatepost.accounts (address) VALUES ('bob@example.org')");
    must(writer,
         "INSERT INTO gatepost.aliases (source, target) VALUES ('x@example.org', 'a@b.org')");
    must(writer, "INSERT INTO gatepost.audit_log (service, action) VALUES ('cli', 'test')");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.history WHERE who = 'mail_writer'"),
              "2");
    must(connection, "DROP OWNED BY mail_writer; DROP ROLE mail_writer");
}

TEST(MailEvents, InTheKeysOfUnified) {
    Connection connection = mail_database();
    must(connection, "LISTEN user_created; LISTEN user_updated; LISTEN user_deleted");
    must(connection, "INSERT INTO gatepost.accounts (address) VALUES ('bob@example.org')");
    must(connection, "UPDATE gatepost.accounts SET quota_bytes = 7 WHERE id = 2");
    must(connection, "UPDATE gatepost.accounts SET address = 'rob@example.org' WHERE id = 2");
    must(connection, "UPDATE gatepost.accounts SET state = 'removed' WHERE id = 2");
    must(connection, "UPDATE gatepost.accounts SET state = 'active' WHERE id = 2");
    must(connection, "DELETE FROM gatepost.accounts WHERE id = 2");
    std::vector<std::pair<std::string, std::string>> events;
    PQconsumeInput(connection.raw());
    while (PGnotify* notify = PQnotifies(connection.raw())) {
        events.emplace_back(notify->relname, notify->extra);
        PQfreemem(notify);
    }
    std::string order;
    for (const auto& [channel, payload] : events) order += channel + " ";
    ASSERT_EQ(order, "user_created user_updated user_deleted user_created user_deleted ");
    const auto same = [&](size_t event, const std::string& time, const std::string& json) {
        EXPECT_EQ(value(connection, "SELECT " + connection.quote_literal(events[event].second) +
                                        "::jsonb - '" + time + "' = '" + json + "'::jsonb"),
                  "t")
            << events[event].second;
    };
    same(0, "created_at",
         R"({"user_id": 2, "username": "bob", "email": "bob@example.org", "domain": "example.org",
             "home_directory": "/var/mail/example.org/bob"})");
    same(1, "updated_at",
         R"({"user_id": 2, "username": "rob", "old_email": "bob@example.org",
             "new_email": "rob@example.org", "old_domain": "example.org",
             "new_domain": "example.org", "old_home_directory": "/var/mail/example.org/bob",
             "new_home_directory": "/var/mail/example.org/rob"})");
    same(2, "deleted_at",
         R"({"user_id": 2, "username": "rob", "email": "rob@example.org", "domain": "example.org",
             "home_directory": "/var/mail/example.org/rob"})");
}

// The statements that the two stacks' documentation has Postfix and Dovecot ask.
TEST(MailViews, WhatOldProgramsAsk) {
    Connection connection = mail_database();
    must(connection,
         "INSERT INTO gatepost.mail_domains (name, alias_of) VALUES ('example.net', 1);"
         "INSERT INTO gatepost.credentials (account_id, services, hash) VALUES "
         "(1, '{web}', '{MD5-CRYPT}$1$web'), (1, '{imap}', '{SSHA}mail');"
         "INSERT INTO gatepost.aliases (source, target) VALUES ('info@example.org', "
         "'ada@example.org'), ('@example.org', 'x@elsewhere.net')");
    EXPECT_EQ(value(connection,
                    "SELECT password || ' ' || scheme FROM unified.dovecot_auth WHERE "
                    "username = 'ada' AND domain = 'example.org'"),
              "{SSHA}mail SSHA");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', \"user\", home, uid, gid, quota_bytes) FROM "
                    "unified.dovecot_users"),
              "ada@example.org /var/mail/example.org/ada 5000 5000 0");
    EXPECT_EQ(value(connection, "SELECT password FROM unified.apache_auth WHERE username = 'ada'"),
              "$1$web");
    EXPECT_EQ(value(connection,
                    "SELECT user_id FROM unified.email_aliases WHERE alias_email = "
                    "'info@example.org'"),
              "1");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM unified.user_roles"), "2");
    must(connection, "SET search_path = dinomail");
    EXPECT_EQ(value(connection, "SELECT 1 FROM core_virtualdomain WHERE name = 'example.net'"),
              "1");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', email, concat('*:bytes=', quota), password) FROM "
                    "core_virtualuser WHERE email = 'ada@example.org'"),
              "ada@example.org *:bytes=0 {SSHA}mail");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(source || ' ' || destination, ', ' ORDER BY source) FROM "
                    "core_virtualalias"),
              "@example.net @example.org, @example.org x@elsewhere.net, info@example.org "
              "ada@example.org");
    must(connection, "UPDATE gatepost.accounts SET state = 'suspended'");
    EXPECT_EQ(value(connection, "SELECT password FROM core_virtualuser"), "{CRYPT}*");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM unified.dovecot_auth"), "0");
    must(connection, "UPDATE gatepost.accounts SET state = 'active', role = 'no_email'");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM unified.dovecot_auth"), "0");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM core_virtualuser"), "0");
}

}  // namespace
}  // namespace gatepost::controlplane

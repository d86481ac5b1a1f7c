#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <vector>

#include "controlplane/schema/schema.h"
#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

// A row that the table takes, whose values the other columns of `more` and `values` add to.
std::string insert_certificate(const std::string& domain, const std::string& type,
                               const std::string& days, const std::string& key_type = "ecdsa",
                               const std::string& chain_tail = "") {
    return "INSERT INTO gatepost.certificates (domain, type, key_type, chain, sealed_key, names, "
           "not_before, not_after, fingerprint) VALUES ('" +
           domain + "', '" + type + "', '" + key_type + "', '-----BEGIN CERTIFICATE-----" +
           chain_tail + "', 'GPS1' || repeat('k', 60)::bytea, '{" + domain +
           "}', now() - interval '60 days', now() + interval '" + days + "', 'f1')";
}

// What the connection was notified of, in order.
std::vector<std::string> notifications(Connection& connection, const std::string& channel) {
    must(connection, "SELECT 1");
    std::vector<std::string> out;
    PQconsumeInput(connection.raw());
    while (PGnotify* notify = PQnotifies(connection.raw())) {
        if (notify->relname == channel) out.emplace_back(notify->extra);
        PQfreemem(notify);
    }
    return out;
}

TEST(Certificates, Rules) {
    Connection connection = example_zone();
    must(connection, insert_certificate("example.org", "live", "90 days"));
    must(connection, insert_certificate("*.example.org", "live", "90 days"));
    must(connection, insert_certificate("localhost", "self-signed", "90 days"));
    for (const char* domain : {"Example.org", "example.org.", "", "a..b", "*", "*.*.org", "-a.org",
                               "a b.org", "a.*.org"})
        refused(connection, insert_certificate(domain, "live", "90 days"), "check constraint");
    refused(connection, insert_certificate("example.org", "none", "90 days"), "check constraint");
    refused(connection, insert_certificate("example.org", "live", "90 days", "dsa"),
            "check constraint");
    refused(connection, insert_certificate("example.org", "live", "90 days"), "duplicate key");
    refused(connection, insert_certificate("example.org", "live", "-61 days", "rsa"),
            "certificates_validity");
    refused(connection, insert_certificate("example.org", "live", "9 days", "rsa", " PRIVATE KEY"),
            "check");
    refused(connection, "UPDATE gatepost.certificates SET sealed_key = 'open'", "check constraint");
    refused(connection, "TRUNCATE gatepost.certificates", "refused");
    refused(connection, "INSERT INTO gatepost.service_certificates VALUES ('ftp', 'a.org', 'live')",
            "check constraint");
}

TEST(Certificates, RulesOfRedirectsAndChallenges) {
    Connection connection = example_zone();
    must(connection,
         "INSERT INTO gatepost.redirects (host, url) VALUES ('a.org', 'https://b.org/x?y=1'), "
         "('b.org', 'http://[2001:db8::1]:8080'), ('c.org', 'https://d.org')");
    for (const char* url : {"ftp://b.org", "//b.org", "b.org", "https://", "https://b.org/a b",
                            "https://b.org/#top", "https://user@b.org/", "https://b.org/\\n"})
        refused(
            connection,
            std::string("UPDATE gatepost.redirects SET url = E'") + url + "' WHERE host = 'a.org'",
            "check constraint");
    refused(connection, "UPDATE gatepost.redirects SET code = 303", "check constraint");
    refused(connection, "UPDATE gatepost.redirects SET host = '*.a.org' WHERE host = 'a.org'",
            "check constraint");
    must(connection,
         "INSERT INTO gatepost.acme_challenges VALUES ('a.org', 'tok-1', 'tok-1.Ab_9')");
    refused(connection, "INSERT INTO gatepost.acme_challenges VALUES ('a.org', 'tok', 'other.x')",
            "key_authorization");
    refused(connection, "INSERT INTO gatepost.acme_challenges VALUES ('a.org', '../x', '../x.y')",
            "check constraint");
}

TEST(Certificates, OtherProgramsAreNotified) {
    Connection connection = example_zone();
    must(connection, "LISTEN certificate_change; LISTEN certificate_changes");
    must(connection, insert_certificate("example.org", "live", "90 days"));
    must(connection, "UPDATE gatepost.certificates SET ocsp_response = 'x'");
    must(connection, "UPDATE gatepost.certificates SET ocsp_response = 'x'");
    must(connection, "UPDATE gatepost.certificates SET type = 'staged'");
    must(connection, "INSERT INTO gatepost.service_certificates VALUES ('smtp', 'a.org', 'live')");
    must(connection, "UPDATE gatepost.service_certificates SET type = 'staged'");
    must(connection, "DELETE FROM gatepost.service_certificates");
    must(connection, "DELETE FROM gatepost.certificates");
    must(connection, "BEGIN; LISTEN dummy; ROLLBACK");
    std::vector<std::string> json;
    std::vector<std::string> short_form;
    PQconsumeInput(connection.raw());
    while (PGnotify* notify = PQnotifies(connection.raw())) {
        (std::string(notify->relname) == "certificate_change" ? short_form : json)
            .emplace_back(notify->extra);
        PQfreemem(notify);
    }
    EXPECT_EQ(short_form, (std::vector<std::string>{"*:example.org:live", "*:example.org:live",
                                                    "*:example.org:live", "*:example.org:staged",
                                                    "smtp:a.org:live", "smtp:a.org:staged",
                                                    "smtp:a.org:auto", "*:example.org:staged"}))
        << "a change of nothing is none";
    ASSERT_EQ(json.size(), short_form.size());
    const std::string first = connection.quote_literal(json.front()) + "::jsonb";
    EXPECT_EQ(value(connection, "SELECT " + first +
                                    " - 'timestamp' = jsonb_build_object("
                                    "'certificate_id', 1, 'service', '*', 'domain', 'example.org', "
                                    "'certificate_type', 'live', 'operation', 'INSERT')"),
              "t")
        << json.front();
    EXPECT_TRUE(notifications(connection, "certificate_change").empty());
}

TEST(Certificates, TheHistoryKnowsAllButTheKey) {
    Connection connection = example_zone();
    must(connection,
         "INSERT INTO gatepost.zones (name, mname, rname) VALUES "
         "('sub.example.org.', 'n.example.org.', 'h.example.org.')");
    must(connection, "DELETE FROM gatepost.zones WHERE name = 'none.'");
    must(connection, "SET gatepost.actor = 'ada'");
    must(connection, insert_certificate("mail.sub.example.org", "live", "90 days"));
    must(connection, insert_certificate("elsewhere.net", "live", "90 days"));
    must(connection, "UPDATE gatepost.certificates SET fingerprint = 'f2' WHERE id = 1");
    must(connection,
         "INSERT INTO gatepost.service_certificates VALUES ('*', 'www.example.org', 'live')");
    must(connection, "INSERT INTO gatepost.redirects VALUES ('www.example.org', 'https://a.org')");
    must(connection, "UPDATE gatepost.redirects SET code = 301");
    must(connection, "DELETE FROM gatepost.redirects");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(concat_ws(' ', zone_id, zone, name, type, action, who), "
                    "E'\\n' ORDER BY id) FROM gatepost.history WHERE type <> 'SOA'"),
              "2 sub.example.org. mail.sub.example.org. CERTIFICATE insert ada\n"
              "0 elsewhere.net. elsewhere.net. CERTIFICATE insert ada\n"
              "2 sub.example.org. mail.sub.example.org. CERTIFICATE update ada\n"
              "1 example.org. www.example.org. SERVICE_CERTIFICATE insert ada\n"
              "1 example.org. www.example.org. REDIRECT insert ada\n"
              "1 example.org. www.example.org. REDIRECT update ada\n"
              "1 example.org. www.example.org. REDIRECT delete ada");
    EXPECT_EQ(value(connection,
                    "SELECT concat(old ->> 'fingerprint', ' ', new ->> 'fingerprint') FROM "
                    "gatepost.history WHERE type = 'CERTIFICATE' AND action = 'update'"),
              "f1 f2");
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM gatepost.history WHERE new::text LIKE '%GPS1%' OR "
                    "new::text LIKE '%47505331%' OR new ? 'sealed_key' OR new ? 'chain'"),
              "0");
}

TEST(Certificates, WritersNeedNoRightToWriteHistory) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    must(connection,
         "CREATE ROLE cert_writer LOGIN; GRANT USAGE ON SCHEMA gatepost TO cert_writer; "
         "GRANT SELECT, INSERT, UPDATE, DELETE ON gatepost.certificates, "
         "gatepost.service_certificates, gatepost.redirects TO cert_writer");
    Connection writer = std::move(*Connection::open(dsn + " user=cert_writer", "schema_test"));
    must(writer, insert_certificate("example.org", "live", "90 days"));
    must(writer, "UPDATE gatepost.certificates SET fingerprint = 'x'");
    must(writer, "INSERT INTO gatepost.service_certificates VALUES ('dns', 'a.org', 'live')");
    must(writer, "INSERT INTO gatepost.redirects VALUES ('a.org', 'https://b.org')");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.history WHERE who = 'cert_writer'"),
              "4");
    must(connection, "DROP OWNED BY cert_writer; DROP ROLE cert_writer");
}

std::string users_of(Connection& connection) {
    return value(
        connection,
        "SELECT coalesce(string_agg(concat(type, '/', key_type, ' ', expiry_status, ' ', "
        "days_left, ' ', array_to_string(in_use_by, ',')), E'\\n' ORDER BY type, key_type), "
        "'') FROM gatepost.certificate_status WHERE domain = 'example.org'");
}

TEST(Certificates, StatusFollowsThePreferenceOfTheEdges) {
    Connection connection = example_zone();
    const std::string all = "dns,https,imap,pop3,sieve,smtp";
    must(connection, insert_certificate("example.org", "self-signed", "365 days"));
    must(connection, insert_certificate("other.org", "live", "365 days"));
    EXPECT_EQ(users_of(connection), "self-signed/ecdsa valid 364 " + all);
    must(connection, insert_certificate("example.org", "live", "20 days"));
    must(connection, insert_certificate("example.org", "live", "20 days", "rsa"));
    must(connection, insert_certificate("example.org", "staged", "5 days"));
    EXPECT_EQ(users_of(connection), "live/ecdsa warning 19 " + all + "\nlive/rsa warning 19 " +
                                        all +
                                        "\nself-signed/ecdsa valid 364 \nstaged/ecdsa critical 4 ");
    must(connection,
         "INSERT INTO gatepost.service_certificates VALUES ('*', 'example.org', 'staged'), "
         "('smtp', 'example.org', 'self-signed')");
    EXPECT_EQ(users_of(connection),
              "live/ecdsa warning 19 \nlive/rsa warning 19 \nself-signed/ecdsa valid 364 smtp\n"
              "staged/ecdsa critical 4 dns,https,imap,pop3,sieve");
    must(connection,
         "UPDATE gatepost.certificates SET not_after = now() + interval '23 hours' "
         "WHERE type = 'staged'");
    EXPECT_EQ(users_of(connection),
              "live/ecdsa warning 19 dns,https,imap,pop3,sieve\nlive/rsa warning 19 "
              "dns,https,imap,pop3,sieve\nself-signed/ecdsa valid 364 smtp\n"
              "staged/ecdsa critical 0 ")
        << "less than a day is not enough while there is better";
    must(connection,
         "UPDATE gatepost.certificates SET not_after = now() - interval '1 hour' "
         "WHERE type <> 'staged'");
    EXPECT_EQ(users_of(connection),
              "live/ecdsa expired -1 \nlive/rsa expired -1 \n"
              "self-signed/ecdsa expired -1 \nstaged/ecdsa critical 0 " +
                  all);
}

TEST(Certificates, ViewsOfUnified) {
    Connection connection = example_zone();
    must(connection, insert_certificate("example.org", "live", "20 days"));
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', domain, certificate_type, subject_alt_names, "
                    "is_active, not_after > now() AT TIME ZONE 'UTC') FROM unified.certificates"),
              "example.org manual {example.org} t t");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', expiry_status, extract(days FROM time_until_expiry)) "
                    "FROM unified.certificate_status"),
              "warning 19");
    EXPECT_EQ(value(connection,
                    "SELECT concat_ws(' ', certificate_type, ssl_enabled) FROM "
                    "unified.service_certificates WHERE service_name = 'mail' AND domain = "
                    "'example.org' AND is_active = true"),
              "live t");
}

TEST(Certificates, TablesOfUnifiedItselfStay) {
    ASSERT_TRUE(server->postgres().create_database("with_unified"));
    auto connection = Connection::open(server->postgres().dsn("with_unified"), "schema_test");
    ASSERT_TRUE(connection);
    must(*connection,
         "CREATE SCHEMA unified; CREATE TABLE unified.certificates (id int); "
         "INSERT INTO unified.certificates VALUES (7)");
    ASSERT_TRUE(schema_migrate(*connection));
    EXPECT_EQ(value(*connection, "SELECT id FROM unified.certificates"), "7");
    EXPECT_EQ(value(*connection, "SELECT count(*) FROM unified.certificate_status"), "0");
    ASSERT_TRUE(schema_rollback(*connection, 7));
    EXPECT_EQ(value(*connection, "SELECT id FROM unified.certificates"), "7");
    EXPECT_EQ(value(*connection, "SELECT to_regclass('unified.certificate_status') IS NULL"), "t");
}

TEST(Certificates, ARollbackTakesItsSchemaAway) {
    Connection connection = example_zone();
    ASSERT_TRUE(schema_rollback(connection, 7));
    EXPECT_EQ(value(connection, "SELECT to_regnamespace('unified') IS NULL"), "t");
}

// Values that are kept out of line are sent with every change, or an edge would lack them.
TEST(Certificates, TheEdgesAreSentWholeRows) {
    Connection connection = example_zone();
    EXPECT_EQ(
        value(connection,
              "SELECT string_agg(tablename || array_to_string(attnames, ','), ' ' ORDER BY "
              "tablename) FROM pg_publication_tables WHERE pubname = 'gatepost' AND tablename "
              "IN ('certificates', 'service_certificates', 'redirects', 'acme_challenges')"),
        "acme_challengeshost,token,key_authorization certificatesid,domain,type,key_type,"
        "chain,sealed_key,ocsp_response,names,not_before,not_after redirectshost,url,code,"
        "keep_path service_certificatesservice,domain,type");
    must(connection, insert_certificate("example.org", "live", "90 days"));
    must(connection,
         "UPDATE gatepost.certificates SET chain = chain || (SELECT string_agg(md5(i::text), '') "
         "FROM generate_series(1, 2000) i) || 'END-OF-CHAIN'");
    must(connection, "SELECT pg_create_logical_replication_slot('whole_rows', 'pgoutput', true)");
    must(connection, "UPDATE gatepost.certificates SET ocsp_response = 'response'");
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM pg_logical_slot_get_binary_changes('whole_rows', NULL, "
                    "NULL, 'proto_version', '1', 'publication_names', 'gatepost') WHERE "
                    "position('END-OF-CHAIN'::bytea IN data) > 0"),
              "1");
    must(connection, "SELECT pg_drop_replication_slot('whole_rows')");
}

}  // namespace
}  // namespace gatepost::controlplane

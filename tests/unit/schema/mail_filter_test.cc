#include <gtest/gtest.h>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

std::string insert_rule(const std::string& columns, const std::string& values) {
    return "INSERT INTO gatepost.filter_rules (" + columns + ") VALUES (" + values + ")";
}

TEST(FilterRules, Rules) {
    Connection connection = example_zone();
    must(connection, insert_rule("name, field, pattern", "'casino', 'body', 'x'"));
    refused(connection, insert_rule("name, field, pattern", "'casino', 'body', 'x'"), "duplicate");
    refused(connection, insert_rule("name, field, pattern", "'a b', 'body', 'x'"), "check");
    refused(connection, insert_rule("name, field, pattern", "'a', 'moon', 'x'"), "check");
    refused(connection, insert_rule("name, field, pattern", "'a', 'body', ''"), "check");
    refused(connection, insert_rule("name, field, pattern", "'a', 'header', 'x'"),
            "filter_rules_header");
    refused(connection,
            insert_rule("name, field, header_name, pattern", "'a', 'body', 'List-Id', 'x'"),
            "filter_rules_header");
    refused(connection, insert_rule("name, field, kind, pattern", "'a', 'body', 'equals', 'x'"),
            "filter_rules_equals");
    must(connection,
         insert_rule("name, field, header_name, pattern", "'a', 'header', 'List-Id', 'x'"));
    refused(connection, "TRUNCATE gatepost.filter_rules CASCADE", "refused");
}

TEST(FilterRules, SettingsAreOneRow) {
    Connection connection = example_zone();
    EXPECT_EQ(value(connection, "SELECT junk_score FROM gatepost.filter_settings"), "5");
    refused(connection, "INSERT INTO gatepost.filter_settings DEFAULT VALUES", "duplicate");
    refused(connection, "UPDATE gatepost.filter_settings SET junk_score = 0", "check");
    must(connection, "UPDATE gatepost.filter_settings SET reject_score = NULL");
}

TEST(FilterRules, HitsAreCounted) {
    Connection connection = example_zone();
    must(connection, insert_rule("name, field, pattern", "'a', 'body', 'x'"));
    must(connection, insert_rule("name, field, pattern", "'b', 'body', 'x'"));
    must(connection, "SELECT gatepost.count_filter_hits('{b,a,unknown,b}')");
    must(connection, "SELECT gatepost.count_filter_hits('{b}')");
    const std::string hits_of =
        "SELECT h.hits FROM gatepost.filter_rule_hits h JOIN gatepost.filter_rules r "
        "ON r.id = h.rule_id WHERE r.name = ";
    EXPECT_EQ(value(connection, hits_of + "'a'"), "1");
    EXPECT_EQ(value(connection, hits_of + "'b'"), "3");
    must(connection, "DELETE FROM gatepost.filter_rules");
    EXPECT_EQ(value(connection, "SELECT count(*) FROM gatepost.filter_rule_hits"), "0");
}

TEST(FilterRules, ChangesAreInTheAuditLog) {
    Connection connection = example_zone();
    must(connection, insert_rule("name, field, pattern", "'a', 'body', 'x'"));
    must(connection, "UPDATE gatepost.filter_rules SET score = 3");
    must(connection, "UPDATE gatepost.filter_rules SET score = 3");
    must(connection, "DELETE FROM gatepost.filter_rules");
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(action || ' ' || resource, ', ' ORDER BY id) "
                    "FROM gatepost.audit_log WHERE service = 'filter'"),
              "filter_rules.insert a, filter_rules.update a, filter_rules.delete a");
    EXPECT_EQ(value(connection,
                    "SELECT data -> 'new' ->> 'score' FROM gatepost.audit_log "
                    "WHERE action = 'filter_rules.update'"),
              "3");
}

TEST(PolicyTables, Rules) {
    Connection connection = example_zone();
    EXPECT_EQ(value(connection, "SELECT mode FROM gatepost.policy_rules WHERE name = 'greylist'"),
              "off");
    refused(connection, "UPDATE gatepost.policy_rules SET mode = 'perhaps'", "check");
    refused(connection, "UPDATE gatepost.policy_rules SET settings = '[]'", "check");
    const auto list = [](const std::string& zone, const std::string& codes) {
        return "INSERT INTO gatepost.dns_lists (zone, codes) VALUES ('" + zone + "', '" + codes +
               "')";
    };
    must(connection, list("list.example", "{127.0.0.2,127.0.0.8/29}"));
    must(connection, list("other.example", "{}"));
    refused(connection, list("third.example", "{192.0.2.1}"), "check");
    refused(connection, list("Upper.example", "{}"), "check");
    must(connection,
         "INSERT INTO gatepost.policy_exemptions (network) VALUES ('192.0.2.0/24'), "
         "('2001:db8::/32')");
    EXPECT_EQ(value(connection,
                    "SELECT resource FROM gatepost.audit_log WHERE action = "
                    "'policy_exemptions.insert' ORDER BY id LIMIT 1"),
              "192.0.2.0/24");
}

}  // namespace
}  // namespace gatepost::controlplane

#include <gtest/gtest.h>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {
namespace {

TEST(CookieSecrets, OneIsThereFromTheStart) {
    Connection connection = example_zone();
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(state || ' ' || octet_length(secret), ',') FROM "
                    "gatepost.dns_cookie_secret"),
              "active 16");
    EXPECT_EQ(value(connection,
                    "SELECT count(DISTINCT gatepost.random_secret()) FROM generate_series(1, 50)"),
              "50");
    EXPECT_EQ(value(connection,
                    "SELECT attnames FROM pg_publication_tables WHERE pubname = 'gatepost' AND "
                    "tablename = 'dns_cookie_secret'"),
              "{id,secret,state}");
}

TEST(CookieSecrets, Rules) {
    Connection connection = example_zone();
    refused(connection, "INSERT INTO gatepost.dns_cookie_secret (secret) VALUES ('\\x00')",
            "check");
    refused(connection, "INSERT INTO gatepost.dns_cookie_secret (state) VALUES ('new')", "check");
    auto second =
        connection.exec("INSERT INTO gatepost.dns_cookie_secret (state) VALUES ('active')");
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("dns_cookie_secret_active"), std::string::npos);
    refused(connection, "UPDATE gatepost.dns_cookie_secret SET secret = gatepost.random_secret()",
            "cannot be changed");
    must(connection, "INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES");
    must(connection, "INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES");
    must(connection, "INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES");
    refused(connection, "INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES",
            "4 cookie secrets already");
    must(connection, "UPDATE gatepost.dns_cookie_secret SET state_since = 'epoch'");
    must(connection,
         "UPDATE gatepost.dns_cookie_secret SET state = 'retired' WHERE state = 'active'");
    EXPECT_EQ(value(connection,
                    "SELECT count(*) FROM gatepost.dns_cookie_secret WHERE state_since > 'epoch'"),
              "1")
        << "a change of state is dated";
}

}  // namespace
}  // namespace gatepost::controlplane

// The one cluster of this test program, and short forms for statements that must work.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "controlplane/pg/connection.h"
#include "tests/support/gatepost_server.h"

namespace gatepost::controlplane {

inline tests::GatepostServer* server = nullptr;

// Runs SQL that must work; gives its result.
inline PgResult must(Connection& connection, const std::string& sql) {
    auto result = connection.exec(sql);
    EXPECT_TRUE(result) << sql << "\n" << (result ? "" : result.error().message);
    return result ? std::move(*result) : PgResult();
}

// The first value of SQL that must give one.
inline std::string value(Connection& connection, const std::string& sql) {
    const PgResult result = must(connection, sql);
    EXPECT_GT(result.rows(), 0) << sql;
    return result.rows() > 0 ? result.text(0, 0) : "";
}

// Runs SQL that must be refused as invalid with `text` in its message.
inline void refused(Connection& connection, const std::string& sql, const std::string& text) {
    auto result = connection.exec(sql);
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(static_cast<int>(result.error().code), static_cast<int>(ErrorCode::invalid)) << sql;
    EXPECT_NE(result.error().message.find(text), std::string::npos) << sql << "\n"
                                                                    << result.error().message;
}

// A new database with the zone example.org. (id 1, serial 100).
inline Connection example_zone(std::string* dsn = nullptr) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    if (!connection) return {};
    must(*connection,
         "INSERT INTO gatepost.zones (name, mname, rname, serial) VALUES "
         "('example.org.', 'ns1.example.org.', 'hostmaster.example.org.', 100)");
    return std::move(*connection);
}

inline std::string serial_of(Connection& connection, int zone = 1) {
    return value(connection,
                 "SELECT serial FROM gatepost.zones WHERE id = " + std::to_string(zone));
}

}  // namespace gatepost::controlplane

// The one cluster of this test program, and short forms for statements that must work.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "controlplane/pg/connection.h"
#include "tests/support/gatepost_server.h"

namespace gatepost::controlplane {

inline tests::GatepostServer* server = nullptr;

inline Connection new_database(std::string* dsn = nullptr) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    return connection ? std::move(*connection) : Connection();
}

inline void must(Connection& connection, const std::string& sql) {
    auto result = connection.exec(sql);
    EXPECT_TRUE(result) << sql << "\n" << (result ? "" : result.error().message);
}

inline std::string value(Connection& connection, const std::string& sql) {
    auto result = connection.exec(sql);
    EXPECT_TRUE(result && !result->empty()) << sql << (result ? "" : result.error().message);
    return result && !result->empty() ? result->text(0, 0) : "";
}

}  // namespace gatepost::controlplane

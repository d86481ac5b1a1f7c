// A database with mail in it: example.org with ada and bob, and short forms.
#pragma once

#include <string>
#include <vector>

#include "controlplane/model/account.h"
#include "controlplane/model/mail_domain.h"
#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {

inline constexpr const char* kHash = "{SSHA512}c29tZXRoaW5n";

inline void add_account(Connection& connection, const std::string& address) {
    const auto added = account_add(connection, {.address = address, .hash = kHash}, {});
    ASSERT_TRUE(added) << added.error().message;
}

inline Connection mail_database(std::string* dsn = nullptr) {
    Connection connection = new_database(dsn);
    const auto made = mail_domain_put(connection, "example.org", {}, {});
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    add_account(connection, "ada@example.org");
    add_account(connection, "bob@example.org");
    return connection;
}

// The actions of the audit log, oldest first.
inline std::string audit_actions(Connection& connection) {
    return value(connection,
                 "SELECT coalesce(string_agg(action || ' ' || resource, ', ' ORDER BY id), '') "
                 "FROM gatepost.audit_log");
}

}  // namespace gatepost::controlplane

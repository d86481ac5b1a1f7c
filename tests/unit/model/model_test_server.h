// The one cluster of this test program, and short forms.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "controlplane/model/zone.h"
#include "controlplane/pg/connection.h"
#include "storage/zone/zone_data.h"
#include "tests/support/gatepost_server.h"

namespace gatepost::controlplane {

inline tests::GatepostServer* server = nullptr;

inline Connection new_database(std::string* dsn = nullptr) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    return connection ? std::move(*connection) : Connection();
}

// A new database with the zone example.org. (serial 1, NS ns1 and ns2).
inline Connection example_zone(std::string* dsn = nullptr) {
    Connection connection = new_database(dsn);
    auto made = zone_create(
        connection, {.name = "example.org", .name_servers = {"ns1.example.org", "ns2.example.org"}},
        {});
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return connection;
}

inline std::string value(Connection& connection, const std::string& sql) {
    auto result = connection.exec(sql);
    EXPECT_TRUE(result && !result->empty()) << sql << (result ? "" : result.error().message);
    return result && !result->empty() ? result->text(0, 0) : "";
}

inline storage::ZoneData zone_from_text(std::string_view text,
                                        const std::string& apex = "example.org.") {
    storage::MasterFileOptions options;
    options.origin = *storage::dname_from_text(apex);
    storage::ZoneDataBuilder builder(options.origin);
    const Status read =
        storage::read_master_text(text, "test", options, [&](const storage::MasterRecord& record) {
            builder.add(record);
            return Status();
        });
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    auto zone = builder.finish();
    EXPECT_TRUE(zone) << (zone ? "" : zone.error().message);
    return zone ? std::move(*zone) : storage::ZoneData();
}

#define EXPECT_ERROR(result, error_code, text)                                          \
    do {                                                                                \
        const auto& checked = (result);                                                 \
        ASSERT_FALSE(checked);                                                          \
        EXPECT_EQ(static_cast<int>(checked.error().code), static_cast<int>(error_code)) \
            << checked.error().message;                                                 \
        EXPECT_NE(checked.error().message.find(text), std::string::npos)                \
            << checked.error().message;                                                 \
    } while (false)

}  // namespace gatepost::controlplane

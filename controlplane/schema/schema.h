// The database schema's versions: what is applied, what is pending, and the way up and down. A
// migration and its entry in gatepost.schema_migrations are one transaction; an advisory lock keeps
// two programs from migrating at once. The functions take the migrations as an argument so that
// tests can bring their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "controlplane/schema/migration.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

enum class MigrationState : uint8_t {
    applied,
    pending,
    changed,  // applied, but its text was another then
    newer,    // applied by a later version of the program
};

struct MigrationStatus {
    int version = 0;
    std::string name;
    MigrationState state = MigrationState::pending;
    std::string applied_at;  // RFC 3339, UTC; these four are empty or 0 while pending
    std::string applied_by;
    int64_t execution_time_ms = 0;
    std::string checksum;
};

struct SchemaStatus {
    int version = 0;                          // the last applied; 0: none
    int program_version = 0;                  // the last that the program knows
    std::vector<MigrationStatus> migrations;  // ascending

    size_t count(MigrationState state) const;
};

Result<SchemaStatus> schema_status(Connection& connection,
                                   std::span<const Migration> known = migrations());

// Ok where the schema is exactly what the program needs. Otherwise one sentence, ErrorCode::schema.
Status schema_require_current(Connection& connection,
                              std::span<const Migration> known = migrations());

struct MigrateOptions {
    std::optional<int> target;  // the last migration to apply; all of them without
    bool plan_only = false;     // say what would be done
    std::chrono::milliseconds lock_wait{60000};
    // Called before each step is run.
    std::function<void(const Migration&)> progress;
};

// Applies what is pending. Gives the migrations that were applied, or would be.
Result<std::vector<Migration>> schema_migrate(Connection& connection,
                                              const MigrateOptions& options = {},
                                              std::span<const Migration> known = migrations());

struct RolledBack {
    int version = 0;
    std::string name;
    std::string sql_down;
};

// Takes back every migration above `to_version`, the last one first, each by the rollback text that
// was stored when it was applied; so a program can also take back what a later one applied. Data in
// dropped tables is lost.
Result<std::vector<RolledBack>> schema_rollback(
    Connection& connection, int to_version, bool plan_only = false,
    std::chrono::milliseconds lock_wait = std::chrono::milliseconds{60000});

}  // namespace gatepost::controlplane

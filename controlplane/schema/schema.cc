#include "controlplane/schema/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "controlplane/pg/transaction.h"

namespace gatepost::controlplane {
namespace {

using std::chrono::milliseconds;

// "gatepost" in ASCII: the key of the advisory lock.
constexpr int64_t kLockKey = 0x67617465706f7374;

constexpr const char* kBookkeeping = R"(
CREATE SCHEMA IF NOT EXISTS gatepost;
CREATE TABLE IF NOT EXISTS gatepost.schema_migrations (
    version            integer PRIMARY KEY,
    name               text NOT NULL,
    applied_at         timestamptz NOT NULL DEFAULT now(),
    execution_time_ms  bigint NOT NULL,
    checksum           text NOT NULL,
    applied_by         text NOT NULL DEFAULT session_user,
    sql_up             text NOT NULL,
    sql_down           text NOT NULL
))";

struct Applied {
    std::string name;
    std::string applied_at;
    std::string applied_by;
    int64_t execution_time_ms = 0;
    std::string checksum;
    std::string sql_up;
    std::string sql_down;
};

Result<std::map<int, Applied>> read_applied(Connection& connection) {
    auto exists = connection.exec("SELECT to_regclass('gatepost.schema_migrations') IS NOT NULL");
    if (!exists) return tl::unexpected(std::move(exists).error());
    std::map<int, Applied> applied;
    if (!exists->boolean(0, 0)) return applied;
    auto rows = connection.exec(
        "SELECT version, name, to_char(applied_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), applied_by, execution_time_ms, checksum, sql_up, "
        "sql_down "
        "FROM gatepost.schema_migrations");
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        applied[static_cast<int>(rows->integer(row, 0))] = {
            rows->text(row, 1), rows->text(row, 2), rows->text(row, 3), rows->integer(row, 4),
            rows->text(row, 5), rows->text(row, 6), rows->text(row, 7)};
    return applied;
}

SchemaStatus compare(const std::map<int, Applied>& applied, std::span<const Migration> known) {
    SchemaStatus status;
    status.program_version = known.empty() ? 0 : known.back().version;
    status.version = applied.empty() ? 0 : applied.rbegin()->first;
    for (const Migration& migration : known) {
        MigrationStatus entry{migration.version, std::string(migration.name)};
        if (const auto found = applied.find(migration.version); found != applied.end()) {
            const Applied& was = found->second;
            entry.state =
                was.sql_up == migration.sql_up ? MigrationState::applied : MigrationState::changed;
            entry.applied_at = was.applied_at;
            entry.applied_by = was.applied_by;
            entry.execution_time_ms = was.execution_time_ms;
            entry.checksum = was.checksum;
        }
        status.migrations.push_back(std::move(entry));
    }
    for (auto newer = applied.upper_bound(status.program_version); newer != applied.end(); ++newer)
        status.migrations.push_back({newer->first, newer->second.name, MigrationState::newer,
                                     newer->second.applied_at, newer->second.applied_by,
                                     newer->second.execution_time_ms, newer->second.checksum});
    return status;
}

// What makes the schema unfit for any work by this program; pending migrations are not among it.
Status refuse_unfit(const SchemaStatus& status) {
    if (status.count(MigrationState::newer) > 0)
        return fail(
            ErrorCode::schema,
            "the database schema is at version {}, newer than this program, which knows {}: "
            "run a later version of the program, or `gatepost schema rollback {}`",
            status.version, status.program_version, status.program_version);
    for (const MigrationStatus& entry : status.migrations)
        if (entry.state == MigrationState::changed)
            return fail(
                ErrorCode::schema,
                "migration {:03} ({}) was applied on {} with another text than this program "
                "has (checksum {}): the schema is not what the program expects; see "
                "`gatepost schema status`",
                entry.version, entry.name, entry.applied_at, entry.checksum.substr(0, 12));
    return {};
}

// Session-level, because it must outlast the transactions of the single steps.
class AdvisoryLock {
  public:
    static Result<AdvisoryLock> take(Connection& connection, milliseconds wait) {
        // As SET LOCAL, so that the steps themselves may wait for a busy table as long as they
        // need.
        auto locked = connection.exec(fmt::format(
            "BEGIN; SET LOCAL lock_timeout = {}; SELECT pg_catalog.pg_advisory_lock({}); COMMIT",
            std::max<int64_t>(wait.count(), 1), kLockKey));
        if (locked) return AdvisoryLock(connection);
        if (connection.in_transaction()) (void)connection.exec("ROLLBACK");
        if (locked.error().code == ErrorCode::conflict)
            return fail(ErrorCode::schema,
                        "another program is changing the schema of this database, and was not done "
                        "after {} ms: wait for it, then try again",
                        wait.count());
        return tl::unexpected(std::move(locked).error());
    }
    AdvisoryLock(AdvisoryLock&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    AdvisoryLock& operator=(AdvisoryLock&&) = delete;
    ~AdvisoryLock() {
        if (connection_ != nullptr)
            (void)connection_->exec(
                fmt::format("SELECT pg_catalog.pg_advisory_unlock({})", kLockKey));
    }

  private:
    explicit AdvisoryLock(Connection& connection) : connection_(&connection) {}
    Connection* connection_;
};

std::string step_name(std::string_view direction, int version, std::string_view name) {
    return fmt::format("{} {:03} ({})", direction, version, name);
}

Status apply(Connection& connection, const Migration& migration) {
    const std::string step = step_name("migration", migration.version, migration.name);
    auto transaction = Transaction::begin(connection);
    if (!transaction) return wrap(step, std::move(transaction).error());
    const auto start = std::chrono::steady_clock::now();
    if (auto done = connection.exec(std::string(migration.sql_up)); !done)
        return wrap(step, Error{ErrorCode::schema, std::move(done).error().message});
    const auto took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
    auto noted = connection.exec_params(
        "INSERT INTO gatepost.schema_migrations "
        "(version, name, execution_time_ms, checksum, sql_up, sql_down) "
        "VALUES ($1, $2, $3, encode(sha256(convert_to($4, 'UTF8')), 'hex'), $4, $5)",
        {migration.version, migration.name, int64_t{took.count()}, migration.sql_up,
         migration.sql_down});
    if (!noted) return wrap(step, std::move(noted).error());
    if (auto committed = transaction->commit(); !committed)
        return wrap(step, std::move(committed).error());
    return {};
}

Status take_back(Connection& connection, const RolledBack& migration) {
    const std::string step = step_name("rollback of", migration.version, migration.name);
    auto transaction = Transaction::begin(connection);
    if (!transaction) return wrap(step, std::move(transaction).error());
    if (auto done = connection.exec(migration.sql_down); !done)
        return wrap(step, Error{ErrorCode::schema, std::move(done).error().message});
    auto noted = connection.exec_params("DELETE FROM gatepost.schema_migrations WHERE version = $1",
                                        {migration.version});
    if (!noted) return wrap(step, std::move(noted).error());
    if (auto committed = transaction->commit(); !committed)
        return wrap(step, std::move(committed).error());
    return {};
}

}  // namespace

size_t SchemaStatus::count(MigrationState state) const {
    return static_cast<size_t>(
        std::count_if(migrations.begin(), migrations.end(),
                      [state](const MigrationStatus& entry) { return entry.state == state; }));
}

Result<SchemaStatus> schema_status(Connection& connection, std::span<const Migration> known) {
    auto applied = read_applied(connection);
    if (!applied) return tl::unexpected(std::move(applied).error());
    return compare(*applied, known);
}

Status schema_require_current(Connection& connection, std::span<const Migration> known) {
    auto status = schema_status(connection, known);
    if (!status) return tl::unexpected(std::move(status).error());
    if (Status fit = refuse_unfit(*status); !fit) return fit;
    if (status->version == 0)
        return fail(ErrorCode::schema,
                    "the database has no Gatepost schema yet: run `gatepost schema migrate`");
    if (status->count(MigrationState::pending) > 0)
        return fail(
            ErrorCode::schema,
            "the database schema is at version {}, and this program needs {}: run `gatepost "
            "schema migrate`",
            status->version, status->program_version);
    return {};
}

Result<std::vector<Migration>> schema_migrate(Connection& connection, const MigrateOptions& options,
                                              std::span<const Migration> known) {
    std::optional<AdvisoryLock> lock;
    if (!options.plan_only) {
        auto taken = AdvisoryLock::take(connection, options.lock_wait);
        if (!taken) return tl::unexpected(std::move(taken).error());
        lock.emplace(std::move(*taken));
    }
    // Read under the lock: the other program may have done the work meanwhile.
    auto status = schema_status(connection, known);
    if (!status) return tl::unexpected(std::move(status).error());
    if (Status fit = refuse_unfit(*status); !fit) return tl::unexpected(std::move(fit).error());
    const int target = options.target.value_or(status->program_version);
    if (target < 0 || target > status->program_version)
        return fail(ErrorCode::usage, "there is no migration {}: the last one is {}", target,
                    status->program_version);
    if (!options.plan_only)
        if (auto made = connection.exec(kBookkeeping); !made)
            return wrap("preparing the schema", std::move(made).error());
    std::vector<Migration> done;
    for (size_t i = 0; i < known.size() && known[i].version <= target; ++i) {
        if (status->migrations[i].state != MigrationState::pending) continue;
        if (options.progress) options.progress(known[i]);
        if (!options.plan_only)
            if (Status applied = apply(connection, known[i]); !applied)
                return tl::unexpected(std::move(applied).error());
        done.push_back(known[i]);
    }
    return done;
}

Result<std::vector<RolledBack>> schema_rollback(Connection& connection, int to_version,
                                                bool plan_only, milliseconds lock_wait) {
    std::optional<AdvisoryLock> lock;
    if (!plan_only) {
        auto taken = AdvisoryLock::take(connection, lock_wait);
        if (!taken) return tl::unexpected(std::move(taken).error());
        lock.emplace(std::move(*taken));
    }
    auto applied = read_applied(connection);
    if (!applied) return tl::unexpected(std::move(applied).error());
    const int version = applied->empty() ? 0 : applied->rbegin()->first;
    if (to_version < 0 || to_version > version)
        return fail(ErrorCode::usage, "cannot roll back to version {}: the schema is at {}",
                    to_version, version);
    std::vector<RolledBack> done;
    for (auto entry = applied->rbegin(); entry != applied->rend() && entry->first > to_version;
         ++entry) {
        RolledBack migration{entry->first, entry->second.name, entry->second.sql_down};
        if (!plan_only)
            if (Status taken = take_back(connection, migration); !taken)
                return tl::unexpected(std::move(taken).error());
        done.push_back(std::move(migration));
    }
    return done;
}

}  // namespace gatepost::controlplane

// gatepost schema migrate|status|rollback
#include "controlplane/schema/schema.h"

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::MigrationState;
using nlohmann::ordered_json;

const char* state_text(MigrationState state) {
    switch (state) {
        case MigrationState::applied:
            return "applied";
        case MigrationState::pending:
            return "pending";
        case MigrationState::changed:
            return "changed";
        case MigrationState::newer:
            return "newer";
    }
    return "";
}

Result<int> migrate(Context& context, const Arguments& arguments) {
    auto target = arguments.number("--to");
    if (!target) return tl::unexpected(std::move(target).error());
    auto connection = context.database_of_any_schema();
    if (!connection) return tl::unexpected(std::move(connection).error());
    controlplane::MigrateOptions options;
    if (*target) options.target = static_cast<int>(**target);
    options.plan_only = arguments.has("--plan") || context.options().dry_run;
    options.lock_wait = context.timeout(options.lock_wait);
    options.progress = [&](const controlplane::Migration& migration) {
        context.note(fmt::format("applying {:03} {}", migration.version, migration.name));
    };
    auto applied = controlplane::schema_migrate(*connection, options);
    if (!applied) return tl::unexpected(std::move(applied).error());
    if (context.json()) {
        ordered_json list = ordered_json::array();
        for (const auto& migration : *applied) {
            ordered_json row = {{"version", migration.version}, {"name", migration.name}};
            if (options.plan_only) row["sql"] = migration.sql_up;
            list.push_back(std::move(row));
        }
        context.print(ordered_json{{"applied", !options.plan_only}, {"migrations", list}}.dump(2) +
                      "\n");
        return kExitDone;
    }
    if (options.plan_only)
        for (const auto& migration : *applied)
            context.print(fmt::format("-- {:03} {}\n{}\n", migration.version, migration.name,
                                      migration.sql_up));
    if (applied->empty()) context.note("the schema is current");
    return kExitDone;
}

Result<int> status(Context& context, const Arguments&) {
    auto connection = context.database_of_any_schema();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto schema = controlplane::schema_status(*connection);
    if (!schema) return tl::unexpected(std::move(schema).error());
    Table table({{"VERSION", Align::right},
                 {"NAME"},
                 {"STATE"},
                 {"APPLIED AT"},
                 {"BY"},
                 {"MS", Align::right}});
    ordered_json list = ordered_json::array();
    for (const auto& row : schema->migrations) {
        const bool applied = row.state != MigrationState::pending;
        table.row({std::to_string(row.version), row.name, state_text(row.state), row.applied_at,
                   row.applied_by, applied ? std::to_string(row.execution_time_ms) : ""});
        list.push_back({{"version", row.version},
                        {"name", row.name},
                        {"state", state_text(row.state)},
                        {"applied_at", applied ? ordered_json(row.applied_at) : ordered_json()},
                        {"applied_by", applied ? ordered_json(row.applied_by) : ordered_json()},
                        {"execution_time_ms", row.execution_time_ms},
                        {"checksum", row.checksum}});
    }
    if (context.json())
        context.print(ordered_json{{"version", schema->version},
                                   {"program_version", schema->program_version},
                                   {"migrations", list}}
                          .dump(2) +
                      "\n");
    else
        context.print(table.text());
    // Exit code 4 where the program could not work with it.
    if (Status current = controlplane::schema_require_current(*connection); !current)
        return tl::unexpected(std::move(current).error());
    return kExitDone;
}

Result<int> rollback(Context& context, const Arguments& arguments) {
    auto to = arguments.number("--to");
    if (!to) return tl::unexpected(std::move(to).error());
    auto connection = context.database_of_any_schema();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto schema = controlplane::schema_status(*connection);
    if (!schema) return tl::unexpected(std::move(schema).error());
    if (schema->version == 0) {
        context.note("no migration is applied");
        return kExitDone;
    }
    const int target = *to ? static_cast<int>(**to) : schema->version - 1;
    const bool plan_only = arguments.has("--plan") || context.options().dry_run;
    if (!plan_only) {
        const std::string question = fmt::format(
            "Take the schema back from version {} to {}? Data in dropped tables is lost.",
            schema->version, target);
        if (Status yes = confirm(context, question); !yes)
            return tl::unexpected(std::move(yes).error());
    }
    auto done = controlplane::schema_rollback(*connection, target, plan_only);
    if (!done) return tl::unexpected(std::move(done).error());
    ordered_json list = ordered_json::array();
    for (const auto& row : *done) {
        list.push_back({{"version", row.version}, {"name", row.name}});
        if (context.json()) continue;
        if (plan_only)
            context.print(fmt::format("-- {:03} {}\n{}\n", row.version, row.name, row.sql_down));
        else
            context.note(fmt::format("took back {:03} {}", row.version, row.name));
    }
    if (context.json())
        context.print(ordered_json{{"applied", !plan_only}, {"migrations", list}}.dump(2) + "\n");
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> schema_commands() {
    return {
        {.noun = "schema",
         .verb = "migrate",
         .summary = "Brings the database schema to the version of this program, each step in a "
                    "transaction of "
                    "its own.",
         .options = {{"--plan", "", "print the SQL, change nothing"},
                     {"--to", "VERSION", "no further than this"}},
         .examples = {"gatepost schema migrate --plan", "gatepost schema migrate"},
         .run = migrate},
        {.noun = "schema",
         .verb = "status",
         .summary = "Lists the migrations, applied and pending. Exit code 4 where the schema is "
                    "not what this "
                    "program needs.",
         .examples = {"gatepost schema status", "gatepost schema status --json"},
         .run = status},
        {.noun = "schema",
         .verb = "rollback",
         .summary =
             "Takes migrations back by their rollback files: the last one, or all above a version.",
         .options = {{"--plan", "", "print the SQL, change nothing"},
                     {"--to", "VERSION", "the version to keep (default: the one before the last)"}},
         .examples = {"gatepost schema rollback --plan", "gatepost schema rollback --to 3 --yes"},
         .run = rollback},
    };
}

}  // namespace gatepost::tools

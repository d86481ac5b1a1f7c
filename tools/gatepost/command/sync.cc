// gatepost sync status|wait
#include "controlplane/pg/lsn.h"

#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/status_text.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using nlohmann::ordered_json;

Result<int> status(Context& context, const Arguments&) {
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    auto reply = control->request({{"op", "status"}}, context.timeout(5000ms));
    if (!reply) return tl::unexpected(std::move(reply).error());
    const json sync = reply->value("sync", json::object());
    if (context.json())
        context.print(sync.dump(2) + "\n");
    else
        context.print(sync_text(sync));
    if (sync.value("state", std::string()) != "streaming")
        return fail(ErrorCode::unreachable, "this host does not follow the database at the moment");
    return kExitDone;
}

// The position that the database has reached now.
Result<std::string> current_position(Context& context) {
    auto connection = context.database_of_any_schema();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = connection->exec("SELECT pg_current_wal_insert_lsn()");
    if (!result) return tl::unexpected(std::move(result).error());
    return result->text(0, 0);
}

Result<int> wait(Context& context, const Arguments& arguments) {
    std::string position = arguments.text("LSN");
    if (position.empty()) {
        auto current = current_position(context);
        if (!current) return tl::unexpected(std::move(current).error());
        position = *current;
    } else if (auto lsn = controlplane::lsn_from_text(position); !lsn) {
        return fail(ErrorCode::usage, "\"{}\" is not a position, expected one such as 0/16B3748",
                    position);
    }
    auto control = context.control();
    if (!control) return tl::unexpected(std::move(control).error());
    const auto timeout = context.timeout(30s);
    const auto start = std::chrono::steady_clock::now();
    auto reply = control->request(
        {{"op", "sync.wait"}, {"lsn", position}, {"timeout_ms", timeout.count()}}, timeout + 1s);
    if (!reply) return tl::unexpected(std::move(reply).error());
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    if (context.json())
        context.print(ordered_json{{"lsn", position}, {"wait_ms", ms}}.dump() + "\n");
    else
        context.note(fmt::format("this host answers with {} after {:.1f} ms", position, ms));
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> sync_commands() {
    return {
        {.noun = "sync",
         .verb = "status",
         .summary = "Shows how fresh the answers of this host are. Exit code 3 where it does not "
                    "follow the "
                    "database.",
         .examples = {"gatepost sync status", "gatepost sync status --json"},
         .run = status},
        {.noun = "sync",
         .verb = "wait",
         .summary = "Waits until this host answers with everything up to a position of the "
                    "database's log.",
         .arguments = {{"LSN", Arity::optional,
                        "the position (default: where the database is now)"}},
         .examples = {"gatepost sync wait", "gatepost sync wait 0/16B3748 --timeout 5s"},
         .run = wait},
    };
}

}  // namespace gatepost::tools

// gatepost audit list|verify
#include "controlplane/model/audit.h"

#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::AuditEntry;
using nlohmann::ordered_json;

constexpr size_t kSecondsLength = 19;  // of RFC 3339: "2026-08-01T12:00:00"

ordered_json entry_json(const AuditEntry& entry) {
    const auto null_if_empty = [](const std::string& text) {
        return text.empty() ? ordered_json() : ordered_json(text);
    };
    return {{"id", entry.id},
            {"at", entry.at},
            {"actor", entry.actor},
            {"via", entry.via},
            {"service", entry.service},
            {"action", entry.action},
            {"resource", entry.resource},
            {"address", null_if_empty(entry.address)},
            {"success", entry.success},
            {"error", null_if_empty(entry.error)},
            {"data", entry.data.empty() ? ordered_json() : ordered_json::parse(entry.data)}};
}

Result<int> list(Context& context, const Arguments& arguments) {
    controlplane::AuditListOptions options;
    options.resource = arguments.text("RESOURCE");
    options.actor = arguments.text("--who");
    options.action = arguments.text("--action");
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    options.limit = limit->value_or(options.limit);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto entries = controlplane::audit_list(*connection, options);
    if (!entries) return tl::unexpected(std::move(entries).error());
    Table table({{"ID", Align::right}, {"AT"}, {"WHO"}, {"VIA"}, {"ACTION"}, {"WHAT"}, {"RESULT"}});
    ordered_json out = ordered_json::array();
    for (const AuditEntry& entry : *entries) {
        table.row({std::to_string(entry.id), entry.at.substr(0, kSecondsLength), entry.actor,
                   entry.via, entry.service + " " + entry.action, entry.resource,
                   entry.success ? "ok" : entry.error});
        out.push_back(entry_json(entry));
    }
    context.print(context.json() ? ordered_json{{"entries", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

Result<int> verify(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto broken = controlplane::audit_first_broken(*connection);
    if (!broken) return tl::unexpected(std::move(broken).error());
    if (context.json())
        context.print(
            ordered_json{{"whole", !*broken},
                         {"first_broken", *broken ? ordered_json(**broken) : ordered_json()}}
                .dump(2) +
            "\n");
    else if (*broken)
        context.note(
            fmt::format("entry {} is not what was written, or one before it is gone", **broken));
    else
        context.note("the audit log is whole");
    return *broken ? static_cast<int>(ErrorCode::invalid) : kExitDone;
}

}  // namespace

std::vector<CommandSpec> audit_commands() {
    return {
        {.noun = "audit",
         .verb = "list",
         .summary = "Who did what with accounts, domains and aliases, the newest first.",
         .arguments = {{"RESOURCE", Arity::optional, "only what is about ada@example.org"}},
         .options = {{"--who", "NAME", "only by this person or role"},
                     {"--action", "ACTION", "only this: account.remove"},
                     {"--limit", "N", "at most so many (default 100)"}},
         .examples = {"gatepost audit list", "gatepost audit list ada@example.org --json"},
         .run = list},
        {.noun = "audit",
         .verb = "verify",
         .summary = "Whether every entry is as it was written, and none is gone, by the chain of "
                    "their hashes. Exit code 5 where not.",
         .examples = {"gatepost audit verify", "gatepost audit verify --json"},
         .run = verify},
    };
}

}  // namespace gatepost::tools

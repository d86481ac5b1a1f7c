// gatepost cookie list|rotate|stage|activate|remove
#include <nlohmann/json.hpp>

#include "controlplane/model/cookie_secret.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::CookieSecretInfo;
using controlplane::CookieSecretResult;
using nlohmann::ordered_json;

Result<int> list(Context& context, const Arguments& arguments) {
    const bool reveal = arguments.has("--reveal");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto secrets = controlplane::cookie_secret_list(*connection, reveal);
    if (!secrets) return tl::unexpected(std::move(secrets).error());
    std::vector<Table::Column> columns = {{"ID", Align::right}, {"STATE"}, {"SINCE"}, {"CREATED"}};
    if (reveal) columns.push_back({"SECRET"});
    Table table(columns);
    ordered_json out = ordered_json::array();
    for (const CookieSecretInfo& secret : *secrets) {
        std::vector<std::string> row = {std::to_string(secret.id), secret.state, secret.since,
                                        secret.created_at};
        out.push_back({{"id", secret.id},
                       {"state", secret.state},
                       {"since", secret.since},
                       {"created_at", secret.created_at}});
        if (reveal) {
            row.push_back(secret.secret);
            out.back()["secret"] = secret.secret;
        }
        table.row(std::move(row));
    }
    context.print(context.json() ? ordered_json{{"secrets", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

void report(Context& context, const Arguments& arguments, const CookieSecretResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        ordered_json steps = ordered_json::array();
        for (const auto& step : result.steps)
            steps.push_back({{"id", step.id}, {"action", step.action}});
        context.print(
            ordered_json{{"dry_run", dry_run}, {"steps", steps}, {"edge", edge_json(edge)}}.dump(
                2) +
            "\n");
        return;
    }
    for (const auto& step : result.steps)
        context.note(fmt::format("cookie secret {}: {}{}", step.id, dry_run ? "would be " : "",
                                 step.action));
    if (result.steps.empty()) context.note("nothing to change");
    wait_for_edge(context, arguments, result.lsn);
}

// Runs a change with the options that all of them share, and reports it.
template <typename Change>
Result<int> change(Context& context, const Arguments& arguments, Change make) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    Result<CookieSecretResult> result = make(*connection, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return kExitDone;
}

Result<int> stage(Context& context, const Arguments& arguments) {
    return change(context, arguments, controlplane::cookie_secret_stage);
}

Result<int> rotate(Context& context, const Arguments& arguments) {
    return change(context, arguments, controlplane::cookie_secret_rotate);
}

Result<int> activate(Context& context, const Arguments& arguments) {
    auto id = arguments.number("ID");
    if (!id) return tl::unexpected(std::move(id).error());
    return change(context, arguments, [&](auto& connection, const auto& options) {
        const auto wanted = *id ? std::optional(static_cast<int64_t>(**id)) : std::nullopt;
        return controlplane::cookie_secret_activate(connection, wanted, options);
    });
}

// Clients may still have cookies made with it: they are not lost, but are limited like others until
// they have a new one.
Status confirm_removal(Context& context, controlplane::Connection& connection, int64_t id) {
    auto secrets = controlplane::cookie_secret_list(connection);
    if (!secrets) return tl::unexpected(std::move(secrets).error());
    for (const CookieSecretInfo& secret : *secrets) {
        const bool is_fresh = secret.state == "retired" &&
                              secret.since_seconds < controlplane::kCookieSecretKeepSeconds;
        if (secret.id == id && is_fresh)
            return confirm(context,
                           fmt::format("Cookie secret {} was retired at {}: clients may have "
                                       "cookies made with it for an hour. Remove it?",
                                       id, secret.since));
    }
    return {};
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto id = arguments.number("ID");
    if (!id) return tl::unexpected(std::move(id).error());
    const auto wanted = static_cast<int64_t>(id->value_or(0));
    return change(context, arguments,
                  [&](auto& connection, const auto& options) -> Result<CookieSecretResult> {
                      if (!options.dry_run)
                          if (Status yes = confirm_removal(context, connection, wanted); !yes)
                              return tl::unexpected(std::move(yes).error());
                      return controlplane::cookie_secret_remove(connection, wanted, options);
                  });
}

}  // namespace

std::vector<CommandSpec> cookie_commands() {
    return {
        {.noun = "cookie",
         .verb = "list",
         .summary = "Lists the secrets of DNS cookies and which of them is in use.",
         .options = {{"--reveal", "", "the secrets themselves, too"}},
         .examples = {"gatepost cookie list", "gatepost cookie list --json"},
         .run = list},
        {.noun = "cookie",
         .verb = "rotate",
         .summary =
             "Takes the next step of a change of secrets. Stages a new one, or, where one is "
             "staged, begins to use it and retires the old one: run it twice, with time between "
             "for all edges to follow, say by a weekly timer. Secrets retired for more than two "
             "hours are removed.",
         .options = {kNoWaitOption},
         .examples = {"gatepost cookie rotate", "gatepost cookie rotate --dry-run"},
         .run = rotate},
        {.noun = "cookie",
         .verb = "stage",
         .summary = "Adds a new random secret. Every edge accepts it from then on, none uses it.",
         .options = {kNoWaitOption},
         .examples = {"gatepost cookie stage", "gatepost cookie stage --json"},
         .run = stage},
        {.noun = "cookie",
         .verb = "activate",
         .summary = "Makes cookies with that secret from now on. The one used so far is retired: "
                    "cookies made with it are good still.",
         .arguments = {{"ID", Arity::optional, "the secret (default: the one that is staged)"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost cookie activate", "gatepost cookie activate 3"},
         .run = activate},
        {.noun = "cookie",
         .verb = "remove",
         .summary = "Removes a secret that is not in use. Cookies made with it are refused.",
         .arguments = {{"ID", Arity::one, "the secret, as the list numbers it"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost cookie remove 2", "gatepost cookie remove 2 --yes"},
         .run = remove},
    };
}

}  // namespace gatepost::tools

// gatepost rules list|import|export
#include <nlohmann/json.hpp>

#include "controlplane/model/filing_rule.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::FilingRule;
using nlohmann::ordered_json;

Result<std::vector<FilingRule>> read_rules(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return controlplane::filing_rule_list(*connection, *address);
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto rules = read_rules(context, arguments);
    if (!rules) return tl::unexpected(std::move(rules).error());
    Table table({{"FIELD"}, {"CONTAINS"}, {"FOLDER"}, {"ACTIVE"}});
    ordered_json out = ordered_json::array();
    for (const FilingRule& rule : *rules) {
        table.row({rule.field, rule.contains, rule.folder, rule.active ? "yes" : "no"});
        out.push_back({{"field", rule.field},
                       {"contains", rule.contains},
                       {"folder", rule.folder},
                       {"active", rule.active}});
    }
    context.print(context.json() ? ordered_json{{"rules", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

Result<int> import(Context& context, const Arguments& arguments) {
    auto address = address_argument(arguments);
    if (!address) return tl::unexpected(std::move(address).error());
    auto text = read_text(arguments.text("FILE"));
    if (!text) return tl::unexpected(std::move(text).error());
    auto rules = controlplane::filing_rules_from_csv(*text, arguments.text("FILE"));
    if (!rules) return tl::unexpected(std::move(rules).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::filing_rule_import(*connection, *address, *rules,
                                                   arguments.has("--reset"), *options);
    if (!result) return tl::unexpected(std::move(result).error());
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
        context.print(ordered_json{{"address", *address},
                                   {"dry_run", options->dry_run},
                                   {"added", result->added},
                                   {"removed", result->removed},
                                   {"kept", result->kept},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return kExitDone;
    }
    context.note(fmt::format("{}: {} added, {} removed, {} there already{}", *address,
                             counted(result->added, "rule"), result->removed, result->kept,
                             options->dry_run ? "; dry run: nothing was changed" : ""));
    wait_for_edge(context, arguments, result->lsn);
    return kExitDone;
}

Result<int> export_rules(Context& context, const Arguments& arguments) {
    auto rules = read_rules(context, arguments);
    if (!rules) return tl::unexpected(std::move(rules).error());
    if (Status written =
            write_text(arguments.text("FILE"), arguments.has("--sieve")
                                                   ? controlplane::filing_rules_to_sieve(*rules)
                                                   : controlplane::filing_rules_to_csv(*rules));
        !written)
        return tl::unexpected(std::move(written).error());
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> rules_commands() {
    return {
        {.noun = "rules",
         .verb = "list",
         .summary = "Lists an account's rules of filing: which messages go to which folder.",
         .arguments = {kAddressArgument},
         .examples = {"gatepost rules list ada@example.org",
                      "gatepost rules list ada@example.org --json"},
         .run = list},
        {.noun = "rules",
         .verb = "import",
         .summary = "Adds rules from a file, a line \"Field, Contains, Folder\" each (CSV).",
         .arguments = {kAddressArgument, {"FILE", Arity::one, "-: standard input"}},
         .options = {{"--reset", "", "in the place of the rules that are there"}, kNoWaitOption},
         .examples = {"gatepost rules import ada@example.org rules.csv",
                      "gatepost rules import ada@example.org rules.csv --reset --dry-run"},
         .run = import},
        {.noun = "rules",
         .verb = "export",
         .summary = "Writes an account's rules in the form that import reads.",
         .arguments = {kAddressArgument, {"FILE", Arity::optional, "in place of standard output"}},
         .options = {{"--sieve", "", "as a script of Sieve"}},
         .examples = {"gatepost rules export ada@example.org",
                      "gatepost rules export ada@example.org rules.csv"},
         .run = export_rules},
    };
}

}  // namespace gatepost::tools

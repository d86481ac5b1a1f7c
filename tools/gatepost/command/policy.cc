// gatepost policy list|set|exempt|unexempt, gatepost dnslist list|add|remove
#include "controlplane/model/policy.h"

#include <fmt/ranges.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "controlplane/model/host_name.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::DnsListState;
using controlplane::PolicyExemption;
using controlplane::PolicyRuleChange;
using controlplane::PolicyRuleState;
using nlohmann::ordered_json;

// "delay_s=300 keep_days=36": those that are set.
std::string settings_text(const ordered_json& settings) {
    std::string text;
    for (const auto& [name, value] : settings.items())
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value.dump());
    return text;
}

void print_table(Context& context, const Table& table, std::string_view title) {
    context.print(fmt::format("\n{}\n{}", title, table.text()));
}

Result<int> policy_list(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto rules = controlplane::policy_list(*connection);
    if (!rules) return tl::unexpected(std::move(rules).error());
    auto exemptions = controlplane::policy_exemption_list(*connection);
    if (!exemptions) return tl::unexpected(std::move(exemptions).error());
    Table table({{"RULE"},
                 {"MODE"},
                 {"HITS", Align::right},
                 {"MONITORED", Align::right},
                 {"SETTINGS"},
                 {"ABOUT"}});
    ordered_json out = ordered_json::array();
    for (const PolicyRuleState& rule : *rules) {
        const auto known = storage::find_policy_rule(rule.name);
        const auto settings = ordered_json::parse(rule.settings);
        const std::string about(known ? storage::about(*known).about : "");
        table.row({rule.name, rule.mode, std::to_string(rule.hits), std::to_string(rule.monitored),
                   settings_text(settings), about});
        out.push_back({{"name", rule.name},
                       {"mode", rule.mode},
                       {"settings", settings},
                       {"hits", rule.hits},
                       {"monitored", rule.monitored},
                       {"last_hit_at",
                        rule.last_hit_at.empty() ? ordered_json() : ordered_json(rule.last_hit_at)},
                       {"about", about}});
    }
    Table networks({{"NETWORK"}, {"COMMENT"}});
    ordered_json exempt = ordered_json::array();
    for (const PolicyExemption& one : *exemptions) {
        networks.row({one.network, one.comment});
        exempt.push_back({{"network", one.network}, {"comment", one.comment}});
    }
    if (context.json()) {
        context.print(ordered_json{{"rules", out}, {"exemptions", exempt}}.dump(2) + "\n");
        return kExitDone;
    }
    context.print(table.text());
    if (!exemptions->empty()) print_table(context, networks, "Networks that are let off:");
    return kExitDone;
}

// What is the same for all that write here.
Result<int> report(Context& context, const Arguments& arguments,
                   const Result<controlplane::Lsn>& lsn, std::string_view what) {
    if (!lsn) return tl::unexpected(lsn.error());
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, *lsn);
        context.print(ordered_json{{"changed", dry_run ? ordered_json() : ordered_json(*lsn != 0)},
                                   {"dry_run", dry_run},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return kExitDone;
    }
    if (dry_run)
        context.note(fmt::format("{}; dry run: nothing was changed", what));
    else
        context.note(*lsn == 0 ? "nothing to change" : std::string(what));
    wait_for_edge(context, arguments, *lsn);
    return kExitDone;
}

Result<PolicyRuleChange> change_of(const Arguments& arguments) {
    PolicyRuleChange change;
    if (arguments.has("--mode")) {
        change.mode = storage::find_policy_mode(arguments.text("--mode"));
        if (!change.mode)
            return fail(ErrorCode::usage, "--mode: {}, expected off, monitor or enforce",
                        arguments.text("--mode"));
    }
    for (const std::string& text : arguments.list("--set")) {
        const size_t equals = text.find('=');
        int64_t value = 0;
        const char* end = text.data() + text.size();
        const bool good = equals != std::string::npos && equals + 1 < text.size() &&
                          std::from_chars(text.data() + equals + 1, end, value) ==
                              std::from_chars_result{end, std::errc()};
        if (!good)
            return fail(ErrorCode::usage, "--set: \"{}\", expected a name and a whole number: a=1",
                        text);
        change.settings.emplace_back(text.substr(0, equals), value);
    }
    for (const std::string& name : arguments.list("--unset"))
        change.settings.emplace_back(name, std::nullopt);
    if (!change.mode && change.settings.empty())
        return fail(ErrorCode::usage, "nothing to set: --mode, --set or --unset is missing");
    return change;
}

Result<int> policy_set(Context& context, const Arguments& arguments) {
    const auto rule = storage::find_policy_rule(arguments.text("RULE"));
    if (!rule)
        return fail(ErrorCode::usage, "there is no rule {}; see: gatepost policy list",
                    arguments.text("RULE"));
    auto change = change_of(arguments);
    if (!change) return tl::unexpected(std::move(change).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return report(context, arguments,
                  controlplane::policy_set(*connection, *rule, *change, *options),
                  fmt::format("the rule {} is set", arguments.text("RULE")));
}

Result<int> exempt(Context& context, const Arguments& arguments) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    const PolicyExemption exemption{arguments.text("NETWORK"), arguments.text("--comment")};
    return report(context, arguments, controlplane::policy_exempt(*connection, exemption, *options),
                  fmt::format("{} is exempt", exemption.network));
}

Result<int> unexempt(Context& context, const Arguments& arguments) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    const std::string network = arguments.text("NETWORK");
    return report(context, arguments, controlplane::policy_unexempt(*connection, network, *options),
                  fmt::format("{} is no longer exempt", network));
}

Result<int> list_lists(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto lists = controlplane::dns_list_list(*connection);
    if (!lists) return tl::unexpected(std::move(lists).error());
    Table table({{"ZONE"}, {"KIND"}, {"MODE"}, {"SCORE", Align::right}, {"CODES"}, {"ACTIVE"}});
    ordered_json out = ordered_json::array();
    for (const DnsListState& list : *lists) {
        table.row({list.zone, list.kind, list.mode, std::to_string(list.score),
                   list.codes.empty() ? "all" : fmt::format("{}", fmt::join(list.codes, " ")),
                   list.active ? "yes" : "no"});
        out.push_back({{"zone", list.zone},
                       {"kind", list.kind},
                       {"mode", list.mode},
                       {"score", list.score},
                       {"codes", list.codes},
                       {"active", list.active}});
    }
    context.print(context.json() ? ordered_json{{"lists", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

Result<int> add_list(Context& context, const Arguments& arguments) {
    DnsListState list;
    auto zone = controlplane::host_from_text(arguments.text("ZONE"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    list.zone = *zone;
    list.kind = arguments.has("--domains") ? "domain" : "address";
    if (arguments.has("--mode")) list.mode = arguments.text("--mode");
    if (!storage::find_policy_mode(list.mode))
        return fail(ErrorCode::usage, "--mode: {}, expected off, monitor or enforce", list.mode);
    list.codes = arguments.list("--code");
    if (const std::string score = arguments.text("--score"); !score.empty()) {
        const char* end = score.data() + score.size();
        if (std::from_chars(score.data(), end, list.score) !=
            std::from_chars_result{end, std::errc()})
            return fail(ErrorCode::usage, "--score: \"{}\" is no whole number", score);
    }
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return report(context, arguments, controlplane::dns_list_set(*connection, list, *options),
                  fmt::format("{} is asked", list.zone));
}

Result<int> remove_list(Context& context, const Arguments& arguments) {
    auto zone = controlplane::host_from_text(arguments.text("ZONE"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return report(context, arguments, controlplane::dns_list_remove(*connection, *zone, *options),
                  fmt::format("{} is asked no longer", *zone));
}

}  // namespace

std::vector<CommandSpec> policy_commands() {
    return {
        {.noun = "policy",
         .verb = "list",
         .summary = "Lists the rules about who sends mail and how, and the networks let off.",
         .examples = {"gatepost policy list", "gatepost policy list --json"},
         .run = policy_list},
        {.noun = "policy",
         .verb = "set",
         .summary = "Sets a rule: off, monitor (count and log, refuse nothing) or enforce.",
         .arguments = {{"RULE", Arity::one, "the rule's name: greylist"}},
         .options = {{"--mode", "MODE", "off, monitor or enforce"},
                     {"--set", "NAME=VALUE…", "a setting of the rule (repeatable)"},
                     {"--unset", "NAME…", "back to what is built in (repeatable)"},
                     kNoWaitOption},
         .examples = {"gatepost policy set greylist --mode enforce --set delay_s=300",
                      "gatepost policy set dns_list --mode monitor"},
         .run = policy_set},
        {.noun = "policy",
         .verb = "exempt",
         .summary = "Lets a network off: its hosts are not asked who they are, listed or delayed.",
         .arguments = {{"NETWORK", Arity::one, "192.0.2.0/24, 2001:db8::/32 or an address"}},
         .options = {{"--comment", "TEXT", "whose it is"}, kNoWaitOption},
         .examples = {"gatepost policy exempt 192.0.2.0/24 --comment office",
                      "gatepost policy exempt 2001:db8::25"},
         .run = exempt},
        {.noun = "policy",
         .verb = "unexempt",
         .summary = "No longer lets a network off.",
         .arguments = {{"NETWORK", Arity::one, "as it is listed"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost policy unexempt 192.0.2.0/24",
                      "gatepost policy unexempt 192.0.2.0/24 --dry-run"},
         .run = unexempt},
    };
}

std::vector<CommandSpec> dnslist_commands() {
    return {
        {.noun = "dnslist",
         .verb = "list",
         .summary = "Lists the lists of addresses and domains that are asked by DNS.",
         .examples = {"gatepost dnslist list", "gatepost dnslist list --json"},
         .run = list_lists},
        {.noun = "dnslist",
         .verb = "add",
         .summary = "Asks a list; in the place of how it was asked before.",
         .arguments = {{"ZONE", Arity::one, "the list's zone: zen.example.org"}},
         .options = {{"--domains", "", "a list of domains, not of addresses"},
                     {"--mode", "MODE", "off, monitor (default) or enforce"},
                     {"--score", "N", "what an entry counts (default 1); below 0: the welcome"},
                     {"--code", "ADDRESS…", "an answer that counts: 127.0.0.2, 127.0.0.0/28"},
                     kNoWaitOption},
         .examples = {"gatepost dnslist add zen.example.org --mode enforce",
                      "gatepost dnslist add dbl.example.org --domains --code 127.0.1.2"},
         .run = add_list},
        {.noun = "dnslist",
         .verb = "remove",
         .summary = "No longer asks a list.",
         .arguments = {{"ZONE", Arity::one, "the list's zone"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost dnslist remove zen.example.org",
                      "gatepost dnslist remove zen.example.org --dry-run"},
         .run = remove_list},
    };
}

}  // namespace gatepost::tools

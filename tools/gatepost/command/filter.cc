// gatepost filter list|add|remove|scores|import|export
#include <fmt/ranges.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "controlplane/filter/filter_compiler.h"
#include "controlplane/model/filter_rule.h"
#include "controlplane/model/filter_rule_csv.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::FilterRuleInfo;
using controlplane::FilterRuleRow;
using nlohmann::ordered_json;

ordered_json rule_json(const FilterRuleRow& rule) {
    ordered_json out = {{"name", rule.name}, {"field", rule.field}};
    if (!rule.header_name.empty()) out["header"] = rule.header_name;
    out.update(ordered_json{{"kind", rule.kind},
                            {"pattern", rule.pattern},
                            {"case_sensitive", rule.case_sensitive},
                            {"action", rule.action},
                            {"score", rule.score},
                            {"folder", rule.folder},
                            {"mode", rule.mode},
                            {"active", rule.active}});
    return out;
}

std::string place_of(const FilterRuleRow& rule) {
    return rule.header_name.empty() ? rule.field : rule.header_name + ":";
}

// "score 7, folder Lists", "reject".
std::string effect_of(const FilterRuleRow& rule) {
    std::string out = rule.action;
    if (rule.score != 0 || rule.action == "score")
        out += fmt::format("{}{}", rule.action == "score" ? " " : ", score ", rule.score);
    if (!rule.folder.empty()) out += ", folder " + rule.folder;
    return out;
}

std::string state_of(const FilterRuleRow& rule) {
    return rule.active ? rule.mode : "off";
}

std::string text_of(const FilterRuleRow& rule) {
    return fmt::format("{}: {} {} \"{}\"{}: {} ({})\n", rule.name, place_of(rule), rule.kind,
                       rule.pattern, rule.case_sensitive ? ", case-sensitive" : "", effect_of(rule),
                       state_of(rule));
}

Result<int> list(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto rules = controlplane::filter_rule_list(*connection);
    if (!rules) return tl::unexpected(std::move(rules).error());
    Table table(
        {{"NAME"}, {"FIELD"}, {"KIND"}, {"PATTERN"}, {"ACTION"}, {"MODE"}, {"HITS", Align::right}});
    ordered_json out = ordered_json::array();
    for (const FilterRuleInfo& info : *rules) {
        table.row({info.rule.name, place_of(info.rule), info.rule.kind, info.rule.pattern,
                   effect_of(info.rule), state_of(info.rule), grouped(info.hits)});
        ordered_json one = rule_json(info.rule);
        one["hits"] = info.hits;
        one["last_hit_at"] = info.last_hit_at;
        out.push_back(std::move(one));
    }
    context.print(context.json() ? ordered_json{{"rules", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

void report(Context& context, const Arguments& arguments,
            const controlplane::FilterRuleResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const auto one = [](const std::optional<FilterRuleRow>& rule) {
            return rule ? rule_json(*rule) : ordered_json();
        };
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        context.print(ordered_json{{"dry_run", dry_run},
                                   {"before", one(result.before)},
                                   {"after", one(result.after)},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return;
    }
    if (result.before == result.after) return context.note("nothing to change");
    if (result.before) context.print("- " + text_of(*result.before));
    if (result.after) context.print("+ " + text_of(*result.after));
    if (dry_run) context.note("dry run: nothing was changed");
    wait_for_edge(context, arguments, result.lsn);
}

// Exactly one of the options, which is left without its dashes; `fallback` where none is given.
Result<std::string> one_of(const Arguments& arguments,
                           std::initializer_list<std::string_view> options,
                           std::string_view fallback) {
    std::string found;
    for (const std::string_view option : options) {
        if (!arguments.has(option)) continue;
        if (!found.empty())
            return fail(ErrorCode::usage, "--{} and {} exclude one another", found, option);
        found = option.substr(2);
    }
    if (!found.empty()) return found;
    if (fallback.empty())
        return fail(ErrorCode::usage, "one of {} is needed", fmt::join(options, ", "));
    return std::string(fallback);
}

Result<std::optional<int32_t>> score_option(const Arguments& arguments, std::string_view name) {
    if (!arguments.has(name)) return std::optional<int32_t>();
    const std::string text = arguments.text(name);
    int32_t score = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    if (error != std::errc() || at != text.data() + text.size())
        return fail(ErrorCode::usage, "{}: \"{}\" is not a number", name, text);
    return std::optional(score);
}

Result<FilterRuleRow> rule_from(const Arguments& arguments) {
    FilterRuleRow rule;
    rule.name = arguments.text("NAME");
    rule.field = arguments.has("--header") ? "header" : arguments.text("--field");
    rule.header_name = arguments.text("--header");
    if (rule.field.empty() || (arguments.has("--header") && arguments.has("--field")))
        return fail(ErrorCode::usage, "either --field or --header is needed");
    auto kind = one_of(arguments, {"--contains", "--regex", "--equals"}, "");
    if (!kind) return tl::unexpected(std::move(kind).error());
    rule.kind = *kind;
    rule.pattern = arguments.text("--" + *kind);
    auto action = one_of(arguments, {"--reject", "--junk", "--action"}, "score");
    if (!action) return tl::unexpected(std::move(action).error());
    rule.action = *action == "action" ? arguments.text("--action") : *action;
    const auto score = score_option(arguments, "--score");
    if (!score) return tl::unexpected(score.error());
    rule.score = score->value_or(0);
    rule.folder = arguments.text("--folder");
    rule.case_sensitive = arguments.has("--case-sensitive");
    rule.mode = arguments.has("--monitor") ? "monitor" : "enforce";
    return rule;
}

// Whether it can be compiled: the database would take it, and the control plane hold it.
Status check_rules(std::vector<FilterRuleRow> rules) {
    for (FilterRuleRow& rule : rules) rule.active = true;
    const auto compiled = controlplane::compile_filter({.rules = std::move(rules)});
    if (!compiled) return tl::unexpected(compiled.error());
    if (!compiled->held.empty())
        return fail(ErrorCode::invalid, "{}: {}", compiled->held.front().what,
                    compiled->held.front().reason);
    return {};
}

Result<int> add(Context& context, const Arguments& arguments) {
    auto rule = rule_from(arguments);
    if (!rule) return tl::unexpected(std::move(rule).error());
    if (Status ok = check_rules({*rule}); !ok) return tl::unexpected(std::move(ok).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::filter_rule_set(*connection, *rule, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::filter_rule_remove(*connection, arguments.text("NAME"), *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return kExitDone;
}

Status change_score(const Arguments& arguments, std::string_view option,
                    std::optional<int32_t>& score) {
    if (arguments.text(option) == "none") {
        score.reset();
        return {};
    }
    const auto given = score_option(arguments, option);
    if (!given) return tl::unexpected(given.error());
    if (*given) score = *given;
    return {};
}

Result<int> scores(Context& context, const Arguments& arguments) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto settings = controlplane::filter_settings_get(*connection);
    if (!settings) return tl::unexpected(std::move(settings).error());
    Status ok = change_score(arguments, "--junk", settings->junk_score);
    if (ok) ok = change_score(arguments, "--reject", settings->reject_score);
    if (!ok) return tl::unexpected(std::move(ok).error());
    EdgeWait edge;
    if (arguments.has("--junk") || arguments.has("--reject")) {
        auto options = write_options(context, arguments);
        if (!options) return tl::unexpected(std::move(options).error());
        auto lsn = controlplane::filter_settings_set(*connection, *settings, *options);
        if (!lsn) return tl::unexpected(std::move(lsn).error());
        edge = wait_for_edge(context, arguments, *lsn);
    }
    const auto text = [](const std::optional<int32_t>& score) {
        return score ? std::to_string(*score) : "none";
    };
    const auto number = [](const std::optional<int32_t>& score) {
        return score ? ordered_json(*score) : ordered_json();
    };
    context.print(context.json()
                      ? ordered_json{{"junk_score", number(settings->junk_score)},
                                     {"reject_score", number(settings->reject_score)},
                                     {"edge", edge_json(edge)}}
                                .dump(2) +
                            "\n"
                      : fmt::format("junk from {}, refused from {}\n", text(settings->junk_score),
                                    text(settings->reject_score)));
    return kExitDone;
}

Result<int> import(Context& context, const Arguments& arguments) {
    auto text = read_text(arguments.text("FILE"));
    if (!text) return tl::unexpected(std::move(text).error());
    auto rules = controlplane::filter_rules_from_csv(*text, arguments.text("FILE"));
    if (!rules) return tl::unexpected(std::move(rules).error());
    if (Status ok = check_rules(*rules); !ok) return tl::unexpected(std::move(ok).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result =
        controlplane::filter_rule_import(*connection, *rules, arguments.has("--reset"), *options);
    if (!result) return tl::unexpected(std::move(result).error());
    const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
    if (context.json())
        context.print(ordered_json{{"dry_run", options->dry_run},
                                   {"set", result->set},
                                   {"removed", result->removed},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
    else
        context.note(fmt::format("{} set, {} removed{}", counted(result->set, "rule"),
                                 result->removed,
                                 options->dry_run ? "; dry run: nothing was changed" : ""));
    return kExitDone;
}

Result<int> export_rules(Context& context, const Arguments& arguments) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto rules = controlplane::filter_rule_list(*connection);
    if (!rules) return tl::unexpected(std::move(rules).error());
    std::vector<FilterRuleRow> rows;
    for (FilterRuleInfo& info : *rules) rows.push_back(std::move(info.rule));
    if (Status ok = write_text(arguments.text("FILE"), controlplane::filter_rules_to_csv(rows));
        !ok)
        return tl::unexpected(std::move(ok).error());
    return kExitDone;
}

CommandSpec add_command() {
    return {.noun = "filter",
            .verb = "add",
            .summary = "Makes a rule about what is in a message, or replaces the one of that name.",
            .arguments = {{"NAME", Arity::one, "as the log and counters show it"}},
            .options = {{"--field", "FIELD",
                         "subject, from, to, any_header, body, raw, attachment_name, "
                         "envelope_from, envelope_to, helo, client"},
                        {"--header", "NAME", "a field of the header by its name"},
                        {"--contains", "TEXT", "the text is in it"},
                        {"--regex", "PATTERN", "the regular expression matches somewhere in it"},
                        {"--equals", "TEXT", "it is the text as a whole"},
                        {"--case-sensitive", "", "capital letters are others"},
                        {"--score", "N", "added to the message's score"},
                        {"--reject", "", "refuse the message"},
                        {"--junk", "", "file it as junk"},
                        {"--action", "ACTION", "discard: deliver it nowhere; tag: only name it"},
                        {"--folder", "FOLDER", "file it into that mailbox"},
                        {"--monitor", "", "count and name it, do nothing"},
                        kNoWaitOption},
            .examples = {"gatepost filter add casino --field body --contains casino "
                         "--score 7",
                         "gatepost filter add programs --field attachment_name --regex "
                         "'\\.(exe|scr)$' --reject --monitor"},
            .run = add};
}

}  // namespace

std::vector<CommandSpec> filter_commands() {
    return {
        {.noun = "filter",
         .verb = "list",
         .summary = "Lists the rules about what is in a message, with how often each matched.",
         .examples = {"gatepost filter list", "gatepost filter list --json"},
         .run = list},
        add_command(),
        {.noun = "filter",
         .verb = "remove",
         .summary = "Removes a rule.",
         .arguments = {{"NAME", Arity::one, "of the rule"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost filter remove casino", "gatepost filter remove casino --dry-run"},
         .run = remove},
        {.noun = "filter",
         .verb = "scores",
         .summary = "Shows or sets from which score on a message is junk, or refused.",
         .options = {{"--junk", "N", "junk from this score on; none: never"},
                     {"--reject", "N", "refused from this score on; none: never"},
                     kNoWaitOption},
         .examples = {"gatepost filter scores", "gatepost filter scores --junk 6 --reject none"},
         .run = scores},
        {.noun = "filter",
         .verb = "import",
         .summary = "Adds rules from a file as export writes it (CSV); all or none.",
         .arguments = {{"FILE", Arity::one, "-: standard input"}},
         .options = {{"--reset", "", "remove the rules that are not in the file"}, kNoWaitOption},
         .examples = {"gatepost filter import rules.csv",
                      "gatepost filter import rules.csv --reset --dry-run"},
         .run = import},
        {.noun = "filter",
         .verb = "export",
         .summary = "Writes all rules as CSV, a first line naming the columns.",
         .arguments = {{"FILE", Arity::optional, "in place of standard output"}},
         .examples = {"gatepost filter export", "gatepost filter export rules.csv"},
         .run = export_rules},
    };
}

}  // namespace gatepost::tools

// gatepost explain FILE: what the filter would do with a message
#include "tools/gatepost/command/explain.h"

#include <nlohmann/json.hpp>

#include "controlplane/model/account.h"
#include "controlplane/model/filter_rule.h"
#include "controlplane/model/mail_name.h"
#include "dataplane/mail/mime_parser.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::FilterRuleRow;
using controlplane::FilterSource;
using dataplane::FilterVerdict;
using nlohmann::ordered_json;

}  // namespace

Result<Explained> explain_message(const FilterSource& source, const std::string& message,
                                  const storage::Envelope& envelope) {
    Explained out;
    auto compiled = controlplane::compile_filter(source);
    if (!compiled) return tl::unexpected(std::move(compiled).error());
    out.held = std::move(compiled->held);
    auto database = dataplane::FilterDatabase::create(std::move(compiled->image));
    if (!database) return tl::unexpected(std::move(database).error());
    dataplane::FilterScratch scratch;
    if (Status ok = scratch.fit(**database); !ok) return tl::unexpected(std::move(ok).error());
    const auto charsets = dataplane::Charsets::open_all();
    dataplane::FilterCounters counters{};
    dataplane::FilterScan scan(*database, scratch, charsets, counters);
    dataplane::MimeParser parser(charsets, &scan);
    const Bytes octets(reinterpret_cast<const uint8_t*>(message.data()), message.size());
    scan.take(octets);
    parser.feed(octets);
    const dataplane::MessageSummary summary = parser.finish();
    out.verdict = scan.judge(envelope, summary.attachment_names);
    for (const std::string& name : out.verdict.rules)
        for (const FilterRuleRow& rule : source.rules)
            if (rule.name == name) out.matched.push_back(&rule);
    return out;
}

// "filed into Lists", of the one recipient that there is.
std::string outcome_of(const FilterVerdict& verdict) {
    if (verdict.reject) return "refused: 550 5.7.1 " + verdict.text;
    if (verdict.discard) return "accepted, and delivered nowhere";
    const bool has_own = !verdict.folders.empty() && !verdict.folders.front().empty();
    const std::string& folder = has_own ? verdict.folders.front() : verdict.folder;
    if (folder == "\\Junk") return "filed as junk";
    if (folder.empty()) return "delivered to INBOX";
    return fmt::format("filed into {}{}", folder, has_own ? ", by a rule of the account" : "");
}

namespace {

void print_text(Context& context, const Explained& explained) {
    Table table({{"RULE"}, {"FIELD"}, {"PATTERN"}, {"ACTION"}, {"SCORE", Align::right}, {"MODE"}});
    for (const FilterRuleRow* rule : explained.matched)
        table.row({rule->name, rule->header_name.empty() ? rule->field : rule->header_name + ":",
                   rule->pattern, rule->action, std::to_string(rule->score), rule->mode});
    context.print(table.rows() == 0 ? "no rule matches\n" : table.text());
    context.print(
        fmt::format("score {}\n{}\n", explained.verdict.score, outcome_of(explained.verdict)));
    for (const auto& held : explained.held)
        context.warning(fmt::format("{} is not in use: {}", held.what, held.reason));
}

void print_json(Context& context, const Explained& explained) {
    ordered_json rules = ordered_json::array();
    for (const FilterRuleRow* rule : explained.matched)
        rules.push_back({{"name", rule->name},
                         {"field", rule->field},
                         {"header", rule->header_name},
                         {"pattern", rule->pattern},
                         {"action", rule->action},
                         {"score", rule->score},
                         {"mode", rule->mode}});
    ordered_json held = ordered_json::array();
    for (const auto& one : explained.held)
        held.push_back({{"what", one.what}, {"reason", one.reason}});
    context.print(ordered_json{{"rules", rules},
                               {"score", explained.verdict.score},
                               {"reject", explained.verdict.reject},
                               {"discard", explained.verdict.discard},
                               {"outcome", outcome_of(explained.verdict)},
                               {"held", held}}
                      .dump(2) +
                  "\n");
}

Result<int> explain(Context& context, const Arguments& arguments) {
    auto message = read_text(arguments.text("FILE"));
    if (!message) return tl::unexpected(std::move(message).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    storage::Envelope envelope;
    envelope.reverse_path = arguments.text("--from");
    envelope.client = arguments.text("--client");
    envelope.helo = arguments.text("--helo");
    int64_t account_id = 0;
    if (arguments.has("--for")) {
        auto address = controlplane::mail_address_from_text(arguments.text("--for"));
        if (!address) return tl::unexpected(std::move(address).error());
        auto account = controlplane::account_get(*connection, *address);
        if (!account) return tl::unexpected(std::move(account).error());
        account_id = account->id;
        envelope.recipients.push_back(
            {.address = *address, .account_id = static_cast<uint64_t>(account_id)});
    }
    const auto source = controlplane::filter_source_get(*connection, account_id);
    if (!source) return tl::unexpected(source.error());
    const auto explained = explain_message(*source, *message, envelope);
    if (!explained) return tl::unexpected(explained.error());
    if (context.json())
        print_json(context, *explained);
    else
        print_text(context, *explained);
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> explain_commands() {
    return {
        {.noun = "explain",
         .verb = "",
         .summary = "Says which filter rules match a message, and what would become of it. Where "
                    "one went that came already: gatepost explain delivery.",
         .arguments = {{"FILE", Arity::one, "the message; -: standard input"}},
         .options = {{"--for", "ADDRESS", "the account that it is for, with its filing rules"},
                     {"--from", "ADDRESS", "the sender of the envelope"},
                     {"--client", "IP", "the host that sends it"},
                     {"--helo", "NAME", "what it says that it is"}},
         .examples = {"gatepost explain message.eml --for ada@example.org",
                      "gatepost explain message.eml --client 192.0.2.7"},
         .run = explain},
        explain_delivery_command()};
}

}  // namespace gatepost::tools

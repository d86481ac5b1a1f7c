// gatepost alias list|add|remove|import|export
#include "controlplane/model/mail_alias.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "controlplane/mail_import/postfix_map.h"
#include "controlplane/model/mail_name.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/alias_output.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/write_output.h"

namespace gatepost::tools {

namespace {

using controlplane::MailAlias;
using controlplane::MailAliasInfo;
using nlohmann::ordered_json;

Result<std::vector<std::string>> targets_of(const Arguments& arguments) {
    std::vector<std::string> targets;
    for (const std::string& text : arguments.list("TARGET")) {
        auto target = controlplane::mail_address_from_text(text);
        if (!target) return tl::unexpected(std::move(target).error());
        targets.push_back(std::move(*target));
    }
    return targets;
}

Result<std::vector<MailAliasInfo>> read_list(Context& context, const Arguments& arguments) {
    controlplane::MailAliasFilter filter;
    if (arguments.has("--domain")) {
        auto domain = controlplane::mail_domain_from_text(arguments.text("--domain"));
        if (!domain) return tl::unexpected(std::move(domain).error());
        filter.domain = std::move(*domain);
    }
    if (arguments.has("SOURCE")) {
        auto source = controlplane::alias_source_from_text(arguments.text("SOURCE"));
        if (!source) return tl::unexpected(std::move(source).error());
        filter.source = std::move(*source);
    }
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    return controlplane::mail_alias_list(*connection, filter);
}

Result<int> list(Context& context, const Arguments& arguments) {
    auto aliases = read_list(context, arguments);
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    if (!context.json()) {
        context.print(alias_table(*aliases));
        return kExitDone;
    }
    ordered_json out = ordered_json::array();
    for (const MailAliasInfo& alias : *aliases) out.push_back(alias_json(alias));
    context.print(ordered_json{{"aliases", out}}.dump(2) + "\n");
    return kExitDone;
}

Result<int> add(Context& context, const Arguments& arguments) {
    auto source = controlplane::alias_source_from_text(arguments.text("SOURCE"));
    if (!source) return tl::unexpected(std::move(source).error());
    auto targets = targets_of(arguments);
    if (!targets) return tl::unexpected(std::move(targets).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mail_alias_add(*connection, *source, *targets, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_aliases(context, arguments, *result);
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto source = controlplane::alias_source_from_text(arguments.text("SOURCE"));
    if (!source) return tl::unexpected(std::move(source).error());
    auto targets = targets_of(arguments);
    if (!targets) return tl::unexpected(std::move(targets).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto there = controlplane::mail_alias_list(*connection, {.source = *source});
    if (!there) return tl::unexpected(std::move(there).error());
    if (targets->empty() && there->size() > 1 && !options->dry_run)
        if (Status yes = confirm(context, fmt::format("{} has {} targets. Remove them all?",
                                                      *source, there->size()));
            !yes)
            return tl::unexpected(std::move(yes).error());
    auto result = controlplane::mail_alias_remove(*connection, *source, *targets, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_aliases(context, arguments, *result);
    return kExitDone;
}

Result<int> import(Context& context, const Arguments& arguments) {
    const std::string file = arguments.text("FILE");
    auto text = read_text(file);
    if (!text) return tl::unexpected(std::move(text).error());
    controlplane::MailImport read;
    controlplane::import_virtual_aliases(read, *text, file == "-" ? "standard input" : file,
                                         arguments.text("--origin"));
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    if (arguments.has("--replace") && read.aliases().empty())
        return fail(ErrorCode::refused, "{} has no aliases: with --replace all would be removed",
                    file);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mail_alias_import(*connection, read.aliases(),
                                                  arguments.has("--replace"), *options);
    if (!result) return tl::unexpected(std::move(result).error());
    result->warnings.insert(result->warnings.begin(), read.skipped().begin(), read.skipped().end());
    report_aliases(context, arguments, *result);
    return result->warnings.empty() ? kExitDone : kExitWarnings;
}

Result<int> export_aliases(Context& context, const Arguments& arguments) {
    auto aliases = read_list(context, arguments);
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    std::vector<MailAlias> plain;
    for (MailAliasInfo& alias : *aliases) plain.push_back(std::move(alias.alias));
    if (Status written =
            write_text(arguments.text("FILE"), controlplane::virtual_alias_text(plain));
        !written)
        return tl::unexpected(std::move(written).error());
    return kExitDone;
}

constexpr ArgumentSpec kSourceArgument = {"SOURCE", Arity::one,
                                          "info@example.org, or @example.org: all that nobody has"};

}  // namespace

std::vector<CommandSpec> alias_commands() {
    return {
        {.noun = "alias",
         .verb = "list",
         .summary = "Lists the aliases: whether each leads to another system, whether it is in "
                    "order, and who gets the mail in the end.",
         .arguments = {{"SOURCE", Arity::optional, "only those of this address"}},
         .options = {{"--domain", "DOMAIN", "only those of this domain"}},
         .examples = {"gatepost alias list", "gatepost alias list --domain example.org --json"},
         .run = list},
        {.noun = "alias",
         .verb = "add",
         .summary = "Sends mail for an address to others, here or elsewhere. Its own address among "
                    "the targets keeps a copy.",
         .arguments = {kSourceArgument, {"TARGET", Arity::many, "ada@example.org"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost alias add info@example.org ada@example.org bob@example.net",
                      "gatepost alias add @example.org ada@example.org"},
         .run = add},
        {.noun = "alias",
         .verb = "remove",
         .summary = "Removes targets of an alias, or all of it.",
         .arguments = {kSourceArgument, {"TARGET", Arity::any, "only these"}},
         .options = {kNoWaitOption},
         .examples = {"gatepost alias remove info@example.org bob@example.net",
                      "gatepost alias remove info@example.org --yes"},
         .run = remove},
        {.noun = "alias",
         .verb = "import",
         .summary = "Adds the aliases of a table of Postfix (virtual_alias_maps), a line "
                    "\"source target, target\" each.",
         .arguments = {{"FILE", Arity::one, "the table's text; -: standard input"}},
         .options = {{"--replace", "", "remove other aliases of the domains in it"},
                     {"--origin", "DOMAIN", "of addresses without one"},
                     kNoWaitOption},
         .examples = {"gatepost alias import /etc/postfix/virtual",
                      "gatepost alias import valias --replace --dry-run"},
         .run = import},
        {.noun = "alias",
         .verb = "export",
         .summary = "Writes the aliases as a table of Postfix, which import reads.",
         .arguments = {{"FILE", Arity::optional, "in place of standard output"}},
         .options = {{"--domain", "DOMAIN", "only those of this domain"}},
         .examples = {"gatepost alias export",
                      "gatepost alias export virtual --domain example.org"},
         .run = export_aliases},
    };
}

}  // namespace gatepost::tools

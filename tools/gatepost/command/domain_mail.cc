// gatepost domain show|set|remove: what a domain is for mail.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "controlplane/model/domain.h"
#include "controlplane/model/mail_name.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/command/domain_commands.h"
#include "tools/gatepost/command/domain_hosts.h"
#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::Domain;
using controlplane::MailDomainChange;
using nlohmann::ordered_json;

Result<std::string> name_argument(const Arguments& arguments) {
    return controlplane::mail_domain_from_text(arguments.text("NAME"));
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto name = name_argument(arguments);
    if (!name) return tl::unexpected(std::move(name).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto domains = controlplane::domain_list(*connection);
    if (!domains) return tl::unexpected(std::move(domains).error());
    for (const Domain& domain : *domains) {
        if (domain.name != *name + ".") continue;
        if (context.json()) {
            context.print(ordered_json{{"name", domain.name},
                                       {"created_at", domain.created_at},
                                       {"created_by", domain.created_by},
                                       {"zones", domain.zones},
                                       {"mail", domain.mail ? mail_domain_json(*domain.mail)
                                                            : ordered_json()}}
                              .dump(2) +
                          "\n");
            return kExitDone;
        }
        std::string text =
            domain.mail ? mail_domain_text(*domain.mail) : fmt::format("{}, no mail\n", *name);
        text += fmt::format(
            "  zones         {}\n",
            domain.zones.empty() ? "–" : fmt::format("{}", fmt::join(domain.zones, " ")));
        context.print(text);
        return kExitDone;
    }
    return fail(ErrorCode::refused, "there is no domain {}; see: gatepost domain list", *name);
}

Result<MailDomainChange> read_change(const Arguments& arguments) {
    MailDomainChange change;
    const auto text = [&](std::string_view name) {
        return arguments.has(name) ? std::optional(arguments.text(name)) : std::nullopt;
    };
    change.subaddress_delimiters = text("--delimiters");
    if (change.subaddress_delimiters == "none") change.subaddress_delimiters = "";
    if (Status read = read_client_names(arguments, change); !read)
        return tl::unexpected(std::move(read).error());
    if (arguments.has("--active") && arguments.has("--inactive"))
        return fail(ErrorCode::usage, "--active and --inactive: only one of them");
    if (arguments.has("--active")) change.active = true;
    if (arguments.has("--inactive")) change.active = false;
    if (const auto target = text("--alias-of"); target && (*target == "none" || target->empty())) {
        change.alias_of = "";
    } else if (target) {
        auto name = controlplane::mail_domain_from_text(*target);
        if (!name) return tl::unexpected(std::move(name).error());
        change.alias_of = std::move(*name);
    }
    auto quota = quota_option(arguments, "--quota");
    if (!quota) return tl::unexpected(std::move(quota).error());
    change.default_quota_bytes = *quota;
    auto messages = arguments.number("--messages");
    if (!messages) return tl::unexpected(std::move(messages).error());
    change.default_quota_messages = *messages;
    return change;
}

Result<int> set(Context& context, const Arguments& arguments) {
    auto name = name_argument(arguments);
    if (!name) return tl::unexpected(std::move(name).error());
    auto change = read_change(arguments);
    if (!change) return tl::unexpected(std::move(change).error());
    if (change->alias_of == *name)
        return fail(ErrorCode::usage, "--alias-of: {} cannot be an alias of itself", *name);
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mail_domain_set(*connection, *name, *change, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_mail_domain(context, arguments, *result);
    if (result->after && (change->imap_host || change->pop_host || change->smtp_host))
        warn_about_hosts(context, *connection, *result->after);
    return kExitDone;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto name = name_argument(arguments);
    if (!name) return tl::unexpected(std::move(name).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto domain = controlplane::mail_domain_get(*connection, *name);
    if (!domain) return tl::unexpected(std::move(domain).error());
    // What is refused is refused before anybody has to type a name.
    controlplane::WriteOptions look = *options;
    look.dry_run = true;
    auto result = controlplane::mail_domain_remove(*connection, *name, look);
    if (!result) return tl::unexpected(std::move(result).error());
    if (!options->dry_run) {
        if (Status yes = confirm_name(
                context,
                fmt::format(
                    "No more mail is taken for {}, and {} of it go.", *name,
                    domain->aliases == 1 ? "1 alias" : grouped(domain->aliases) + " aliases"),
                *name);
            !yes)
            return tl::unexpected(std::move(yes).error());
        result = controlplane::mail_domain_remove(*connection, *name, *options);
        if (!result) return tl::unexpected(std::move(result).error());
    }
    report_mail_domain(context, arguments, *result);
    return kExitDone;
}

constexpr ArgumentSpec kNameArgument = {"NAME", Arity::one, "the domain: example.org"};

}  // namespace

std::vector<CommandSpec> domain_mail_commands() {
    return {
        {.noun = "domain",
         .verb = "show",
         .summary = "All about a domain: its zones, and what it is for mail.",
         .arguments = {kNameArgument},
         .examples = {"gatepost domain show example.org",
                      "gatepost domain show example.org --json"},
         .run = show},
        {.noun = "domain",
         .verb = "set",
         .summary = "Changes what a domain is for mail.",
         .arguments = {kNameArgument},
         .options = {{"--display-name", "NAME", "for mail programs: \"Example Ltd\""},
                     {"--short-name", "NAME", "the same, short"},
                     {"--imap-host", "HOST", "for mail programs; \"\": the server's"},
                     {"--pop-host", "HOST", "the same for POP3"},
                     {"--smtp-host", "HOST", "the same for submission"},
                     {"--delimiters", "CHARS", "of subaddresses (ada+x@): \"+-\", none"},
                     {"--quota", "SIZE", "of new accounts: 20GB; none"},
                     {"--messages", "N", "of new accounts; 0: without limit"},
                     {"--alias-of", "DOMAIN", "its addresses are those of this domain; none"},
                     {"--active", "", "mail is taken, and people log in"},
                     {"--inactive", "", "neither"},
                     kNoWaitOption},
         .examples = {"gatepost domain set example.org --display-name 'Example Ltd' --imap-host "
                      "imap.example.org",
                      "gatepost domain set example.net --alias-of example.org"},
         .run = set},
        {.noun = "domain",
         .verb = "remove",
         .summary = "Takes no more mail for a domain, and removes its aliases. Its zone stays.",
         .arguments = {kNameArgument},
         .options = {kNoWaitOption},
         .examples = {"gatepost domain remove example.org",
                      "gatepost domain remove example.org --yes"},
         .run = remove},
    };
}

}  // namespace gatepost::tools

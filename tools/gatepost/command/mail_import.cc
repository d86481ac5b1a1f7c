// gatepost import postoffice|unified|dinomail|postfix|dovecot
#include "controlplane/mail_import/mail_import.h"

#include <nlohmann/json.hpp>

#include "controlplane/mail_import/dovecot_passwd.h"
#include "controlplane/mail_import/other_databases.h"
#include "controlplane/mail_import/postfix_map.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/read_text.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using controlplane::MailImport;
using controlplane::MailImportResult;
using nlohmann::ordered_json;

void report(Context& context, const Arguments& arguments, const MailImportResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        context.print(
            ordered_json{
                {"dry_run", dry_run},
                {"domains", {{"added", result.domains_added}, {"kept", result.domains_kept}}},
                {"users", {{"added", result.accounts_added}, {"kept", result.accounts_kept}}},
                {"aliases", {{"added", result.aliases_added}, {"kept", result.aliases_kept}}},
                {"rules", {{"added", result.rules_added}}},
                {"skipped", result.skipped},
                {"edge", edge_json(edge)}}
                .dump(2) +
            "\n");
        return;
    }
    Table table({{"WHAT"}, {"ADDED", Align::right}, {"THERE ALREADY", Align::right}});
    table.row({"domains", grouped(result.domains_added), grouped(result.domains_kept)});
    table.row({"users", grouped(result.accounts_added), grouped(result.accounts_kept)});
    table.row({"aliases", grouped(result.aliases_added), grouped(result.aliases_kept)});
    if (result.rules_added > 0) table.row({"rules", grouped(result.rules_added), "–"});
    context.print(table.text());
    for (const std::string& skipped : result.skipped) context.warning("skipped: " + skipped);
    if (dry_run) context.note("dry run: nothing was changed");
    wait_for_edge(context, arguments, result.lsn);
}

Result<int> apply(Context& context, const Arguments& arguments, const MailImport& import) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::mail_import_apply(*connection, import, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report(context, arguments, *result);
    return result->skipped.empty() ? kExitDone : kExitWarnings;
}

template <typename Read>
Result<int> from_database(Context& context, const Arguments& arguments, Read read) {
    if (!arguments.has("--dsn"))
        return fail(ErrorCode::usage, "--dsn is needed: the database to read");
    auto source = controlplane::Connection::open(arguments.text("--dsn"), "gatepost import");
    if (!source) return wrap("--dsn", std::move(source).error());
    auto import = read(*source);
    if (!import) return tl::unexpected(std::move(import).error());
    return apply(context, arguments, *import);
}

Result<int> postoffice(Context& context, const Arguments& arguments) {
    return from_database(context, arguments, controlplane::read_postoffice);
}

Result<int> unified(Context& context, const Arguments& arguments) {
    return from_database(context, arguments, controlplane::read_unified);
}

Result<int> dinomail(Context& context, const Arguments& arguments) {
    return from_database(context, arguments, controlplane::read_dinomail);
}

Status read_passwd(const Arguments& arguments, MailImport& import) {
    const std::string file = arguments.text("--passwd-file");
    auto text = read_text(file);
    if (!text) return tl::unexpected(std::move(text).error());
    const std::string domain = arguments.text("--domain");
    const std::string scheme = arguments.text("--scheme");
    controlplane::DovecotPasswdOptions options;
    options.domain = domain;
    if (!scheme.empty()) options.scheme = scheme;
    controlplane::import_dovecot_passwd(import, *text, file, options);
    return {};
}

Result<int> postfix(Context& context, const Arguments& arguments) {
    MailImport import;
    const auto read = [&](const char* option, auto take) -> Status {
        if (!arguments.has(option)) return {};
        auto text = read_text(arguments.text(option));
        if (!text) return tl::unexpected(std::move(text).error());
        take(*text, arguments.text(option));
        return {};
    };
    const bool any = arguments.has("--virtual-domains") || arguments.has("--virtual-mailbox") ||
                     arguments.has("--virtual-alias");
    if (!any)
        return fail(ErrorCode::usage,
                    "--virtual-domains, --virtual-mailbox or --virtual-alias: one at least");
    const std::string origin = arguments.text("--domain");
    Status done = read("--virtual-domains", [&](const auto& text, const auto& name) {
        controlplane::import_virtual_domains(import, text, name);
    });
    if (done)
        done = read("--virtual-mailbox", [&](const auto& text, const auto& name) {
            controlplane::import_virtual_mailboxes(import, text, name);
        });
    if (done)
        done = read("--virtual-alias", [&](const auto& text, const auto& name) {
            controlplane::import_virtual_aliases(import, text, name, origin);
        });
    if (done && arguments.has("--passwd-file")) done = read_passwd(arguments, import);
    if (!done) return tl::unexpected(std::move(done).error());
    return apply(context, arguments, import);
}

Result<int> dovecot(Context& context, const Arguments& arguments) {
    if (!arguments.has("--passwd-file"))
        return fail(ErrorCode::usage, "--passwd-file is needed: Dovecot's passwd-file");
    MailImport import;
    if (Status done = read_passwd(arguments, import); !done)
        return tl::unexpected(std::move(done).error());
    return apply(context, arguments, import);
}

constexpr OptionSpec kDsnOption = {"--dsn", "DSN", "the database to read: postgresql://host/name"};
constexpr OptionSpec kPasswdOption = {"--passwd-file", "FILE", "Dovecot's: accounts and passwords"};
constexpr OptionSpec kDomainOption = {"--domain", "DOMAIN", "of users and addresses without one"};
constexpr OptionSpec kDefaultSchemeOption = {"--scheme", "SCHEME",
                                             "of passwords without one (default CRYPT)"};

}  // namespace

std::vector<CommandSpec> mail_import_commands() {
    return {
        {.noun = "import",
         .verb = "postoffice",
         .summary = "Domains, users, passwords, aliases and rules from a database of Postoffice. "
                    "What is here already stays as it is.",
         .options = {kDsnOption, kNoWaitOption},
         .examples = {"gatepost import postoffice --dsn postgresql://old/postoffice --dry-run",
                      "gatepost import postoffice --dsn 'dbname=postoffice'"},
         .run = postoffice},
        {.noun = "import",
         .verb = "unified",
         .summary = "Users, passwords, roles, quotas and aliases from a database of unified.",
         .options = {kDsnOption, kNoWaitOption},
         .examples = {"gatepost import unified --dsn postgresql://old/unified --dry-run",
                      "gatepost import unified --dsn 'dbname=unified'"},
         .run = unified},
        {.noun = "import",
         .verb = "dinomail",
         .summary = "Domains, users, passwords and aliases from a database of DinoMail.",
         .options = {kDsnOption, kNoWaitOption},
         .examples = {"gatepost import dinomail --dsn postgresql://old/dinomail --dry-run",
                      "gatepost import dinomail --dsn 'dbname=dinomail'"},
         .run = dinomail},
        {.noun = "import",
         .verb = "postfix",
         .summary = "Domains, users and aliases from the virtual tables of Postfix, in text form. "
                    "Passwords come from Dovecot's passwd-file.",
         .options = {{"--virtual-domains", "FILE", "virtual_mailbox_domains"},
                     {"--virtual-mailbox", "FILE", "virtual_mailbox_maps"},
                     {"--virtual-alias", "FILE", "virtual_alias_maps"},
                     kPasswdOption,
                     kDomainOption,
                     kDefaultSchemeOption,
                     kNoWaitOption},
         .examples = {"gatepost import postfix --virtual-mailbox vuser --virtual-alias valias",
                      "gatepost import postfix --virtual-mailbox vmap --passwd-file passwd"},
         .run = postfix},
        {.noun = "import",
         .verb = "dovecot",
         .summary = "Users, passwords and quotas from a passwd-file of Dovecot.",
         .options = {kPasswdOption, kDomainOption, kDefaultSchemeOption, kNoWaitOption},
         .examples = {"gatepost import dovecot --passwd-file /etc/dovecot/users",
                      "gatepost import dovecot --passwd-file users --domain example.org"},
         .run = dovecot},
    };
}

}  // namespace gatepost::tools

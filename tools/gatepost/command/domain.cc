// gatepost domain create|list
#include "controlplane/model/domain.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/model/mail_name.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/domain_commands.h"
#include "tools/gatepost/command/domain_hosts.h"
#include "tools/gatepost/command/mail_output.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/service_records.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

// "www A 192.0.2.1": name, type, and the rest.
Result<controlplane::ExtraRecord> extra_from_text(const std::string& text) {
    const size_t first = text.find(' ');
    const size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
    if (second == std::string::npos)
        return fail(
            ErrorCode::usage,
            "--record: \"{}\" is not a record, expected name, type and data: 'www A 192.0.2.1'",
            text);
    return controlplane::ExtraRecord{text.substr(0, first),
                                     text.substr(first + 1, second - first - 1),
                                     {text.substr(second + 1)}};
}

// A host of one label is one of the domain; one with a dot is whole.
std::string host_of(const std::string& text, const std::string& domain) {
    if (text.find('.') != std::string::npos) return text.ends_with('.') ? text : text + ".";
    return fmt::format("{}.{}{}", text, domain, domain.ends_with('.') ? "" : ".");
}

// Several records of one name and type are one RRset.
void add_extra(std::vector<controlplane::ExtraRecord>& extras, controlplane::ExtraRecord record) {
    for (controlplane::ExtraRecord& known : extras) {
        if (known.name == record.name && known.type == record.type) {
            known.values.push_back(record.values.front());
            return;
        }
    }
    extras.push_back(std::move(record));
}

// Those that the command line says nothing of, with the hosts that the domain may have been given.
Status add_service_records(Context& context, controlplane::Connection& connection,
                           controlplane::NewDomain& domain) {
    std::vector<controlplane::ExtraRecord>& extras = domain.extras;
    const auto config = context.config();
    if (!config) return tl::unexpected(config.error());
    ServiceHosts hosts;
    if (auto name = controlplane::mail_domain_from_text(domain.zone.name)) {
        auto found = service_hosts(connection, *name);
        if (!found) return tl::unexpected(std::move(found).error());
        hosts = std::move(*found);
    }
    for (controlplane::ExtraRecord& record : service_records(config->mail, hosts)) {
        const bool given = std::any_of(extras.begin(), extras.end(), [&](const auto& known) {
            return known.name == record.name && known.type == record.type;
        });
        if (!given) extras.push_back(std::move(record));
    }
    return {};
}

Result<controlplane::NewDomain> read_domain(const Arguments& arguments) {
    controlplane::NewDomain domain;
    domain.zone.name = arguments.text("NAME");
    domain.mail = !arguments.has("--no-mail");
    for (const std::string& host : arguments.list("--ns"))
        domain.zone.name_servers.push_back(host_of(host, domain.zone.name));
    domain.zone.email = arguments.text("--email");
    domain.addresses = arguments.list("--address");
    auto ttl = ttl_option(arguments);
    if (!ttl) return tl::unexpected(std::move(ttl).error());
    domain.zone.timers.ttl = *ttl;
    int preference = 10;
    for (const std::string& host : arguments.list("--mx")) {
        add_extra(domain.extras,
                  {"@", "MX", {fmt::format("{} {}", preference, host_of(host, domain.zone.name))}});
        preference += 10;
    }
    for (const std::string& text : arguments.list("--record")) {
        auto extra = extra_from_text(text);
        if (!extra) return tl::unexpected(std::move(extra).error());
        add_extra(domain.extras, std::move(*extra));
    }
    return domain;
}

void print_result(Context& context, const Arguments& arguments,
                  const controlplane::DomainResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result.write.lsn);
        context.print(ordered_json{{"domain", result.zone.name},
                                   {"domain_created", result.domain_created},
                                   {"zone_created", result.zone_created},
                                   {"mail_created", result.mail_created},
                                   {"serial", result.write.serial},
                                   {"dry_run", dry_run},
                                   {"changes", changes_json(result.write.changes)},
                                   {"name_servers", result.name_servers},
                                   {"glue", result.glue},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return;
    }
    context.print(changes_text(result.write.changes));
    context.note(fmt::format("{} {} with serial {}", result.zone.name,
                             dry_run               ? "would exist"
                             : result.zone_created ? "created"
                                                   : "is as asked",
                             result.write.serial));
    if (result.mail_created)
        context.note(dry_run ? "mail would be taken for it" : "mail is taken for it");
    wait_for_edge(context, arguments, result.write.lsn);
    context.note("\nfor the registrar of the domain:");
    for (const std::string& server : result.name_servers)
        context.note(fmt::format("  name server  {}", server));
    for (const std::string& glue : result.glue)
        context.note(fmt::format("  address of   {}", glue));
}

Result<int> create_for_mail(Context& context, const Arguments& arguments) {
    for (const char* option : {"--ns", "--address", "--mx", "--record", "--email", "--ttl"})
        if (arguments.has(option))
            return fail(ErrorCode::usage, "{} is of a zone, and --no-zone makes none", option);
    if (arguments.has("--no-mail"))
        return fail(ErrorCode::usage, "--no-zone and --no-mail: nothing is left to create");
    auto name = controlplane::mail_domain_from_text(arguments.text("NAME"));
    if (!name) return tl::unexpected(std::move(name).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto result = controlplane::domain_create_for_mail(*connection, *name, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    report_mail_domain(context, arguments, *result);
    return kExitDone;
}

Result<int> create(Context& context, const Arguments& arguments) {
    if (arguments.has("--no-zone")) return create_for_mail(context, arguments);
    auto domain = read_domain(arguments);
    if (!domain) return tl::unexpected(std::move(domain).error());
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    if (domain->mail && !arguments.has("--no-srv"))
        if (Status added = add_service_records(context, *connection, *domain); !added)
            return tl::unexpected(std::move(added).error());
    auto result = controlplane::domain_create(*connection, *domain, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    print_result(context, arguments, *result);
    return kExitDone;
}

// "yes", "inactive", "alias of example.org", "–".
std::string mail_text(const std::optional<controlplane::MailDomain>& mail) {
    if (!mail) return "–";
    if (!mail->active) return "inactive";
    return mail->alias_of.empty() ? "yes" : "alias of " + mail->alias_of;
}

Result<int> list(Context& context, const Arguments&) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto domains = controlplane::domain_list(*connection);
    if (!domains) return tl::unexpected(std::move(domains).error());
    Table table({{"DOMAIN"},
                 {"ZONES", Align::right},
                 {"CREATED"},
                 {"BY"},
                 {"MAIL"},
                 {"ACCOUNTS", Align::right},
                 {"ALIASES", Align::right}});
    ordered_json out = ordered_json::array();
    for (const auto& domain : *domains) {
        table.row({domain.name, std::to_string(domain.zones.size()), domain.created_at,
                   domain.created_by, mail_text(domain.mail),
                   domain.mail ? grouped(domain.mail->accounts) : "–",
                   domain.mail ? grouped(domain.mail->aliases) : "–"});
        out.push_back({{"name", domain.name},
                       {"created_at", domain.created_at},
                       {"created_by", domain.created_by},
                       {"zones", domain.zones},
                       {"mail", domain.mail ? mail_domain_json(*domain.mail) : ordered_json()}});
    }
    context.print(context.json() ? ordered_json{{"domains", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> domain_commands() {
    std::vector<CommandSpec> rows = {
        {.noun = "domain",
         .verb = "create",
         .summary =
             "Creates a domain with its zone, name servers, addresses and further records in one "
             "transaction, and takes mail for it; run again, it makes what exists be as asked.",
         .arguments = {{"NAME", Arity::one, "the domain: example.org"}},
         .options = {{"--ns", "HOST…",
                      "a name server, \"ns1\" for one of the domain itself; the first is the "
                      "primary (repeatable)"},
                     {"--address", "IP…", "an address of the domain itself (repeatable)"},
                     {"--mx", "HOST…", "a mail server, in order of preference (repeatable)"},
                     {"--record", "RECORD…", "a further record: 'www A 192.0.2.1' (repeatable)"},
                     {"--email", "ADDRESS", "who answers for it (default hostmaster@ the domain)"},
                     {"--no-mail", "", "take no mail for it"},
                     {"--no-srv", "",
                      "no SRV records for mail programs (RFC 6186) of what this instance serves"},
                     {"--no-zone", "", "only mail: its DNS is somebody else's"},
                     kTtlOption,
                     kNoWaitOption},
         .examples =
             {"gatepost domain create example.org --ns ns1.example.net --address 192.0.2.1",
              "gatepost domain create example.org --ns ns1 --record 'ns1 A 192.0.2.53' --mx mail"},
         .run = create},
        {.noun = "domain",
         .verb = "list",
         .summary = "Lists the domains, how many zones each has, and what it is for mail.",
         .examples = {"gatepost domain list", "gatepost domain list --json"},
         .run = list},
    };
    for (CommandSpec& row : domain_mail_commands()) rows.push_back(std::move(row));
    return rows;
}

}  // namespace gatepost::tools

// gatepost zone import|export|list|show|check|remove
#include "controlplane/model/zone.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "controlplane/model/zone_export.h"
#include "storage/zone/rdata.h"
#include "storage/zone/zone_text.h"
#include "tools/gatepost/cli/confirm.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/command/zone_file.h"
#include "tools/gatepost/command/zone_import.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

constexpr size_t kPieceMax = 64 << 10;  // octets of text kept before they are written

ordered_json zone_json(const controlplane::Zone& zone) {
    return {{"name", zone.name},
            {"domain", zone.domain.empty() ? ordered_json() : ordered_json(zone.domain)},
            {"serial", zone.serial},
            {"mname", zone.mname},
            {"rname", zone.rname},
            {"refresh_seconds", zone.refresh},
            {"retry_seconds", zone.retry},
            {"expire_seconds", zone.expire},
            {"minimum_seconds", zone.minimum},
            {"soa_ttl_seconds", zone.soa_ttl},
            {"default_ttl_seconds", zone.default_ttl},
            {"created_at", zone.created_at},
            {"updated_at", zone.updated_at},
            {"rrsets", zone.rrset_count},
            {"records", zone.record_count}};
}

ordered_json rrset_json(const storage::RRset& rrset) {
    ordered_json data = ordered_json::array();
    for (const Bytes rdata : rrset.rdatas())
        data.push_back(storage::rdata_to_text(rrset.type(), rdata));
    return {{"name", storage::dname_to_text(rrset.owner())},
            {"type", storage::rrtype_to_text(rrset.type())},
            {"ttl_seconds", rrset.ttl()},
            {"data", data}};
}

Result<int> export_zone(Context& context, const Arguments& arguments) {
    const std::string name = arguments.text("ZONE");
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto zone = controlplane::zone_get(*connection, name);
    if (!zone) return tl::unexpected(std::move(zone).error());
    auto apex = storage::dname_from_text(zone->name);
    if (!apex) return tl::unexpected(std::move(apex).error());

    // A zone can be larger than what anybody wants in memory twice: it is written as it is read.
    std::string text;
    std::string separator;
    storage::ZoneTextOptions options;
    options.relative = !arguments.has("--absolute");
    std::optional<storage::ZoneTextWriter> writer;
    if (context.json())
        text = fmt::format("{{\"zone\": {}, \"rrsets\": [", ordered_json(zone->name).dump());
    else
        writer.emplace(*apex, zone->default_ttl, options, text);
    Status done = controlplane::zone_export(*connection, name, [&](const storage::RRset& rrset) {
        if (writer) {
            writer->write(rrset);
        } else {
            text += separator + "\n" + rrset_json(rrset).dump();
            separator = ",";
        }
        if (text.size() < kPieceMax) return Status();
        context.print(text);
        text.clear();
        return Status();
    });
    if (!done) return tl::unexpected(std::move(done).error());
    context.print(context.json() ? text + "\n]}\n" : text);
    return kExitDone;
}

Result<int> list(Context& context, const Arguments& arguments) {
    controlplane::ZoneListOptions options;
    options.contains = arguments.text("--contains");
    options.after = arguments.text("--after");
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    options.limit = limit->value_or(0);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto zones = controlplane::zone_list(*connection, options);
    if (!zones) return tl::unexpected(std::move(zones).error());
    ordered_json out = ordered_json::array();
    Table table({{"ZONE"},
                 {"SERIAL", Align::right},
                 {"RRSETS", Align::right},
                 {"RECORDS", Align::right},
                 {"CHANGED"}});
    for (const auto& zone : *zones) {
        if (context.json())
            out.push_back(zone_json(zone));
        else
            table.row({zone.name, std::to_string(zone.serial), grouped(zone.rrset_count),
                       grouped(zone.record_count), zone.updated_at});
    }
    context.print(context.json() ? ordered_json{{"zones", out}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

// What this host answers from: the control plane's word on the zone, null where none runs.
ordered_json served_state(Context& context, const std::string& zone) {
    auto control = context.control();
    if (!control) return nullptr;
    auto reply = control->request({{"op", "zone.status"}, {"zone", zone}},
                                  context.timeout(std::chrono::seconds(2)));
    if (!reply) return nullptr;
    return {
        {"state", (*reply)["state"]}, {"serial", (*reply)["serial"]}, {"held", (*reply)["held"]}};
}

std::string served_text(const ordered_json& served) {
    if (served.is_null()) return "no control plane runs here";
    const std::string serial =
        served["serial"].is_null() ? "no serial" : "serial " + served["serial"].dump();
    if (served["state"] != "held")
        return fmt::format("{}, {}", served.value("state", std::string()), serial);
    return fmt::format("{} is held: {}", serial, served["held"].value("reason", std::string()));
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto zone = controlplane::zone_get(*connection, arguments.text("ZONE"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    const ordered_json served = served_state(context, zone->name);
    if (context.json()) {
        ordered_json out = zone_json(*zone);
        out["served"] = served;
        context.print(out.dump(2) + "\n");
        return kExitDone;
    }
    const auto line = [&](std::string_view name, const std::string& value) {
        context.print(fmt::format("{:<13} {}\n", name, value));
    };
    line("zone", zone->name);
    if (!zone->domain.empty()) line("domain", zone->domain);
    line("serial", std::to_string(zone->serial));
    line("served here", served_text(served));
    line("contents", fmt::format("{}, {}", counted(zone->rrset_count, "RRset"),
                                 counted(zone->record_count, "record")));
    line("primary", zone->mname);
    line("responsible", zone->rname);
    line("timers", fmt::format("refresh {}, retry {}, expire {}, negative answers {} (seconds)",
                               zone->refresh, zone->retry, zone->expire, zone->minimum));
    line("TTLs", fmt::format("SOA {}, records without one {}", zone->soa_ttl, zone->default_ttl));
    line("created", zone->created_at);
    line("changed", zone->updated_at);
    return kExitDone;
}

// The zone out of the database, for `zone check` with a name.
Result<storage::ZoneData> stored_zone(Context& context, const std::string& name) {
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    std::vector<std::string> problems;
    auto zone = controlplane::zone_read(*connection, name, &problems);
    if (!zone) return zone;
    for (const std::string& problem : problems) context.complain(problem);
    if (!problems.empty())
        return fail(ErrorCode::invalid, "{}: {} not valid", name,
                    counted(problems.size(), "record"));
    return zone;
}

Result<int> check(Context& context, const Arguments& arguments) {
    const std::string what = arguments.text("FILE");
    std::error_code ignored;
    const bool is_file = what == "-" || std::filesystem::exists(what, ignored);
    const bool is_path = what.find('/') != std::string::npos;
    auto zone = is_file || is_path ? read_zone(context, what, arguments.text("--zone"))
                                   : stored_zone(context, what);
    if (!zone) return tl::unexpected(std::move(zone).error());
    const storage::ZoneCheckReport report = storage::check_zone(*zone);
    if (context.json()) {
        ordered_json findings = ordered_json::array();
        for (const auto& finding : report.findings)
            findings.push_back(
                {{"severity", finding.severity == storage::Severity::error ? "error" : "warning"},
                 {"rule", finding.rule},
                 {"name", storage::dname_to_text(finding.owner)},
                 {"type", storage::rrtype_to_text(finding.type)},
                 {"message", finding.message},
                 {"place", finding.place}});
        context.print(ordered_json{{"zone", storage::dname_to_text(zone->apex())},
                                   {"records", zone->record_count()},
                                   {"errors", report.error_count},
                                   {"warnings", report.warning_count},
                                   {"findings", findings}}
                          .dump(2) +
                      "\n");
    }
    auto code = report_findings(context, arguments, what, report);
    if (code && *code == kExitDone)
        context.note(fmt::format("{}: {}, no errors", storage::dname_to_text(zone->apex()),
                                 counted(zone->record_count(), "record")));
    return code;
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto zone = controlplane::zone_get(*connection, arguments.text("ZONE"));
    if (!zone) return tl::unexpected(std::move(zone).error());
    const std::string contents =
        fmt::format("{} with {}", zone->name, counted(zone->record_count, "record"));
    if (!options->dry_run)
        if (Status yes =
                confirm_name(context, fmt::format("This removes {}.", contents), zone->name);
            !yes)
            return tl::unexpected(std::move(yes).error());
    auto result = controlplane::zone_remove(*connection, zone->name, *options);
    if (!result) return tl::unexpected(std::move(result).error());
    context.note(fmt::format("{} {}", options->dry_run ? "would remove" : "removed", contents));
    const EdgeWait edge = wait_for_edge(context, arguments, result->lsn);
    if (context.json())
        context.print(ordered_json{{"zone", zone->name},
                                   {"removed", !options->dry_run},
                                   {"records", zone->record_count},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
    return kExitDone;
}

constexpr ArgumentSpec kZone = {"ZONE", Arity::one, "the zone: example.org"};

}  // namespace

std::vector<CommandSpec> zone_commands() {
    return {
        zone_import_command(),
        {.noun = "zone",
         .verb = "export",
         .summary = "Writes a zone as a master file (RFC 1035) that imports to the very same zone.",
         .arguments = {kZone},
         .options = {{"--absolute", "", "whole names instead of such relative to the zone"}},
         .examples = {"gatepost zone export example.org > example.org.zone",
                      "gatepost zone export example.org --json"},
         .run = export_zone},
        {.noun = "zone",
         .verb = "list",
         .summary = "Lists the zones.",
         .options = {{"--contains", "TEXT", "only zones with this in their name"},
                     {"--after", "NAME", "only zones behind this one: the next page"},
                     {"--limit", "COUNT", "no more than so many"}},
         .examples = {"gatepost zone list", "gatepost zone list --contains example --json"},
         .run = list},
        {.noun = "zone",
         .verb = "show",
         .summary = "Shows one zone: its SOA, its size, and what this host answers from.",
         .arguments = {kZone},
         .examples = {"gatepost zone show example.org", "gatepost zone show example.org --json"},
         .run = show},
        {.noun = "zone",
         .verb = "check",
         .summary = "Checks a zone file, or a zone of the database, against the rules of DNS. Exit "
                    "code 5 with "
                    "errors, 8 with warnings only.",
         .arguments = {{"FILE", Arity::one, "a file, - for standard input, or a zone's name"}},
         .options = {kZoneOption, kWarningsOption},
         .examples = {"gatepost zone check example.org.zone", "gatepost zone check example.org"},
         .run = check},
        {.noun = "zone",
         .verb = "remove",
         .summary = "Removes a zone with all its records. The history keeps what it was.",
         .arguments = {kZone},
         .options = {kIfSerialOption, kNoWaitOption},
         .examples = {"gatepost zone remove example.org", "gatepost zone remove example.org --yes"},
         .run = remove},
    };
}

}  // namespace gatepost::tools

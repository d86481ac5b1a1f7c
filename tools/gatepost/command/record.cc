// gatepost record add|set|remove|list
#include "controlplane/model/record.h"

#include <nlohmann/json.hpp>

#include "controlplane/model/names.h"
#include "storage/zone/dname.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

// Data such as "10 mail" may come as one word or as several.
std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string zone_name(const std::string& text) {
    auto name = controlplane::absolute_name(text);
    return name ? storage::dname_to_text(*name) : text;
}

struct Target {
    controlplane::Connection connection;
    controlplane::WriteOptions options;
    std::optional<uint32_t> ttl;
};

Result<Target> open_target(Context& context, const Arguments& arguments) {
    Target target;
    auto options = write_options(context, arguments);
    if (!options) return tl::unexpected(std::move(options).error());
    auto ttl = ttl_option(arguments);
    if (!ttl) return tl::unexpected(std::move(ttl).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    target.connection = std::move(*connection);
    target.options = std::move(*options);
    target.ttl = *ttl;
    return target;
}

Result<int> finish(Context& context, const Arguments& arguments,
                   Result<controlplane::WriteResult> result) {
    if (!result) return tl::unexpected(std::move(result).error());
    report_write(context, arguments, zone_name(arguments.text("ZONE")), *result);
    return kExitDone;
}

Result<int> add(Context& context, const Arguments& arguments) {
    auto target = open_target(context, arguments);
    if (!target) return tl::unexpected(std::move(target).error());
    return finish(
        context, arguments,
        controlplane::record_add(target->connection, arguments.text("ZONE"), arguments.text("NAME"),
                                 arguments.text("TYPE"), joined(arguments.list("DATA")),
                                 target->ttl, target->options));
}

Result<int> set(Context& context, const Arguments& arguments) {
    auto target = open_target(context, arguments);
    if (!target) return tl::unexpected(std::move(target).error());
    return finish(context, arguments,
                  controlplane::record_set(target->connection, arguments.text("ZONE"),
                                           arguments.text("NAME"), arguments.text("TYPE"),
                                           arguments.list("DATA"), target->ttl, target->options));
}

Result<int> remove(Context& context, const Arguments& arguments) {
    auto target = open_target(context, arguments);
    if (!target) return tl::unexpected(std::move(target).error());
    return finish(context, arguments,
                  controlplane::record_remove(target->connection, arguments.text("ZONE"),
                                              arguments.text("NAME"), arguments.text("TYPE"),
                                              joined(arguments.list("DATA")), target->options));
}

Result<int> list(Context& context, const Arguments& arguments) {
    controlplane::RecordListOptions options;
    options.name = arguments.text("NAME");
    options.type = arguments.text("TYPE");
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    auto offset = arguments.number("--offset");
    if (!offset) return tl::unexpected(std::move(offset).error());
    options.limit = limit->value_or(0);
    options.offset = offset->value_or(0);
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto rrsets = controlplane::record_list(*connection, arguments.text("ZONE"), options);
    if (!rrsets) return tl::unexpected(std::move(rrsets).error());
    if (context.json()) {
        ordered_json out = ordered_json::array();
        for (const auto& rrset : *rrsets)
            out.push_back({{"name", rrset.name},
                           {"type", rrset.type},
                           {"ttl_seconds", rrset.ttl},
                           {"data", rrset.values}});
        context.print(
            ordered_json{{"zone", zone_name(arguments.text("ZONE"))}, {"rrsets", out}}.dump(2) +
            "\n");
        return kExitDone;
    }
    Table table({{"NAME"}, {"TTL", Align::right}, {"TYPE"}, {"DATA"}});
    for (const auto& rrset : *rrsets)
        for (const std::string& value : rrset.values)
            table.row({rrset.name, std::to_string(rrset.ttl), rrset.type, value});
    context.print(table.text());
    return kExitDone;
}

constexpr ArgumentSpec kZone = {"ZONE", Arity::one, "the zone: example.org"};
constexpr ArgumentSpec kName = {"NAME", Arity::one,
                                "the owner: www, @ for the apex, or the whole name"};
constexpr ArgumentSpec kType = {"TYPE", Arity::one, "A, AAAA, MX, TXT … or TYPEnnn"};

}  // namespace

std::vector<CommandSpec> record_commands() {
    return {
        {.noun = "record",
         .verb = "add",
         .summary =
             "Adds one record. A TTL given here becomes that of all records of this name and type.",
         .arguments =
             {kZone, kName, kType, {"DATA", Arity::many, "the record's data, as in a zone file"}},
         .options = {kTtlOption, kIfSerialOption, kNoWaitOption},
         .examples = {"gatepost record add example.org www A 192.0.2.7 --ttl 5min",
                      "gatepost record add example.org @ MX 10 mail"},
         .run = add},
        {.noun = "record",
         .verb = "set",
         .summary =
             "Makes these the only records of a name and type, a word of the command line each.",
         .arguments = {kZone,
                       kName,
                       kType,
                       {"DATA", Arity::many, "each record's data, quoted where it has blanks"}},
         .options = {kTtlOption, kIfSerialOption, kNoWaitOption},
         .examples = {"gatepost record set example.org www A 192.0.2.7 192.0.2.8",
                      "gatepost record set example.org @ MX '10 mail' '20 mail2' --dry-run"},
         .run = set},
        {.noun = "record",
         .verb = "remove",
         .summary = "Removes one record, all of a type, or all of a name.",
         .arguments = {kZone,
                       kName,
                       {"TYPE", Arity::optional, "only records of this type"},
                       {"DATA", Arity::any, "only the record with this data"}},
         .options = {kIfSerialOption, kNoWaitOption},
         .examples = {"gatepost record remove example.org www A 192.0.2.7",
                      "gatepost record remove example.org old --dry-run"},
         .run = remove},
        {.noun = "record",
         .verb = "list",
         .summary = "Lists the records of a zone, of one name, or of one name and type.",
         .arguments = {kZone,
                       {"NAME", Arity::optional, "only of this name"},
                       {"TYPE", Arity::optional, "only of this type"}},
         .options = {{"--limit", "COUNT", "no more than so many RRsets"},
                     {"--offset", "COUNT", "skip so many RRsets"}},
         .examples = {"gatepost record list example.org",
                      "gatepost record list example.org www --json"},
         .run = list},
    };
}

}  // namespace gatepost::tools

// gatepost history list
#include "controlplane/model/history.h"

#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

constexpr uint64_t kLimit = 50;

ordered_json parsed(const std::string& text) {
    return text.empty() ? ordered_json() : ordered_json::parse(text, nullptr, false);
}

// What tells a certificate, a selection or a redirect from another one; "" for what is none.
std::string short_form_of_host(const ordered_json& value) {
    const auto text = [&](const char* key) {
        const auto found = value.find(key);
        return found != value.end() && found->is_string() ? found->get<std::string>() : "";
    };
    if (value.contains("fingerprint"))
        return fmt::format("{} {} {:.16}", text("type"), text("key_type"), text("fingerprint"));
    if (value.contains("service")) return fmt::format("{} {}", text("service"), text("type"));
    return text("url");
}

// {"ttl":300,"rdata":["192.0.2.1"]} as "300 192.0.2.1"; unknown shapes as they are.
std::string short_form(const std::string& text) {
    const ordered_json value = parsed(text);
    if (value.is_null()) return "–";
    const auto rdata = value.find("rdata");
    if (rdata == value.end() || !rdata->is_array()) {
        if (const std::string form = short_form_of_host(value); !form.empty()) return form;
        const auto serial = value.find("serial");
        return serial != value.end() ? fmt::format("serial {}", serial->dump()) : text;
    }
    std::string out = value.value("ttl", ordered_json()).dump();
    for (const auto& record : *rdata)
        out += (out.empty() ? "" : " ") +
               (record.is_string() ? record.get<std::string>() : record.dump());
    return out;
}

Result<int> list(Context& context, const Arguments& arguments) {
    controlplane::HistoryListOptions options;
    options.zone = arguments.text("ZONE");
    options.name = arguments.text("NAME");
    options.type = arguments.text("--type");
    options.who = arguments.text("--who");
    options.since = arguments.text("--since");
    auto limit = arguments.number("--limit");
    if (!limit) return tl::unexpected(std::move(limit).error());
    auto before = arguments.number("--before");
    if (!before) return tl::unexpected(std::move(before).error());
    options.limit = limit->value_or(kLimit);
    options.before = static_cast<int64_t>(before->value_or(0));
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto entries = controlplane::history_list(*connection, options);
    if (!entries) return tl::unexpected(std::move(entries).error());
    if (context.json()) {
        ordered_json out = ordered_json::array();
        for (const auto& entry : *entries)
            out.push_back({{"id", entry.id},
                           {"at", entry.at},
                           {"transaction", entry.transaction},
                           {"who", entry.who},
                           {"via", entry.via},
                           {"zone", entry.zone},
                           {"name", entry.name},
                           {"type", entry.type},
                           {"action", entry.action},
                           {"before", parsed(entry.before)},
                           {"after", parsed(entry.after)}});
        context.print(ordered_json{{"history", out}}.dump(2) + "\n");
        return kExitDone;
    }
    Table table({{"ID", Align::right}, {"AT"}, {"WHO"}, {"NAME"}, {"TYPE"}, {"WAS"}, {"BECAME"}});
    for (const auto& entry : *entries)
        table.row({std::to_string(entry.id), entry.at.substr(0, 19), entry.who, entry.name,
                   entry.type, short_form(entry.before), short_form(entry.after)});
    context.print(table.text());
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> history_commands() {
    return {{.noun = "history",
             .verb = "list",
             .summary = "Lists who changed what and when, newest first.",
             .arguments = {{"ZONE", Arity::optional, "only of this zone"},
                           {"NAME", Arity::optional, "only of this name"}},
             .options = {{"--type", "TYPE", "only of this type (SOA: the zone itself)"},
                         {"--who", "NAME", "only by this person"},
                         {"--since", "TIME", "only after: 2026-08-21, yesterday"},
                         {"--before", "ID", "only older ones than this: the next page"},
                         {"--limit", "COUNT", "how many (default 50)"}},
             .examples = {"gatepost history list example.org www",
                          "gatepost history list --since yesterday --json"},
             .run = list}};
}

}  // namespace gatepost::tools

// gatepost config check|describe|show
#include <nlohmann/json.hpp>
#include <string>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/config/suggest.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::ordered_json;

Result<int> check(Context& context, const Arguments& arguments) {
    const std::string file = arguments.text("FILE");
    if (!file.empty()) {
        Settings settings;
        if (Status read = settings.read_file(file); !read)
            return tl::unexpected(std::move(read).error());
        if (auto config = config_from_settings(settings); !config)
            return tl::unexpected(std::move(config).error());
    } else if (auto config = context.config(); !config) {
        return tl::unexpected(std::move(config).error());
    }
    const std::string checked = file.empty() ? context.config_file() : file;
    if (context.json())
        context.print(ordered_json{{"file", checked}, {"valid", true}}.dump() + "\n");
    else
        context.note(checked.empty() ? "no configuration file: the defaults are valid"
                                     : fmt::format("{}: no errors", checked));
    return kExitDone;
}

// "" for those of a [[nic]]: a list of tables has no place in the environment.
std::string environment_of(const ConfigKey& key) {
    return find_config_key(key.name) == nullptr ? "" : environment_name(key.name);
}

ordered_json key_json(const ConfigKey& key) {
    const std::string environment = environment_of(key);
    return {
        {"name", key.name},
        {"type", kind_to_text(key.kind)},
        {"unit", unit_of(key.kind)},
        {"default", key.default_value},
        {"range", range_to_text(key)},
        {"environment", environment.empty() ? ordered_json(nullptr) : ordered_json(environment)},
        {"since", key.since},
        {"description", key.description},
        {"example", key.example}};
}

std::string key_text(const ConfigKey& key) {
    std::string out = fmt::format("{}\n  {}\n\n", key.name, key.description);
    const auto line = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) out += fmt::format("  {:<12} {}\n", name, value);
    };
    line("type", kind_to_text(key.kind));
    line("units", unit_of(key.kind));
    line("values", range_to_text(key));
    line("default", key.default_value.empty() ? "unset" : key.default_value);
    line("example", key.example);
    line("environment", environment_of(key));
    line("since", key.since);
    return out;
}

Result<int> describe(Context& context, const Arguments& arguments) {
    const std::string name = arguments.text("KEY");
    std::vector<const ConfigKey*> wanted;
    std::vector<ConfigKey> keys(config_keys().begin(), config_keys().end());
    keys.insert(keys.end(), nic_keys().begin(), nic_keys().end());
    for (const ConfigKey& key : keys)
        if (name.empty() || key.name == name || key.name.starts_with(name + "."))
            wanted.push_back(&key);
    if (wanted.empty()) {
        std::vector<std::string_view> names;
        for (const ConfigKey& key : keys) names.push_back(key.name);
        return fail(ErrorCode::usage, "there is no key \"{}\"{}", name,
                    did_you_mean(name, names, 3));
    }
    if (context.json()) {
        ordered_json described = ordered_json::array();
        for (const ConfigKey* key : wanted) described.push_back(key_json(*key));
        context.print(ordered_json{{"keys", described}}.dump(2) + "\n");
        return kExitDone;
    }
    if (name.empty()) {
        Table table({{"KEY"}, {"TYPE"}, {"DEFAULT"}});
        for (const ConfigKey* key : wanted)
            table.row(
                {std::string(key->name), kind_to_text(key->kind), std::string(key->default_value)});
        context.print(table.text());
        return kExitDone;
    }
    for (const ConfigKey* key : wanted)
        context.print((key == wanted.front() ? "" : "\n") + key_text(*key));
    return kExitDone;
}

Result<int> show(Context& context, const Arguments& arguments) {
    auto settings = context.settings();
    if (!settings) return tl::unexpected(std::move(settings).error());
    const bool all = arguments.has("--effective");
    Table table({{"KEY"}, {"VALUE"}, {"FROM"}});
    ordered_json values = ordered_json::array();
    for (const ConfigKey& key : config_keys()) {
        const Setting& setting = (*settings)->get(key.name);
        if (!all && setting.origin == "default") continue;
        const std::string value = setting.text();
        table.row({std::string(key.name), value, setting.origin});
        values.push_back({{"key", key.name}, {"value", value}, {"origin", setting.origin}});
    }
    const std::vector<NicTable>& nics = (*settings)->nics();
    for (size_t i = 0; i < nics.size(); ++i) {
        for (const auto& [key, list] : nics[i].values) {
            const std::string full = fmt::format("nic.{}.{}", i, key);
            const std::string value = Setting{list, {}}.text();
            table.row({full, value, nics[i].origin});
            values.push_back({{"key", full}, {"value", value}, {"origin", nics[i].origin}});
        }
    }
    if (context.json())
        context.print(ordered_json{{"settings", values}}.dump(2) + "\n");
    else if (table.rows() == 0)
        context.note(
            "nothing is set: all keys have their defaults (gatepost config show --effective)");
    else
        context.print(table.text());
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> config_commands() {
    return {
        {.noun = "config",
         .verb = "check",
         .summary = "Checks a configuration file: syntax, unknown keys, units, ranges. Exit code 5 "
                    "where it has "
                    "errors.",
         .arguments = {{"FILE", Arity::optional, "the file (default: the one in force)"}},
         .examples = {"gatepost config check", "gatepost config check ./gatepost.toml"},
         .run = check},
        {.noun = "config",
         .verb = "describe",
         .summary = "Explains the keys of the configuration: type, unit, default, range, example.",
         .arguments = {{"KEY", Arity::optional, "a key or a section (default: a list of all)"}},
         .examples = {"gatepost config describe dns.listen", "gatepost config describe dns"},
         .run = describe},
        {.noun = "config",
         .verb = "show",
         .summary = "Prints the settings in force and where each comes from.",
         .options = {{"--effective", "", "the defaults too"}},
         .examples = {"gatepost config show", "gatepost config show --effective --json"},
         .run = show},
    };
}

}  // namespace gatepost::tools

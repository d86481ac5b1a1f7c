// Puts the nouns' rows together, in the order in which help shows them.
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/command/nouns.h"

namespace gatepost::tools {

namespace {

constexpr OptionSpec kGlobalOptions[] = {
    {"--config", "FILE", "the configuration file (default /etc/gatepost/gatepost.toml)"},
    {"--local", "DIR", "the local instance in DIR (see: gatepost run --help)"},
    {"--json", "", "data as JSON: stable keys, times as RFC 3339, numbers in base units"},
    {"-o,--output", "FORM", "table or json"},
    {"-q,--quiet", "", "no messages besides errors and warnings"},
    {"-v,--verbose", "", "say what is being done"},
    {"-n,--dry-run", "", "say what would change, change nothing"},
    {"-y,--yes", "", "do not ask"},
    {"--no-color", "", "no colours (also: NO_COLOR in the environment)"},
    {"--timeout", "DURATION", "how long to wait for a server or a change: 500ms, 5s"},
    {"-h,--help", "", "help on the command"},
    {"--version", "", "version, compiler, instruction set"},
};

// In the order in which help shows them; `mail` and the rest are what main_help calls them.
struct Section {
    std::string_view title;
    std::vector<std::vector<CommandSpec> (*)()> nouns;
};

const std::vector<Section>& sections() {
    static const std::vector<Section> kSections = {
        {"server", {run_commands, reload_commands, status_commands, nic_commands, config_commands}},
        {"DNS", {domain_commands, zone_commands, record_commands, query_commands, cookie_commands}},
        {"mail",
         {user_commands, alias_commands, lookup_commands, rules_commands, policy_commands,
          dnslist_commands, filter_commands, explain_commands, mailbox_commands, message_commands,
          queue_commands, store_commands}},
        {"web, TLS", {cert_commands, redirect_commands}},
        {"database", {sync_commands, history_commands, audit_commands, schema_commands}},
        {"moving in", {mail_import_commands, compat_commands}},
    };
    return kSections;
}

std::vector<CommandSpec> all_commands() {
    std::vector<CommandSpec> all;
    for (const Section& section : sections())
        for (const auto noun : section.nouns)
            for (CommandSpec& row : noun()) all.push_back(std::move(row));
    return all;
}

std::vector<CommandSection> all_sections() {
    std::vector<CommandSection> out;
    for (const Section& section : sections()) {
        out.push_back({section.title, {}});
        for (const auto noun : section.nouns) out.back().nouns.push_back(noun().front().noun);
    }
    return out;
}

}  // namespace

std::span<const OptionSpec> global_options() {
    return kGlobalOptions;
}

std::span<const CommandSection> command_sections() {
    static const std::vector<CommandSection> kSections = all_sections();
    return kSections;
}

std::span<const CommandSpec> commands() {
    static const std::vector<CommandSpec> kCommands = all_commands();
    return kCommands;
}

}  // namespace gatepost::tools

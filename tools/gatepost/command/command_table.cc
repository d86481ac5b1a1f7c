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

std::vector<CommandSpec> all_commands() {
    std::vector<CommandSpec> all;
    for (const auto& rows :
         {run_commands(), reload_commands(), zone_commands(), record_commands(), domain_commands(),
          cert_commands(), redirect_commands(), query_commands(), status_commands(), nic_commands(),
          sync_commands(), cookie_commands(), history_commands(), schema_commands(),
          config_commands()})
        all.insert(all.end(), rows.begin(), rows.end());
    return all;
}

}  // namespace

std::span<const OptionSpec> global_options() {
    return kGlobalOptions;
}

std::span<const CommandSpec> commands() {
    static const std::vector<CommandSpec> kCommands = all_commands();
    return kCommands;
}

}  // namespace gatepost::tools

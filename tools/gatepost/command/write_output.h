// What the commands that write share: who does it, the TTL option, the report of what changed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/cli/edge_wait.h"

namespace gatepost::tools {

inline constexpr OptionSpec kTtlOption = {"--ttl", "TTL", "seconds, or a duration such as 1h"};
inline constexpr OptionSpec kIfSerialOption = {"--if-serial", "SERIAL",
                                               "refuse where the zone has another serial by now"};

// The person at the keyboard, also behind sudo.
std::string actor_name();
// --dry-run, --if-serial and the actor.
Result<controlplane::WriteOptions> write_options(const Context& context,
                                                 const Arguments& arguments);
// "300" or "5min".
Result<std::optional<uint32_t>> ttl_option(const Arguments& arguments);

// Lines of "- www.example.org. 300 A 192.0.2.1" and "+ …", a line per record that went or came.
std::string changes_text(const std::vector<controlplane::RRsetChange>& changes);
nlohmann::ordered_json changes_json(const std::vector<controlplane::RRsetChange>& changes);
nlohmann::ordered_json edge_json(const EdgeWait& edge);

// Prints the changes and the serial, after waiting for the edge.
void report_write(Context& context, const Arguments& arguments, const std::string& zone,
                  const controlplane::WriteResult& result);

}  // namespace gatepost::tools

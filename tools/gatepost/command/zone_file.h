// Zone files for the commands: reading one with progress, and telling what its check found.
#pragma once

#include <optional>
#include <string>

#include "storage/base/error.h"
#include "storage/zone/zone_check.h"
#include "storage/zone/zone_data.h"
#include "tools/gatepost/cli/command.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

inline constexpr OptionSpec kZoneOption = {
    "--zone", "NAME",
    "the zone's name (default: the owner of the SOA); names in the file are relative to it"};
inline constexpr OptionSpec kWarningsOption = {"--warnings-as-errors", "",
                                               "refuse where the check warns"};

// `path` "-" is standard input; `apex` "" leaves it to the SOA.
Result<storage::ZoneData> read_zone(const Context& context, const std::string& path,
                                    const std::string& apex);

// Prints the findings on standard error. The exit code: 0, 8 with warnings, and an Error of code
// invalid for errors (with --warnings-as-errors for warnings too).
Result<int> report_findings(const Context& context, const Arguments& arguments,
                            const std::string& what, const storage::ZoneCheckReport& report);

}  // namespace gatepost::tools

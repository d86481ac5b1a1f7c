// The rows of `gatepost message` that are in files of their own.
#pragma once

#include <vector>

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

std::vector<CommandSpec> message_inject_commands();
std::vector<CommandSpec> message_trace_commands();

}  // namespace gatepost::tools

// The rows of `gatepost queue` that are in files of their own.
#pragma once

#include <vector>

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

std::vector<CommandSpec> queue_token_commands();

}  // namespace gatepost::tools

// gatepost zone import
#pragma once

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

CommandSpec zone_import_command();

}  // namespace gatepost::tools

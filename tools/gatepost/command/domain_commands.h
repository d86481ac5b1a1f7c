// The rows of `gatepost domain` that are about mail.
#pragma once

#include <vector>

#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

std::vector<CommandSpec> domain_mail_commands();  // show, set, remove

}  // namespace gatepost::tools

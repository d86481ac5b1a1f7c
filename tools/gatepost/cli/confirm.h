// Asks before something is lost.
#pragma once

#include <string>

#include "storage/base/error.h"
#include "tools/gatepost/cli/context.h"

namespace gatepost::tools {

// Ok with --yes, or where the person at the terminal says yes. Without a terminal it is an error
// that names
// --yes.
Status confirm(const Context& context, const std::string& question);

// The same for what is hard to get back: the person has to type `name`.
Status confirm_name(const Context& context, const std::string& what, const std::string& name);

}  // namespace gatepost::tools

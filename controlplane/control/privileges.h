// Leaving root behind.
#pragma once

#include <string>

#include "storage/base/error.h"

namespace gatepost::controlplane {

// As root, becomes that user with its groups, for good; as that user already, or with "", does
// nothing. Also gives up gaining privileges by running set-uid programs.
Status drop_privileges(const std::string& user);

}  // namespace gatepost::controlplane

// One Gatepost per interface: a name in the abstract socket namespace, which is, like the
// interface, one per network namespace, and is gone with the process that has it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

// Held as long as the descriptor is open. The error names the process that has it.
Result<UniqueFd> lock_interface(const std::string& interface);
// The process that holds it; nullopt: nobody; 0: somebody whose descriptors this process may not
// see.
std::optional<pid_t> interface_holder(const std::string& interface);

}  // namespace gatepost::dataplane

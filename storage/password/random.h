// Random octets of the kernel.
#pragma once

#include <cstddef>
#include <string>

#include "storage/base/error.h"

namespace gatepost::storage {

// Waits, early after the system's start only, until the kernel has gathered enough (getrandom(2)).
Result<std::string> random_octets(size_t count);

}  // namespace gatepost::storage

// crypt(3) of libxcrypt: DES, MD5, SHA-crypt, bcrypt, yescrypt and what else it reads. Without any
// state of the process: each call has its own memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/password/cost_limits.h"

namespace gatepost::storage {

// Whether the hash, or setting, is one that may be computed.
enum class CryptCost : uint8_t {
    within,    // the limits, or its form is of a fixed cost
    beyond,    // the limits
    malformed  // no form that is known
};
CryptCost crypt_cost(std::string_view setting, const CostLimits& limits);

// The whole hash of `password` with the salt and costs that `setting`, or a hash, begins with.
// nullopt: malformed, or the password has an octet 0 or is longer than crypt(3) takes.
std::optional<std::string> compute_crypt(std::string_view password, std::string_view setting);

// A setting with a new salt. `prefix` is that of crypt_gensalt(3): "$6$"; "": DES. `cost` is of the
// unit that the method has. nullopt: no randomness, or the method is not built in.
std::optional<std::string> new_crypt_setting(const char* prefix, unsigned long cost);

}  // namespace gatepost::storage

// The key file: what private keys are sealed with, outside the database.
#pragma once

#include <string>

#include "storage/base/error.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

inline constexpr const char* kKeyFileName = "secret.key";  // in the state directory

// Makes the file with one random key where there is none, readable by nobody but its owner, who is
// the owner of its folder; several processes may try at once. Then loads it.
Result<storage::KeyRing> ensure_key_file(const std::string& path);

}  // namespace gatepost::controlplane

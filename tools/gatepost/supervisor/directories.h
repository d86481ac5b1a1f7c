// The directories of an instance: made where they are missing, owned by whom they must be.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/supervisor/process.h"

namespace gatepost::tools {

// Makes `path` (its parents too, 0755) with `mode`; a new or existing one gets `owner` where given.
Status make_directory(const std::string& path, unsigned mode, const SystemUser* owner);

// Takes the lock of the instance that has `directory` for its own; held as long as the descriptor
// is open. The error names the process that has it, and the `key` that leads elsewhere.
Result<UniqueFd> lock_instance(const std::string& directory,
                               std::string_view key = "paths.run_dir");

}  // namespace gatepost::tools

// Where the programs are that the supervisor runs.
#pragma once

#include <string>

#include "storage/base/error.h"

namespace gatepost::tools {

// The path of this executable.
std::string own_path();
// `name` beside this executable, in the build tree that this executable is part of, or in
// /usr/sbin.
Result<std::string> find_program(const std::string& name);
// The folder of PostgreSQL's server programs, the newest major version that there is.
Result<std::string> find_postgres_programs();
// A file of the source tree ("configs/demo.zone") or of /usr/share/gatepost; "" where there is
// none.
std::string find_shared_file(const std::string& name);

}  // namespace gatepost::tools

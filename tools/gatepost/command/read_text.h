// A file, or standard input, as a whole.
#pragma once

#include <string>

#include "storage/base/error.h"

namespace gatepost::tools {

// "-": standard input.
Result<std::string> read_text(const std::string& path);
// "-" or "": standard output. In the place of a file that is there.
Status write_text(const std::string& path, const std::string& text);

}  // namespace gatepost::tools

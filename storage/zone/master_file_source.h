// The text of a master file, from a path or the standard input.
#pragma once

#include <sys/types.h>

#include <string>

#include "storage/base/error.h"

namespace gatepost::storage {

struct MasterText {
    std::string text;
    // Which file it is, whatever the path: tells include cycles.
    dev_t device = 0;
    ino_t inode = 0;
};

enum class SourceKind : uint8_t {
    any,      // a pipe will do
    regular,  // nothing that could block, or never end
};

// The error says what is wrong with the path, which it repeats.
Result<MasterText> load_master_text(const std::string& path, SourceKind kind);
Result<MasterText> load_master_text_from_stdin();

}  // namespace gatepost::storage

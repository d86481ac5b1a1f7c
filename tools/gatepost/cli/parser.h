// Finds out which command a command line means, and with what arguments.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/cli/command.h"

namespace gatepost::tools {

struct GlobalOptions {
    std::string config_file;
    std::string local_dir;
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    bool dry_run = false;
    bool yes = false;
    bool no_color = false;
    std::optional<std::chrono::milliseconds> timeout;
};

struct Invocation {
    const CommandSpec* command = nullptr;  // null: print `text` and be done
    Arguments arguments;
    GlobalOptions options;
    std::string text;
};

// `words` without the program's name. Errors are of code usage.
Result<Invocation> parse_command_line(const std::vector<std::string>& words);

}  // namespace gatepost::tools

// What every run does around its engine.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/error.h"

namespace gatepost::tools {

// This process on that core; below 0: wherever it is.
Status pin_to_core(int core);
// So that so many sockets can be open besides all else.
Status raise_descriptors(uint32_t sockets);
// SIGINT and SIGTERM call `stop` once; a second one ends the process.
void catch_stop_signals(void (*stop)(int));
// To a file, to standard output ("-"), or nowhere ("").
Status write_json(const std::string& path, const std::string& text);

}  // namespace gatepost::tools

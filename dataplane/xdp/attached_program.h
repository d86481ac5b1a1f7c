// Which XDP program an interface has, whoever attached it.
#pragma once

#include <cstdint>
#include <string>

namespace gatepost::dataplane {

inline constexpr const char* kXdpProgramName = "xdp53";

struct AttachedProgram {
    uint32_t id = 0;      // 0: none
    std::string name;     // "" where this process may not know it
    bool native = false;  // in the driver
    uint32_t flags = 0;   // what detaching it takes
};

AttachedProgram attached_program(unsigned interface_index);

}  // namespace gatepost::dataplane

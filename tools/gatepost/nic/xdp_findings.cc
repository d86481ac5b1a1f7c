#include "tools/gatepost/nic/xdp_findings.h"

#include <fmt/format.h>

#include "dataplane/xdp/attached_program.h"
#include "tools/gatepost/nic/known_drivers.h"

namespace gatepost::tools {

namespace {

std::string driver_text(const InterfaceFacts& interface) {
    return interface.driver.empty() ? interface.name : "driver " + interface.driver;
}

// Whoever has the lock is the only Gatepost: a program of our name without one is left over.
void check_program(const NicSituation& at, std::vector<Finding>& out) {
    const InterfaceFacts& interface = at.interface;
    if (interface.program_id == 0 || interface.holder) return;
    const std::string off = fmt::format("ip link set dev {} {} off", interface.name,
                                        interface.program_native ? "xdp" : "xdpgeneric");
    if (interface.program_name == dataplane::kXdpProgramName)
        return out.push_back({Grade::ok, "xdp_program",
                              fmt::format("a program xdp53 (id {}) was left behind; it is replaced "
                                          "at the start",
                                          interface.program_id),
                              ""});
    out.push_back(
        {Grade::error, "xdp_program",
         fmt::format("another XDP program is attached: {} (id {})",
                     interface.program_name.empty() ? "of unknown name" : interface.program_name,
                     interface.program_id),
         "if nobody needs it: " + off});
}

// What it is, where the program is attached; else what it would be.
bool runs_native(const NicSituation& at) {
    const InterfaceFacts& interface = at.interface;
    if (at.is_served() && interface.program_id != 0) return interface.program_native;
    return interface.xdp.native && at.nic.xdp_mode != "generic";
}

void check_mode(const NicSituation& at, std::vector<Finding>& out) {
    const InterfaceFacts& interface = at.interface;
    if (runs_native(at))
        return out.push_back(
            {Grade::ok, "xdp_mode", fmt::format("native XDP, {}", driver_text(interface)), ""});
    if (at.nic.xdp_mode == "generic")
        return out.push_back({Grade::ok, "xdp_mode", "generic XDP, as xdp_mode says", ""});
    if (at.nic.xdp_mode == "native")
        return out.push_back({Grade::error, "xdp_mode",
                              fmt::format("xdp_mode is \"native\", and {} has no native XDP",
                                          driver_text(interface)),
                              "xdp_mode = \"auto\""});
    out.push_back(
        {Grade::warning, "xdp_mode",
         fmt::format("generic XDP, which is slower: {} has no native XDP", driver_text(interface)),
         "xdp_mode = \"generic\" says that this is intended"});
}

}  // namespace

void check_xdp(const NicSituation& at, std::vector<Finding>& out) {
    check_program(at, out);
    check_mode(at, out);
    if (!runs_native(at)) return;
    out.push_back({Grade::ok, "zero_copy",
                   at.interface.xdp.zero_copy
                       ? "frames are received without a copy"
                       : fmt::format("one copy of each frame: {} has no zero-copy",
                                     driver_text(at.interface)),
                   ""});
}

void xdp_faster(const NicSituation& at, std::vector<std::string>& out) {
    const InterfaceFacts& interface = at.interface;
    if (!runs_native(at))
        out.push_back(interface.xdp.native ? "native XDP, which the driver has: xdp_mode = \"auto\""
                                           : "an interface whose driver has native XDP");
    if (!interface.xdp.zero_copy && !interface.pci_address.empty())
        out.push_back("an interface whose driver has zero-copy: " + zero_copy_drivers());
}

}  // namespace gatepost::tools

// The judgement of `gatepost nic check`: from what is known of a host, an interface and the
// configuration to what is wrong, what is right, what to do, and what would be faster. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gatepost/config/nic_config.h"
#include "tools/gatepost/nic/interface_facts.h"

namespace gatepost::tools {

enum class Grade : uint8_t { ok, warning, error };

std::string_view grade_name(Grade grade);

struct Finding {
    Grade grade = Grade::ok;
    std::string_view check;  // a stable name: "link", "hugepages"…
    std::string message;
    std::string advice;  // what to do; "" where nothing is to be done
};

// A [[nic]] as it is, or as it would be for an interface that has none.
struct NicSituation {
    NicConfig nic;
    unsigned queues = 1;                    // each with a worker
    std::vector<std::string> served;        // the addresses that queries may come to
    std::vector<unsigned> nic_cores;        // of the queues' workers
    std::vector<unsigned> socket_cores;     // of the workers that serve the kernel's sockets
    std::optional<pid_t> own_supervisor;    // of the running instance of this configuration
    std::optional<std::string> pci_driver;  // the kernel's driver of nic.device; nullopt: no device
    HostFacts host;
    InterfaceFacts interface;

    bool uses_kernel_driver() const { return nic.driver != NicDriver::device; }
    bool uses_xdp() const { return nic.driver == NicDriver::af_xdp; }
    // This very instance has it: memory is taken and rights were there.
    bool is_served() const {
        return own_supervisor && interface.holder && *interface.holder == *own_supervisor;
    }
};

struct Findings {
    std::vector<Finding> list;
    std::vector<std::string> faster;

    Grade worst() const;
};

Findings judge_nic(const NicSituation& situation);

// The command that gives an interface so many queues.
std::string set_queues(const InterfaceFacts& interface, size_t count);

// Of the PCI bus: "0000:03:00.0" of "0000:03:00.0,key=value"; "" for a virtual device.
std::string pci_address_of_device(const std::string& devargs);

}  // namespace gatepost::tools

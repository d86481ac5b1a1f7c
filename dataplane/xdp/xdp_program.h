// The program xdp53 (xdp53.bpf.c) on one interface, owned by the supervisor: which addresses it
// takes queries for, which queues have a socket. It goes when its owner goes, however that ends:
// the kernel detaches it with the last descriptor (a BPF link).
//
// At most one Gatepost per interface and network namespace; what a crashed predecessor of another
// kind left behind is removed where it is known to be ours, and refused where it is not.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

// Where queries are sent to.
struct ServedEndpoint {
    std::array<uint8_t, 16> address{};  // network order; IPv4 mapped (RFC 4291 §2.5.5.2)
    uint16_t port = 53;

    auto operator<=>(const ServedEndpoint&) const = default;
};

// An IPv4 or IPv6 address as people write it.
Result<ServedEndpoint> parse_endpoint(const std::string& address, uint16_t port);

enum class XdpMode : uint8_t {
    any,      // native where the driver can, else generic
    native,   // in the driver, or not at all
    generic,  // in the kernel's stack: any interface, slower
};

struct XdpProgramOptions {
    std::string interface;
    XdpMode mode = XdpMode::any;
    unsigned queues = 1;  // receive queues of the interface
};

class XdpProgram {
  public:
    // Needs CAP_NET_ADMIN and CAP_BPF (or root).
    static Result<XdpProgram> attach(const XdpProgramOptions& options);
    XdpProgram(XdpProgram&&) noexcept;
    XdpProgram& operator=(XdpProgram&&) noexcept;
    ~XdpProgram();

    // Exactly these from now on; no query for one that stays is missed meanwhile.
    Status serve(const std::vector<ServedEndpoint>& endpoints);
    // Of the map that sockets go into; to be handed to the poll-mode process.
    int xsks_map() const;
    bool is_native() const;
    // The interface is still there and the program on it.
    bool is_attached() const;

  private:
    struct Loaded;
    explicit XdpProgram(std::unique_ptr<Loaded> loaded);

    std::unique_ptr<Loaded> loaded_;
};

}  // namespace gatepost::dataplane

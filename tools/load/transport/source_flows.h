// The flows of a run over frames: so many consecutive addresses, with so many consecutive ports
// each. Ports change fastest.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/load/transport/ip_address.h"

namespace gatepost::tools {

struct SourceFlow {
    IpAddress address;
    uint16_t port = 0;
    // What it adds to the checksums (dataplane/net/checksum.h).
    uint64_t address_sum = 0;
    uint64_t udp_sum = 0;
};

class SourceFlows {
  public:
    // Of code usage where addresses or ports run over.
    static Result<SourceFlows> make(const IpAddress& first, uint32_t addresses, uint16_t first_port,
                                    uint32_t ports);

    uint32_t size() const { return static_cast<uint32_t>(flows_.size()); }
    uint32_t addresses() const { return addresses_; }
    const SourceFlow& operator[](uint32_t flow) const { return flows_[flow]; }
    // The flow whose address and port these are, in wire order as in a frame.
    std::optional<uint32_t> find(const uint8_t* address, uint16_t port) const;

  private:
    IpAddress first_;
    uint32_t first_low_ = 0;  // the last 32 bits of the first address
    uint32_t addresses_ = 0;
    uint16_t first_port_ = 0;
    uint32_t ports_ = 0;
    std::vector<SourceFlow> flows_;
};

}  // namespace gatepost::tools

#include "tools/load/transport/source_flows.h"

#include <cstring>

#include "dataplane/net/checksum.h"
#include "storage/base/bytes.h"

namespace gatepost::tools {

Result<SourceFlows> SourceFlows::make(const IpAddress& first, uint32_t addresses,
                                      uint16_t first_port, uint32_t ports) {
    constexpr uint32_t kPorts = 65536;
    if (uint32_t{first_port} + ports > kPorts)
        return fail(ErrorCode::usage, "there are no {} ports from {} on, at most {}", ports,
                    first_port, kPorts - first_port);
    SourceFlows out;
    out.first_ = first;
    out.first_low_ = load_be32(first.octets.data() + first.length() - 4);
    out.addresses_ = addresses;
    out.first_port_ = first_port;
    out.ports_ = ports;
    for (uint32_t i = 0; i < addresses; ++i) {
        auto address = ip_address_after(first, i);
        if (!address) return tl::unexpected(std::move(address).error());
        uint64_t sum = dataplane::sum_octets(address->octets.data(), address->length());
        for (uint32_t j = 0; j < ports; ++j) {
            auto port = static_cast<uint16_t>(first_port + j);
            out.flows_.push_back({*address, port, sum, sum + dataplane::in_wire_order(port)});
        }
    }
    return out;
}

std::optional<uint32_t> SourceFlows::find(const uint8_t* address, uint16_t port) const {
    size_t prefix = first_.length() - 4;
    uint32_t number = load_be32(address + prefix) - first_low_;
    uint32_t port_number = uint32_t{port} - first_port_;
    if (number >= addresses_ || port_number >= ports_ ||
        std::memcmp(address, first_.octets.data(), prefix) != 0)
        return std::nullopt;
    return number * ports_ + port_number;
}

}  // namespace gatepost::tools

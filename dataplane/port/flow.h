// Steering by the device (rte_flow): DNS to our queues, everything else to the kernel's driver.
// Only for drivers that leave their device to the kernel as well ("bifurcated": mlx5).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::dataplane {

// From here on nothing arrives but what steer_flows() asks for. Before the device is configured.
Status isolate_flows(uint16_t port, const std::string& driver);
// UDP to these ports, IPv4 and IPv6, spread over the queues. After the device is started.
Status steer_flows(uint16_t port, unsigned queues, const std::vector<uint16_t>& udp_ports);

}  // namespace gatepost::dataplane

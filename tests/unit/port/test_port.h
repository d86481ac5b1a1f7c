// DPDK in this process, once for all tests, and packets filled from octets. No huge pages, no
// privileges.
#pragma once

#include <memory>
#include <string>

#include "dataplane/port/port.h"
#include "tests/unit/net/frame_builder.h"

namespace gatepost::tests {

// A device of its own: "net_ring" becomes net_ring0, net_ring1, … The calling thread may use it.
std::unique_ptr<dataplane::Port> open_port(const std::string& driver,
                                           const std::string& arguments = "");
// So does an attempt that is to fail, for its error.
Result<std::unique_ptr<dataplane::Port>> try_open_port(dataplane::PortOptions options);

void fill_packet(dataplane::Packet& packet, const Octets& frame);
Octets octets_of(const dataplane::Packet& packet);
// Allocates, fills and hands to the device; each must be taken.
void send_frames(dataplane::Port& port, const std::vector<Octets>& frames);
// All that is there.
std::vector<Octets> receive_frames(dataplane::Port& port);

}  // namespace gatepost::tests

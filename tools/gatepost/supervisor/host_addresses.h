// The addresses of this host, and when they or its interfaces change.
#pragma once

#include <string>
#include <vector>

#include "dataplane/xdp/xdp_program.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/config/config.h"

namespace gatepost::tools {

// What queries to this NIC are sent to: its own `addresses`, or those that dns.listen stands for at
// the moment. Link-local ones only of the interface itself. Sorted.
std::vector<dataplane::ServedEndpoint> served_endpoints(const Config& config, const NicConfig& nic);
// The same as text, each address once, without ports.
std::vector<std::string> served_addresses(const std::vector<dataplane::ServedEndpoint>& endpoints);
std::vector<uint16_t> served_ports(const Config& config);

// A netlink socket: readable when an interface or an address has come or gone (rtnetlink(7)).
class HostWatch {
  public:
    static Result<HostWatch> open();
    int fd() const { return fd_.get(); }
    // Takes what is there off the socket.
    void drain();

  private:
    UniqueFd fd_;
};

}  // namespace gatepost::tools

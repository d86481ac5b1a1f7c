#include "tools/gatepost/nic/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

namespace {

template <typename T>
std::string text_of(const T& field) {
    return {field, ::strnlen(field, sizeof field)};
}

class Driver {
  public:
    explicit Driver(const std::string& interface)
        : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        interface.copy(request_.ifr_name, sizeof request_.ifr_name - 1);
    }
    // Each of ethtool's structures begins with the command.
    template <typename T>
    bool ask(uint32_t command, T& answer) {
        answer.cmd = command;
        request_.ifr_data = reinterpret_cast<char*>(&answer);
        return ::ioctl(socket_.get(), SIOCETHTOOL, &request_) == 0;
    }

  private:
    UniqueFd socket_;
    ifreq request_{};
};

}  // namespace

EthtoolFacts ask_ethtool(const std::string& interface) {
    EthtoolFacts facts;
    Driver driver(interface);
    ethtool_drvinfo about{};
    if (driver.ask(ETHTOOL_GDRVINFO, about)) {
        facts.driver = text_of(about.driver);
        facts.bus = text_of(about.bus_info);
    }
    ethtool_value flags{};
    if (driver.ask(ETHTOOL_GFLAGS, flags)) facts.rx_vlan_offload = (flags.data & ETH_FLAG_RXVLAN);
    ethtool_channels channels{};
    if (driver.ask(ETHTOOL_GCHANNELS, channels)) {
        facts.queues_combined = channels.max_combined != 0;
        facts.queues_max = facts.queues_combined ? channels.max_combined : channels.max_rx;
    }
    ethtool_ringparam ring{};
    if (driver.ask(ETHTOOL_GRINGPARAM, ring)) {
        facts.ring = ring.rx_pending;
        facts.ring_max = ring.rx_max_pending;
    }
    return facts;
}

}  // namespace gatepost::tools

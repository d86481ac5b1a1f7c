// What the AF_XDP driver of DPDK 22.11 asks of, and does to, the interface that it is on (--wrap,
// meson.build):
//
// It counts "combined" channels only (rte_eth_af_xdp.c, xdp_get_channels_info), and takes an
// interface for one of a single queue whose driver tells receive and transmit queues apart, as veth
// does: a pair of queues is a combined one here. It also switches promiscuous mode off at each
// start; that is the administrator's, and would take CAP_NET_ADMIN.
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

#include <algorithm>
#include <cstdarg>

#include "dataplane/port/af_xdp_program.h"

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names that --wrap makes.
int __real_ioctl(int fd, unsigned long request, void* argument);

int __wrap_ioctl(int fd, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void* argument = va_arg(more, void*);
    va_end(more);
    if (request == SIOCSIFFLAGS && gatepost::dataplane::uses_xsks_map()) return 0;
    const int result = __real_ioctl(fd, request, argument);
    if (result != 0 || request != SIOCETHTOOL) return result;
    auto* channels = reinterpret_cast<ethtool_channels*>(static_cast<ifreq*>(argument)->ifr_data);
    if (channels->cmd != ETHTOOL_GCHANNELS || channels->max_combined != 0) return result;
    channels->max_combined = std::min(channels->max_rx, channels->max_tx);
    channels->combined_count = std::min(channels->rx_count, channels->tx_count);
    return result;
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"

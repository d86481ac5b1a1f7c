#include "tools/load/transport/port_channel.h"

#include "dataplane/port/dpdk.h"

namespace gatepost::tools {

Result<std::unique_ptr<PortChannel>> PortChannel::open(const std::string& devargs, int core) {
    dataplane::DpdkOptions about;
    about.core = core;
    if (auto started = dataplane::start_dpdk(about); !started)
        return tl::unexpected(std::move(started).error());
    std::unique_ptr<PortChannel> channel(new PortChannel);
    dataplane::PortOptions options;
    options.devargs = devargs;
    auto port = dataplane::Port::open(options);
    if (!port) return tl::unexpected(std::move(port).error());
    channel->port_ = std::move(*port);
    return channel;
}

PortChannel::~PortChannel() {
    port_.reset();
    dataplane::stop_dpdk();
}

}  // namespace gatepost::tools

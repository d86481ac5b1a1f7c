// Queries as frames of a network device. As no kernel stands behind the device (with AF_XDP the
// frames go past it), ARP requests, neighbor solicitations and pings for the source addresses are
// answered here.
#pragma once

#include <array>
#include <string>

#include "dataplane/net/host_addresses.h"
#include "tools/load/engine/template_set.h"
#include "tools/load/engine/transport.h"
#include "tools/load/transport/frame_channel.h"
#include "tools/load/transport/frame_headers.h"
#include "tools/load/transport/source_flows.h"

namespace gatepost::tools {

class FrameTransport final : public Transport {
  public:
    // `templates` have their headers; they and the channel outlive this. There are at most
    // dataplane::kHostAddressesMax source addresses.
    FrameTransport(FrameChannel& channel, const TemplateSet& templates, SourceFlows flows,
                   const FrameAddresses& addresses, std::string name);
    ~FrameTransport() override;

    size_t send(std::span<const Outgoing> queries) override;
    Received receive(std::span<Incoming> into) override;
    void wait(uint32_t timeout_us) override { channel_.wait(timeout_us); }
    unsigned flow_block() const override { return 1; }
    uint32_t flows() const override { return flows_.size(); }
    std::string name() const override { return name_; }

  private:
    using Packet = FrameChannel::Packet;
    enum class Read : uint8_t { answer, reply, nothing };

    Read read(Packet& packet, Incoming& answer);
    Read read_datagram(const Packet& packet, const dataplane::IpHeader& ip, Incoming& answer);
    Read answer_as_host(Packet& packet);
    void count(storage::Drop why);

    FrameChannel& channel_;
    const TemplateSet& templates_;
    SourceFlows flows_;
    FrameAddresses addresses_;
    dataplane::HostAddresses host_;
    std::string name_;
    using Burst = std::array<Packet, kBurstMax>;
    // Here and not on the stack, where each burst would set them to zero first.
    Burst outgoing_;
    Burst received_;
    Burst replies_;
    Burst done_;  // to be given back
    Burst held_;  // with the answers that were given last
    size_t held_count_ = 0;
};

}  // namespace gatepost::tools

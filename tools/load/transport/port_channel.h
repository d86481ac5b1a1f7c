// The only queue of a Port as a FrameChannel.
#pragma once

#include <memory>
#include <string>

#include "dataplane/port/port.h"
#include "tools/load/transport/frame_channel.h"

namespace gatepost::tools {

class PortChannel final : public FrameChannel {
  public:
    // `devargs` as DPDK names devices. DPDK is started; `core` -1: stays where it is.
    static Result<std::unique_ptr<PortChannel>> open(const std::string& devargs, int core);
    ~PortChannel() override;

    size_t receive(std::span<Packet> into) override { return port_->receive(0, into); }
    size_t transmit(std::span<const Packet> packets) override {
        return port_->transmit(0, packets);
    }
    size_t allocate(std::span<Packet> into) override { return port_->allocate(0, into); }
    void release(std::span<const Packet> packets) override { dataplane::Port::release(packets); }
    // Where the device does not wake a sleeper, sleeping would add to every latency.
    void wait(uint32_t timeout_us) override {
        if (port_->wakes(0)) port_->wait(0, timeout_us);
    }

    const dataplane::Port& port() const { return *port_; }

  private:
    PortChannel() = default;
    std::unique_ptr<dataplane::Port> port_;
};

}  // namespace gatepost::tools

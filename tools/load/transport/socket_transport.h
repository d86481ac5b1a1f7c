// Queries over the kernel's UDP sockets, one per flow, connected to the server.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <vector>

#include "storage/base/unique_fd.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/load/engine/template_set.h"
#include "tools/load/engine/transport.h"
#include "tools/load/transport/ip_address.h"

namespace gatepost::tools {

struct SocketOptions {
    Endpoint server;
    std::optional<IpAddress> source;  // the first one; none: as the kernel chooses
    uint32_t addresses = 1;
    uint16_t first_port = 0;  // 0: as the kernel chooses
    uint32_t ports = 4;       // per address
};

class SocketTransport final : public Transport {
  public:
    // `templates` have no headers; they outlive this.
    static Result<std::unique_ptr<SocketTransport>> open(const SocketOptions& options,
                                                         const TemplateSet& templates);

    size_t send(std::span<const Outgoing> queries) override;
    Received receive(std::span<Incoming> into) override;
    void wait(uint32_t timeout_us) override;
    // sendmmsg works on one socket.
    unsigned flow_block() const override { return 32; }
    uint32_t flows() const override { return static_cast<uint32_t>(sockets_.size()); }
    std::string name() const override { return "kernel sockets"; }

    static constexpr size_t kMessageMax = 4096;  // octets of an answer

  private:
    explicit SocketTransport(const TemplateSet& templates);
    Status add_socket(const SocketOptions& options, uint32_t address, uint32_t port);
    size_t send_on(int socket, std::span<const Outgoing> queries);
    size_t receive_on(uint32_t flow, std::span<Incoming> into);

    const TemplateSet& templates_;
    UniqueFd epoll_;
    std::vector<UniqueFd> sockets_;
    std::vector<uint8_t> buffer_;  // of the answers that were given last
};

}  // namespace gatepost::tools

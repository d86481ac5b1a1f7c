// A client of one DNS server over UDP: sends questions for A records without waiting, takes replies
// as they come. Nothing is sent again by itself.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "storage/zone/dname.h"

namespace gatepost::bench {

using Clock = std::chrono::steady_clock;

struct Reply {
    uint16_t id = 0;
    // The address of the first A record, in host order; empty for NODATA, NXDOMAIN, REFUSED…
    std::optional<uint32_t> address;
};

class Asker {
  public:
    // `server`: 127.0.0.1@5300.
    static Result<Asker> open(const std::string& server);

    int fd() const { return socket_.get(); }
    // A datagram that the socket has no room for is lost, like any other.
    void ask(uint16_t id, storage::DnameView name);
    // A reply that is there already.
    std::optional<Reply> take();

  private:
    explicit Asker(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
};

// The reply to a question for A records. Empty: it is no reply, or it is malformed.
std::optional<Reply> parse_reply(Bytes message);

}  // namespace gatepost::bench

// A client of the control socket, for tests.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/pg/lsn.h"
#include "storage/base/unique_fd.h"

namespace gatepost::controlplane::tests {

// One line of reply.
class ControlReply {
  public:
    explicit ControlReply(std::string line) : line_(std::move(line)) {}
    const std::string& line() const { return line_; }
    bool ok() const { return at("/ok") == "true"; }
    // The value at that JSON pointer (RFC 6901) as JSON text, a string without its quotes; "" where
    // there is none.
    std::string at(const std::string& pointer) const;
    int64_t number(const std::string& pointer) const { return std::stoll(at(pointer)); }
    int error_code() const { return static_cast<int>(number("/error/code")); }

  private:
    std::string line_;
};

class ControlClient {
  public:
    explicit ControlClient(const std::string& path);
    bool is_connected() const { return connected_; }
    void send(const std::string& text);
    // An empty line where the other side has closed.
    ControlReply receive();
    // `request` without its end.
    ControlReply ask(const std::string& request) {
        send(request + "\n");
        return receive();
    }

  private:
    UniqueFd socket_;
    bool connected_ = false;
};

std::string wait_request(Lsn lsn, int timeout_ms);

}  // namespace gatepost::controlplane::tests

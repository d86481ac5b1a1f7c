// The client's end of the control plane's socket: one JSON object per line, a request and its
// reply.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::tools {

class ControlClient {
  public:
    // Of code unreachable where nobody listens.
    static Result<ControlClient> connect(const std::string& path);

    // The reply's object where it says ok; what it says is wrong as an Error.
    Result<nlohmann::json> request(const nlohmann::json& request,
                                   std::chrono::milliseconds timeout);

  private:
    explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}
    Result<std::string> read_line(std::chrono::milliseconds timeout);

    UniqueFd socket_;
    std::string buffer_;
};

}  // namespace gatepost::tools

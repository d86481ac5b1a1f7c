// A connection to an IMAP server: a socket, with TLS on it once that has begun. Each wait ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/gatepost/imap_client/response_reader.h"
#include "tools/gatepost/imap_client/stop_signal.h"
#include "tools/gatepost/imap_client/tls_trust.h"

namespace gatepost::tools {

struct Waits {
    // For a connection, and for TLS on it: what a bad line takes, several times.
    std::chrono::milliseconds connect{30'000};
    // For the next octets: a server may open a large mailbox before it answers.
    std::chrono::milliseconds answer{300'000};
};

class RemoteConnection final : public OctetSource {
  public:
    // To a name or an address; `stop` outlives it. Of code unreachable where nobody answers.
    static Result<std::unique_ptr<RemoteConnection>> open(const std::string& host, uint16_t port,
                                                          const Waits& waits,
                                                          const StopSignal& stop);

    Status start_tls(const TlsTrust& trust, const std::string& host);
    Status write(std::string_view octets);
    Result<std::string_view> read_some() override;

  private:
    struct FreeSsl {
        void operator()(ssl_st* ssl) const;
    };
    enum class For : uint8_t { reading, writing };
    static constexpr size_t kRoom = 64 << 10;  // octets read at a time

    RemoteConnection(UniqueFd socket, const Waits& waits, const StopSignal& stop);
    Status wait(For what, std::chrono::steady_clock::time_point deadline);
    // After a call of TLS that did not succeed: waits, or says what is wrong.
    Status wait_tls(int result, std::chrono::steady_clock::time_point deadline);
    Result<size_t> read_tls();
    Result<size_t> read_plain();

    UniqueFd socket_;
    Waits waits_;
    const StopSignal& stop_;
    std::unique_ptr<ssl_st, FreeSsl> ssl_;
    std::unique_ptr<char[]> room_;
};

}  // namespace gatepost::tools

// TLS on a connection that exists, as a client that trusts any certificate: it makes load, and
// proves nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace gatepost::tools {

// What all connections of a run have in common.
class TlsClientContext {
  public:
    TlsClientContext();
    ssl_ctx_st* get() const { return context_.get(); }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

class TlsClient {
  public:
    enum class Progress : uint8_t { done, waiting, failed };
    // What read() and write() give instead of a number of octets.
    static constexpr ptrdiff_t kWaiting = -1;
    static constexpr ptrdiff_t kFailed = -2;

    // On a non-blocking socket, which stays the caller's and outlives this.
    TlsClient(const TlsClientContext& context, int socket);

    Progress handshake();
    // 0: the peer has closed.
    ptrdiff_t read(uint8_t* room, size_t size);
    // After kWaiting the same octets, or more of them, are to be given again.
    ptrdiff_t write(const uint8_t* octets, size_t size);
    // What went wrong last, for people.
    const std::string& failure() const { return failure_; }

  private:
    struct Free {
        void operator()(ssl_st* ssl) const;
    };
    ptrdiff_t explain(int result);

    std::unique_ptr<ssl_st, Free> ssl_;
    std::string failure_;
};

}  // namespace gatepost::tools

// One connection of tls_clients: made without waiting, under TLS or plain, with one DNS query if
// wanted, and then closed or held.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/unique_fd.h"

namespace gatepost::bench {

// What all connections of a run have in common.
class ClientSide {
  public:
    ClientSide();
    ClientSide(const ClientSide&) = delete;
    ClientSide& operator=(const ClientSide&) = delete;

    SSL_CTX* context() const { return context_.get(); }
    // The last one that a server sent; nullptr: none.
    SSL_SESSION* ticket() const { return ticket_.get(); }
    const std::vector<uint8_t>& query() const { return query_; }
    // Sent on each connection, with its length in front (RFC 1035 §4.2.2): A of that name. "":
    // none.
    void set_query(const std::string& name);

    sockaddr_in server{};
    unsigned sources = 1;  // addresses of 127.0.1.0/24 that connections come from in turn
    bool plain = false;    // no TLS
    bool resume = false;   // with the ticket
    bool hold = false;     // stay, once everything has been said

  private:
    bssl::UniquePtr<SSL_CTX> context_;
    bssl::UniquePtr<SSL_SESSION> ticket_;
    std::vector<uint8_t> query_;
};

class TlsClient {
  public:
    enum class State : uint8_t { under_way, held, over, failed };

    explicit TlsClient(ClientSide& side) : side_(side) {}
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    // False: no socket, or no connection; failure() says why.
    bool open(unsigned source);
    // After the socket could be read or written. `over` of one that was held: the server closed it.
    State advance();
    int fd() const { return fd_.get(); }
    bool resumed() const { return resumed_; }
    const std::string& failure() const { return failure_; }

  private:
    enum class Stage : uint8_t { connecting, shaking, asking, holding, closing };
    enum class Got : uint8_t { octets, nothing, end, failed };

    State fail(const char* what, int error);
    State shake();
    State ask();
    State finish();
    State await_end();
    State stay();
    bool start_tls();
    bool send_query();
    Got read(uint8_t* room, size_t size, size_t& length);

    ClientSide& side_;
    UniqueFd fd_;
    bssl::UniquePtr<SSL> ssl_;
    Stage stage_ = Stage::connecting;
    size_t answer_ = 0;    // octets that have come of it
    size_t expected_ = 2;  // with its length
    uint8_t length_[2] = {};
    bool resumed_ = false;
    std::string failure_;
};

}  // namespace gatepost::bench

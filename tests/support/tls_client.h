// A TLS client in memory, for tests: octets in, octets out; BoringSSL beneath. It verifies nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

struct ssl_session_st;
struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

namespace gatepost::tests {

// What a client keeps to resume a session with.
using TlsTicket = std::shared_ptr<ssl_session_st>;

struct TlsClientOptions {
    std::string server_name = {};
    std::vector<std::string> alpn = {};
    uint16_t version_min = 0x0303;  // TLS 1.2
    uint16_t version_max = 0x0304;  // TLS 1.3
    // Those of TLS 1.3 numbers (RFC 8446 §4.2.3); empty: the library's.
    std::vector<uint16_t> signature_algorithms = {};
    std::string ciphers = {};  // of TLS 1.2, as the library names them
    std::string groups = {};   // "X25519:P-256"
    TlsTicket ticket = {};
    bool early_data = false;
};

class TlsClient {
  public:
    explicit TlsClient(const TlsClientOptions& options);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    // Goes on with the handshake; true once it is over. With early data, true also while only that
    // can be written.
    bool handshake();
    // What the server sent.
    void feed(Bytes ciphertext);
    // What goes to the server; empty afterwards.
    std::vector<uint8_t> take_output();

    bool write(std::string_view plaintext);
    // What there is to read, as text; may be empty.
    std::string read();
    void close_notify();
    // The server's close_notify has come.
    bool closed() const { return closed_; }
    // The first thing that went wrong: "TLSV1_ALERT_PROTOCOL_VERSION"; "": nothing.
    const std::string& error() const { return error_; }

    std::string version() const;  // "TLSv1.3"
    std::string cipher() const;
    std::string alpn() const;
    bool resumed() const;
    bool early_data_accepted() const;
    uint16_t signature_algorithm() const;  // of the server's signature; 0: none
    // DER of the chain.
    std::vector<std::vector<uint8_t>> certificates() const;
    std::string ocsp_response() const;
    std::vector<uint8_t> channel_binding() const;
    // The latest ticket; null: none has come.
    TlsTicket ticket() const { return ticket_; }
    // TLS 1.2 with AES-128-GCM: a handshake record that asks for a renegotiation.
    std::vector<uint8_t> make_renegotiation_request();

    ssl_st* raw() { return ssl_; }

  private:
    friend struct TlsClientCallbacks;
    bool note(int result);

    ssl_ctx_st* context_ = nullptr;
    ssl_st* ssl_ = nullptr;
    bio_st* in_ = nullptr;   // owned by ssl_
    bio_st* out_ = nullptr;  // owned by ssl_
    bool closed_ = false;
    std::string error_;
    TlsTicket ticket_;
};

}  // namespace gatepost::tests

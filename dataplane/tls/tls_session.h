// One TLS connection's cryptography, server side, without any I/O: ciphertext goes in by feed(),
// comes out to a sink; plaintext the other way. The stream that owns it moves the octets.
//
//   feed(ciphertext) → handshake() until done → read() until want_input → …
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/tls/tls_failure.h"
#include "storage/arena/stream_counters.h"
#include "storage/base/bytes.h"

struct ssl_st;

namespace gatepost::dataplane {

class TlsContext;

// Where ciphertext goes.
class TlsSink {
  public:
    // Takes all of it, or gives false: out of room, and the connection is over.
    virtual bool take(Bytes ciphertext) = 0;

  protected:
    ~TlsSink() = default;
};

enum class TlsStatus : uint8_t {
    done,        // handshake complete; octets read
    want_input,  // everything fed has been used up
    closed,      // the peer said that it will send no more (close_notify)
    failed,      // see error(); an alert may have gone to the sink
};

class TlsSession {
  public:
    // nullptr: out of memory. `sink` outlives the session.
    static std::unique_ptr<TlsSession> accept(TlsContext& context, TlsSink& sink);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    // What has come from the peer; the octets stay in place until unread() has become 0 or feed()
    // is called with what was unread and more.
    void feed(Bytes ciphertext) { fed_ = ciphertext; }
    Bytes unread() const { return fed_; }

    TlsStatus handshake();
    // Up to room.size() octets of plaintext; `length` is set for `done`, and then at least 1.
    TlsStatus read(std::span<uint8_t> room, size_t& length);
    // False: the connection is over. Makes records of at most 16 KiB; sends what the handshake has
    // left to send (TLS 1.3 session tickets) before, also where there is no plaintext.
    bool write(Bytes plaintext);
    // Tells the peer that no more will come.
    void close_notify();

    // After a failure: what it is counted as, and one sentence for the log that says what went
    // wrong, and by whose doing.
    storage::TlsFailure failure() const;
    std::string error() const;

    // After the handshake.
    std::string_view version() const;  // "TLSv1.3"
    std::string_view cipher() const;   // "TLS_AES_128_GCM_SHA256"
    std::string_view alpn() const;     // "h2", "dot", ""
    // In lower case; "": the client named none, or none that a host can have.
    std::string_view server_name() const { return server_name_; }
    bool resumed() const;
    // What is being read came as 0-RTT data, which anybody can have replayed (RFC 8446 §8): only
    // what is safe to do twice may be done for it.
    bool in_early_data() const;
    // Octets that bind SCRAM-…-PLUS to this connection: tls-exporter (RFC 9266). False before the
    // handshake is over, and with TLS 1.2.
    bool export_channel_binding(std::span<uint8_t, 32> out) const;

  private:
    explicit TlsSession(TlsSink& sink) : sink_(sink) {}
    friend struct TlsBio;
    friend struct TlsCallbacks;

    TlsStatus status_of(int result);

    TlsSink& sink_;
    ssl_st* ssl_ = nullptr;
    Bytes fed_;
    bool failed_ = false;
    bool hello_ = false;  // a ClientHello has come
    TlsError error_;
    std::string server_name_;
};

}  // namespace gatepost::dataplane

// The two servers that tls_bench compares: TlsSession with a directory as the worker has it, and
// the library alone with its memory BIOs and one certificate.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/tls/directory_identities.h"
#include "dataplane/tls/ticket_keys.h"
#include "dataplane/tls/tls_context.h"
#include "dataplane/tls/tls_session.h"
#include "storage/base/bytes.h"

namespace gatepost::bench {

// What the connections of one side share.
class SessionSide {
  public:
    SessionSide();
    ~SessionSide();
    dataplane::TlsContext& context() { return *context_; }

  private:
    struct Directory;
    std::unique_ptr<Directory> directory_;
    std::unique_ptr<dataplane::SelfSignedIdentity> self_signed_;
    storage::StreamCounters counters_{};
    storage::KeyRing keys_;
    dataplane::SealingKeys sealing_keys_;
    std::unique_ptr<dataplane::DirectoryIdentities> identities_;
    dataplane::TicketKeys tickets_;
    std::unique_ptr<dataplane::TlsContext> context_;
};

class SessionServer final : public dataplane::TlsSink {
  public:
    void open(SessionSide& side) {
        session_ = dataplane::TlsSession::accept(side.context(), *this);
    }
    // True: the handshake is over.
    bool advance(Bytes octets) {
        session_->feed(octets);
        return session_->handshake() == dataplane::TlsStatus::done;
    }
    bool send_tickets() { return session_->write({}); }
    bool write(Bytes plaintext) { return session_->write(plaintext); }
    size_t read_all(Bytes ciphertext);
    std::vector<uint8_t> take() { return std::move(out_); }
    // Without giving its memory back.
    void discard() { out_.clear(); }
    void close() { session_.reset(); }
    bool take(Bytes ciphertext) override {
        out_.insert(out_.end(), ciphertext.begin(), ciphertext.end());
        return true;
    }

  private:
    std::unique_ptr<dataplane::TlsSession> session_;
    std::vector<uint8_t> out_;
};

class RawSide {
  public:
    RawSide();
    ~RawSide() { SSL_CTX_free(context_); }
    RawSide(const RawSide&) = delete;
    RawSide& operator=(const RawSide&) = delete;
    SSL_CTX* context() { return context_; }

  private:
    SSL_CTX* context_;
};

class RawServer {
  public:
    ~RawServer() { close(); }
    void open(RawSide& side);
    bool advance(Bytes octets);
    bool send_tickets() { return SSL_write(ssl_, nullptr, 0) >= 0; }
    bool write(Bytes plaintext) {
        return SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size())) > 0;
    }
    size_t read_all(Bytes ciphertext);
    std::vector<uint8_t> take();
    void discard();
    void close() {
        SSL_free(ssl_);
        ssl_ = nullptr;
    }

  private:
    SSL* ssl_ = nullptr;
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
};

}  // namespace gatepost::bench

// Whom a connection under TLS is believed to lead to. OpenSSL, which this program has for
// certificates and the database's client for its connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/base/error.h"

struct ssl_ctx_st;
struct ssl_st;

namespace gatepost::tools {

class TlsTrust {
  public:
    // A chain up to an authority that this system trusts, or to a certificate of `ca_file` (PEM)
    // where one is named, for the name or address that was asked for.
    static Result<TlsTrust> authorities(const std::string& ca_file);
    // One of these certificates, whatever is in it: SHA-256 fingerprints in lower-case hexadecimal.
    static Result<TlsTrust> certificates(std::vector<std::string> fingerprints);
    // Anybody: only what is sent is hidden.
    static Result<TlsTrust> anybody();

    ssl_ctx_st* context() const { return context_.get(); }
    // Before the handshake: what `host` (a name or an address) has to prove.
    Status prepare(ssl_st* ssl, const std::string& host) const;
    // After a handshake that came about.
    Status check(ssl_st* ssl) const;
    // Why a handshake came to nothing, and what to do.
    Error explain(ssl_st* ssl, const std::string& host, const std::string& failure) const;

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    static Result<TlsTrust> make(bool verifies);

    std::unique_ptr<ssl_ctx_st, Free> context_;
    std::vector<std::string> fingerprints_;
    bool verifies_ = false;
};

}  // namespace gatepost::tools

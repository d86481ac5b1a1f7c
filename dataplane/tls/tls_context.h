// What the TLS connections of one listener of one worker share. Certificates are not part of it:
// each handshake asks the IdentitySource, so that a change in the directory is in force with the
// next connection, and those that are open live on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/tls/identity_source.h"
#include "dataplane/tls/ticket_keys.h"
#include "storage/base/error.h"
#include "storage/directory/service.h"

struct ssl_ctx_st;

namespace gatepost::dataplane {

struct TlsOptions {
    storage::Service service = storage::Service::https;
    // In order of preference; empty: ALPN is not answered. A client that offers only others is
    // refused (RFC 7301 §3.2).
    std::vector<std::string> alpn;
    // 0-RTT. Only for protocols whose every request in early data is safe to do twice, or which
    // look at TlsSession::in_early_data(); never after STARTTLS.
    bool early_data = false;
    bool tls12 = true;  // otherwise TLS 1.3 only
};

class TlsContext {
  public:
    // `identities` and `tickets` outlive the context and its sessions.
    static Result<std::unique_ptr<TlsContext>> create(const TlsOptions& options,
                                                      IdentitySource& identities,
                                                      const TicketKeys& tickets);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    ssl_ctx_st* raw() { return context_; }
    const TlsOptions& options() const { return options_; }

  private:
    TlsContext(const TlsOptions& options, IdentitySource& identities, const TicketKeys& tickets)
        : options_(options), identities_(identities), tickets_(tickets) {}
    friend struct TlsCallbacks;

    TlsOptions options_;
    IdentitySource& identities_;
    const TicketKeys& tickets_;
    ssl_ctx_st* context_ = nullptr;
    std::vector<uint8_t> alpn_wire_;
};

}  // namespace gatepost::dataplane

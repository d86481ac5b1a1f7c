// The certificates of one name for one service, ready for handshakes, in order of preference.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "dataplane/tls/certificate_chain.h"
#include "dataplane/tls/client_offer.h"
#include "storage/base/error.h"
#include "storage/directory/tls_identity.h"
#include "storage/secret/sealed.h"

namespace gatepost::dataplane {

class LoadedIdentity {
  public:
    // Told of each candidate that cannot be used, and why.
    using Report = std::function<void(const Error& error)>;

    LoadedIdentity() = default;
    // Nothing of `identity` is referred to afterwards. Of each kind of key the best candidate is
    // loaded that can be; `report` is called for those that cannot.
    static LoadedIdentity load(const storage::TlsIdentity& identity, storage::Service service,
                               int64_t now_s, const storage::KeyRing& keys, const Report& report);
    static LoadedIdentity of(CertificateChain chain, int64_t valid_until_s);
    static LoadedIdentity none(int64_t valid_until_s);

    bool empty() const { return chains_.empty(); }
    // The time, in seconds since 1970, from which another order of preference may hold.
    int64_t valid_until_s() const { return valid_until_s_; }
    // When the first of the certificates in use ends, in seconds since 1970.
    int64_t not_after_s() const { return not_after_s_; }
    // The best chain that the client can verify; where there is none, the best one: the client is
    // to be told who we are. Only if not empty().
    const CertificateChain& choose(const ClientOffer& offer) const;

  private:
    std::vector<CertificateChain> chains_;
    int64_t valid_until_s_ = 0;
    int64_t not_after_s_ = INT64_MAX;
};

}  // namespace gatepost::dataplane

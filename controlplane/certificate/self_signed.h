// Self-signed certificates: what a service shows while it has no other, so that TLS is never off.
// ECDSA on P-256, good for a year.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/certificate/chain.h"
#include "controlplane/certificate/private_key.h"
#include "controlplane/model/certificate.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

// Clients refuse what is good for more than 398 days (CA/Browser Forum BR 1.8.7 §6.3.2).
inline constexpr int64_t kSelfSignedDays = 365;
// Another one is made when no more is left.
inline constexpr int64_t kSelfSignedRenewDays = 30;

// `names`: at least one. The clocks of clients may be an hour behind `now_s`.
Result<CertificateChain> make_self_signed(const PrivateKey& key,
                                          const std::vector<std::string>& names, int64_t now_s);

// A new one with a new key for `host`, as a row to be put. A registered domain (gatepost.domains)
// gets its wildcard as a second name, so that mail.DOMAIN and the like are covered as well.
Result<NewCertificate> new_self_signed(Connection& connection, const std::string& host,
                                       const storage::KeyRing& ring, std::string_view source,
                                       int64_t now_s);

}  // namespace gatepost::controlplane

// From a chain and its key to a row of the database; and what is to be looked at before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/certificate/chain.h"
#include "controlplane/certificate/private_key.h"
#include "controlplane/model/certificate.h"
#include "storage/base/error.h"
#include "storage/directory/tls_identity.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

// Less than so much left is worth a warning; less than the second one is urgent.
inline constexpr int64_t kExpiryWarningDays = 30;
inline constexpr int64_t kExpiryCriticalDays = 7;

struct CertificatePlace {
    std::string domain;  // a host name, or "*.example.org"
    storage::CertificateType type = storage::CertificateType::live;
    std::string source;
};

// With the key sealed. Refused where the key is another one's.
Result<NewCertificate> new_certificate(const CertificatePlace& place, const CertificateChain& chain,
                                       const PrivateKey& key, const storage::KeyRing& ring);

struct CertificateFindings {
    std::vector<std::string> errors;  // with it, clients would turn away
    std::vector<std::string> warnings;
};

// Whether clients that ask for `domain` at the time `now_s` will like it.
CertificateFindings check_certificate(const CertificateChain& chain, const std::string& domain,
                                      int64_t now_s);

// A response in DER that is to be stapled (RFC 6066 §8). Refused (invalid) unless it is about this
// certificate, signed for its issuer, says "good", and is not out of date at `now_s`.
Status check_ocsp_response(const CertificateChain& chain, Bytes response, int64_t now_s);

}  // namespace gatepost::controlplane

// A certificate with its chain, its private key and its OCSP response, in BoringSSL's own form,
// ready for handshakes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/tls/client_offer.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

struct ssl_st;

namespace gatepost::dataplane {

class CertificateChain {
  public:
    // Copies what it needs. `chain`: DER, the server's own certificate first; `key`: PKCS #8 DER.
    // Refused where something does not parse, or the key is another one than the certificate's.
    static Result<CertificateChain> load(const std::vector<Bytes>& chain, Bytes key,
                                         Bytes ocsp_response);

    CertificateChain(CertificateChain&& other) noexcept;
    CertificateChain& operator=(CertificateChain&& other) noexcept;
    ~CertificateChain();

    // Whether that client can verify its signature.
    bool suits(const ClientOffer& offer) const;
    // Makes it this connection's. False: out of memory.
    bool install(ssl_st* ssl) const;

  private:
    // In the library's types: who includes this needs none of its headers.
    struct Parts;
    explicit CertificateChain(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

}  // namespace gatepost::dataplane

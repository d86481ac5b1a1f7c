// What a certificate says, out of OpenSSL's object. For the sources of this folder.
#pragma once

#include <string>

#include "controlplane/certificate/chain.h"
#include "controlplane/certificate/openssl.h"

namespace gatepost::controlplane {

// Refused where it has what no TLS server can use: another kind of key, times that cannot be.
Result<CertificateFacts> certificate_facts(X509* certificate);

// RFC 4514, control characters escaped; "no name" for an empty one.
std::string name_to_text(const X509_NAME* name);

// The kind of a public or private key, where TLS servers can use it: RSA from 2048 bits, ECDSA on
// P-256, P-384 and P-521, Ed25519.
Result<storage::KeyType> usable_key_type(EVP_PKEY* key);

}  // namespace gatepost::controlplane

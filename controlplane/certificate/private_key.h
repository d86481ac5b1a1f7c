// The private key of a certificate: out of PEM, sealed for the database and out of it again. Its
// octets are wiped when it goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/certificate/chain.h"
#include "controlplane/certificate/secret_bytes.h"
#include "storage/base/error.h"
#include "storage/directory/tls_identity.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

inline constexpr size_t kPrivateKeySizeMax = 16 * 1024;  // octets in DER

class PrivateKey {
  public:
    // The one key in the text: PKCS #8, or the traditional forms of RSA and EC keys. Other blocks
    // are passed over, such as the chain of a combined file. A key with a passphrase is refused,
    // with what to do.
    static Result<PrivateKey> from_pem(std::string_view pem);
    static Result<PrivateKey> from_pkcs8(Bytes der);
    // A new one: ECDSA on P-256.
    static Result<PrivateKey> generate();
    static Result<PrivateKey> unseal(Bytes sealed, const storage::KeyRing& ring);

    Result<std::vector<uint8_t>> seal(const storage::KeyRing& ring) const;
    storage::KeyType type() const { return type_; }
    Bytes pkcs8() const { return pkcs8_.bytes(); }
    std::string to_pem() const;  // not wiped by itself
    // SubjectPublicKeyInfo of the public half, DER.
    Bytes spki() const { return spki_; }

  private:
    SecretBytes pkcs8_;
    std::vector<uint8_t> spki_;
    storage::KeyType type_ = storage::KeyType::ecdsa;
};

// Whether text has a private key in it at all: for combined files.
bool has_private_key(std::string_view pem);

// Refused (invalid) where the first certificate is about another key.
Status check_key_matches(const CertificateChain& chain, const PrivateKey& key);

}  // namespace gatepost::controlplane

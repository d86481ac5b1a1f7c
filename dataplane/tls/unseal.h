// Opens secrets that are sealed at rest (storage/secret/sealed.h), with BoringSSL.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/secret/sealed.h"

namespace gatepost::dataplane {

// Octets that are wiped when they are given back.
class SecretBytes {
  public:
    explicit SecretBytes(size_t size) : octets_(size) {}
    SecretBytes(SecretBytes&&) = default;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    SecretBytes& operator=(SecretBytes&&) = delete;
    ~SecretBytes();

    Bytes bytes() const { return octets_; }
    uint8_t* data() { return octets_.data(); }

  private:
    std::vector<uint8_t> octets_;
};

// `purpose`: the word that it was sealed with, such as storage::kSealedCertificateKey.
Result<SecretBytes> unseal(Bytes envelope, std::string_view purpose, const storage::KeyRing& keys);

}  // namespace gatepost::dataplane

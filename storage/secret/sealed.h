// The form of a secret at rest: sealed with AES-256-GCM under a key of the key file, so that the
// database, its backups, the directory arena and its checkpoints never hold it in the clear.
// Cryptography itself is done by each process's own library (OpenSSL in the control plane,
// BoringSSL in the dataplane); this is the envelope:
//
//   octets   0 …  3   "GPS1"
//            4 … 11   identity of the key (KeyRing)
//           12 … 23   nonce, random
//           24 …      ciphertext, then the tag of 16 octets
//
// Additional data: a word for the purpose (kSealedCertificateKey), so that one kind of secret
// cannot be passed off as another.
#pragma once

#include <string.h>  // explicit_bzero

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

inline constexpr size_t kSealingKeySize = 32;
inline constexpr size_t kSealingNonceSize = 12;
inline constexpr size_t kSealingTagSize = 16;
inline constexpr size_t kSealedHeaderSize = 24;
inline constexpr std::string_view kSealedCertificateKey = "gatepost certificate key 1";

using SealingKeyId = std::array<uint8_t, 8>;

struct SealingKey {
    ~SealingKey() { ::explicit_bzero(key.data(), key.size()); }

    SealingKeyId id{};
    std::array<uint8_t, kSealingKeySize> key{};
};

// The key file: a line `ID KEY` (hexadecimal, 16 and 64 digits) for each key; the first one seals,
// all of them open. Blank lines and lines that begin with # are passed over.
class KeyRing {
  public:
    KeyRing() = default;
    static Result<KeyRing> parse(std::string_view text);
    // Refused (permission) where others than the owner can read the file.
    static Result<KeyRing> load(const std::string& path);

    const SealingKey* find(const SealingKeyId& id) const;
    const SealingKey* sealing() const { return keys_.empty() ? nullptr : &keys_.front(); }
    bool empty() const { return keys_.empty(); }

  private:
    std::vector<SealingKey> keys_;
};

// The parts of an envelope.
struct SealedParts {
    SealingKeyId key_id{};
    Bytes header;  // the octets before the ciphertext
    Bytes nonce;
    Bytes ciphertext;
    Bytes tag;
};
Result<SealedParts> parse_sealed(Bytes octets);

}  // namespace gatepost::storage

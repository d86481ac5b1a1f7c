// Seals secrets under a key of the key file and opens them: AES-256-GCM with OpenSSL, in the
// envelope of storage/secret/sealed.h.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "controlplane/certificate/secret_bytes.h"
#include "storage/base/error.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

// Under the first key of the ring. `purpose`: storage::kSealedCertificateKey.
Result<std::vector<uint8_t>> seal(Bytes secret, const storage::KeyRing& ring,
                                  std::string_view purpose);
// Refused (permission) where the ring lacks the key, (invalid) where the envelope was tampered with
// or is of another purpose.
Result<SecretBytes> unseal(Bytes sealed, const storage::KeyRing& ring, std::string_view purpose);

std::string key_id_to_text(const storage::SealingKeyId& id);  // hexadecimal, as in the key file

}  // namespace gatepost::controlplane

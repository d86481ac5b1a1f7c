#include "dataplane/tls/unseal.h"

#include <fmt/format.h>
#include <openssl/aead.h>
#include <openssl/err.h>
#include <openssl/mem.h>

namespace gatepost::dataplane {

SecretBytes::~SecretBytes() {
    OPENSSL_cleanse(octets_.data(), octets_.size());
}

Result<SecretBytes> unseal(Bytes envelope, std::string_view purpose, const storage::KeyRing& keys) {
    auto parts = storage::parse_sealed(envelope);
    if (!parts) return tl::unexpected(std::move(parts.error()));
    const storage::SealingKey* key = keys.find(parts->key_id);
    if (key == nullptr)
        return fail(ErrorCode::permission,
                    "the secret is sealed with the key {:02x}, which is not in the key file: "
                    "restore the key file that was in use when it was stored",
                    fmt::join(parts->key_id, ""));

    bssl::ScopedEVP_AEAD_CTX context;
    SecretBytes plain(parts->ciphertext.size());
    if (EVP_AEAD_CTX_init(context.get(), EVP_aead_aes_256_gcm(), key->key.data(), key->key.size(),
                          parts->tag.size(), nullptr) != 1 ||
        EVP_AEAD_CTX_open_gather(context.get(), plain.data(), parts->nonce.data(),
                                 parts->nonce.size(), parts->ciphertext.data(),
                                 parts->ciphertext.size(), parts->tag.data(), parts->tag.size(),
                                 reinterpret_cast<const uint8_t*>(purpose.data()),
                                 purpose.size()) != 1) {
        ERR_clear_error();
        return fail(ErrorCode::invalid,
                    "the sealed secret is damaged, or the key file has another key of the same "
                    "identity {:02x}: import it again",
                    fmt::join(parts->key_id, ""));
    }
    return plain;
}

}  // namespace gatepost::dataplane

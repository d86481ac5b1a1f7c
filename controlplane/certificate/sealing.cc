#include "controlplane/certificate/sealing.h"

#include <openssl/rand.h>

#include <algorithm>

#include "controlplane/certificate/openssl.h"

namespace gatepost::controlplane {

namespace {

using storage::kSealedHeaderSize;
using storage::kSealingTagSize;

constexpr std::string_view kMagic = "GPS1";
constexpr size_t kSecretMax = 64 * 1024;  // octets

const uint8_t* octets_of(std::string_view text) {
    return reinterpret_cast<const uint8_t*>(text.data());
}

tl::unexpected<Error> failed(std::string_view what) {
    return fail(ErrorCode::refused, "{} failed in OpenSSL ({})", what, openssl_reason());
}

}  // namespace

std::string key_id_to_text(const storage::SealingKeyId& id) {
    std::string text;
    for (const uint8_t octet : id) text += fmt::format("{:02x}", octet);
    return text;
}

Result<std::vector<uint8_t>> seal(Bytes secret, const storage::KeyRing& ring,
                                  std::string_view purpose) {
    const storage::SealingKey* key = ring.sealing();
    if (key == nullptr) return fail(ErrorCode::refused, "there is no key to seal with");
    if (secret.size() > kSecretMax)
        return fail(ErrorCode::invalid, "a secret of {} octets is too long, at most {}",
                    secret.size(), kSecretMax);
    std::vector<uint8_t> out(kSealedHeaderSize + secret.size() + kSealingTagSize);
    std::copy(kMagic.begin(), kMagic.end(), out.begin());
    std::copy(key->id.begin(), key->id.end(), out.begin() + kMagic.size());
    uint8_t* nonce = out.data() + kMagic.size() + key->id.size();
    // 96 random bits (NIST SP 800-38D §8.2.2): good for 2^32 secrets under one key.
    if (RAND_bytes(nonce, storage::kSealingNonceSize) != 1) return failed("making a nonce");
    uint8_t* ciphertext = out.data() + kSealedHeaderSize;
    uint8_t* tag = ciphertext + secret.size();
    const OwnedCipherContext context(EVP_CIPHER_CTX_new());
    int length = 0;
    const bool sealed =
        context &&
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key->key.data(), nonce) ==
            1 &&
        EVP_EncryptUpdate(context.get(), nullptr, &length, octets_of(purpose),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_EncryptUpdate(context.get(), ciphertext, &length, secret.data(),
                          static_cast<int>(secret.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), tag, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kSealingTagSize, tag) == 1;
    if (!sealed) return failed("sealing");
    return out;
}

Result<SecretBytes> unseal(Bytes sealed, const storage::KeyRing& ring, std::string_view purpose) {
    auto parts = storage::parse_sealed(sealed);
    if (!parts) return tl::unexpected(std::move(parts).error());
    const storage::SealingKey* key = ring.find(parts->key_id);
    if (key == nullptr)
        return fail(ErrorCode::permission,
                    "it was sealed with the key {}, which the key file does not have; take the key "
                    "file of the host that sealed it",
                    key_id_to_text(parts->key_id));
    if (parts->ciphertext.size() > kSecretMax)
        return fail(ErrorCode::invalid, "a secret of {} octets is too long",
                    parts->ciphertext.size());
    SecretBytes secret(parts->ciphertext.size());
    std::vector<uint8_t> tag(parts->tag.begin(), parts->tag.end());
    const OwnedCipherContext context(EVP_CIPHER_CTX_new());
    int length = 0;
    const bool opened =
        context &&
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key->key.data(),
                           parts->nonce.data()) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &length, octets_of(purpose),
                          static_cast<int>(purpose.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), secret.data(), &length, parts->ciphertext.data(),
                          static_cast<int>(parts->ciphertext.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag.size()),
                            tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), secret.data() + secret.size(), &length) == 1;
    ERR_clear_error();
    if (!opened)
        return fail(ErrorCode::invalid,
                    "it does not open with the key {} of the key file: it was changed since, or "
                    "that key is another one of the same name",
                    key_id_to_text(parts->key_id));
    return secret;
}

}  // namespace gatepost::controlplane

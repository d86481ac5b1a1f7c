#include "controlplane/certificate/private_key.h"

#include <openssl/ec.h>

#include "controlplane/certificate/chain_facts.h"
#include "controlplane/certificate/openssl.h"
#include "controlplane/certificate/pem.h"
#include "controlplane/certificate/sealing.h"
#include "controlplane/certificate/type_names.h"

namespace gatepost::controlplane {

namespace {

// Wipes before it frees.
struct FreeSecret {
    void operator()(uint8_t* octets) const { OPENSSL_clear_free(octets, size); }
    size_t size = 0;
};

bool is_key(const PemBlock& block) {
    return block.label.ends_with("PRIVATE KEY");
}

// What a block that cannot be used is, and what to do about it.
Status check_usable(const PemBlock& block) {
    if (!block.problem.empty())
        return fail(ErrorCode::invalid, "the private key {}", block.problem);
    if (block.is_encrypted || block.label == "ENCRYPTED PRIVATE KEY")
        return fail(ErrorCode::invalid,
                    "the private key in line {} has a passphrase; take that off with: openssl pkey "
                    "-in FILE -out NEW (the database gets the key sealed in any case)",
                    block.line);
    if (block.label == "OPENSSH PRIVATE KEY")
        return fail(ErrorCode::invalid,
                    "line {} begins a key of OpenSSH, which is not the key of a certificate",
                    block.line);
    if (block.label != "PRIVATE KEY" && block.label != "RSA PRIVATE KEY" &&
        block.label != "EC PRIVATE KEY")
        return fail(ErrorCode::invalid,
                    "line {} begins a key of the kind {}, which TLS servers cannot use here; use "
                    "ECDSA, Ed25519 or RSA",
                    block.line, block.label);
    if (block.der.size() > kPrivateKeySizeMax)
        return fail(ErrorCode::invalid, "the private key has {} octets, at most {} are taken",
                    block.der.size(), kPrivateKeySizeMax);
    return {};
}

OwnedKey key_from_pkcs8(Bytes der) {
    const uint8_t* at = der.data();
    const OwnedPkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
    if (!info || at != der.data() + der.size()) return nullptr;
    return OwnedKey(EVP_PKCS82PKEY(info.get()));
}

OwnedKey traditional_key(int type, Bytes der) {
    const uint8_t* at = der.data();
    OwnedKey key(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(der.size())));
    if (at != der.data() + der.size()) return nullptr;
    return key;
}

// Refused where its public half does not belong to its private half.
Status check_halves(EVP_PKEY* key) {
    const OwnedKeyContext context(EVP_PKEY_CTX_new(key, nullptr));
    const bool belongs = context && EVP_PKEY_pairwise_check(context.get()) == 1;
    ERR_clear_error();
    if (belongs) return {};
    return fail(ErrorCode::invalid,
                "the private key is damaged: its public half does not belong to it");
}

Result<std::vector<uint8_t>> spki_of(EVP_PKEY* key) {
    uint8_t* octets = nullptr;
    const int length = i2d_PUBKEY(key, &octets);
    const Owned<uint8_t, openssl_free> owner(octets);
    if (length <= 0)
        return fail(ErrorCode::invalid, "the key's public half cannot be read ({})",
                    openssl_reason());
    return std::vector<uint8_t>(octets, octets + length);
}

Result<SecretBytes> pkcs8_of(EVP_PKEY* key) {
    const OwnedPkcs8 info(EVP_PKEY2PKCS8(key));
    uint8_t* octets = nullptr;
    const int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &octets) : 0;
    const auto size = static_cast<size_t>(length > 0 ? length : 0);
    const std::unique_ptr<uint8_t, FreeSecret> owner(octets, FreeSecret{size});
    if (size == 0)
        return fail(ErrorCode::invalid, "the key cannot be written as PKCS #8 ({})",
                    openssl_reason());
    return SecretBytes(Bytes(octets, size));
}

struct KeyParts {
    SecretBytes pkcs8;
    std::vector<uint8_t> spki;
    storage::KeyType type;
};

Result<KeyParts> parts_of(EVP_PKEY* key) {
    auto type = usable_key_type(key);
    if (!type) return wrap("the private key", std::move(type).error());
    if (Status belongs = check_halves(key); !belongs)
        return tl::unexpected(std::move(belongs).error());
    auto spki = spki_of(key);
    if (!spki) return tl::unexpected(std::move(spki).error());
    auto pkcs8 = pkcs8_of(key);
    if (!pkcs8) return tl::unexpected(std::move(pkcs8).error());
    return KeyParts{std::move(*pkcs8), std::move(*spki), *type};
}

Result<KeyParts> parts_of_pem(std::string_view pem) {
    auto blocks = read_pem(pem);
    if (!blocks) return tl::unexpected(std::move(blocks).error());
    const PemBlock* found = nullptr;
    for (const PemBlock& block : *blocks) {
        if (!is_key(block)) continue;
        if (found != nullptr)
            return fail(ErrorCode::invalid,
                        "two private keys, in line {} and in line {}: give the one that belongs to "
                        "the certificate",
                        found->line, block.line);
        found = &block;
    }
    if (found == nullptr)
        return fail(ErrorCode::invalid,
                    "no private key: there is no line -----BEGIN PRIVATE KEY----- in it");
    if (Status usable = check_usable(*found); !usable)
        return tl::unexpected(std::move(usable).error());
    const OwnedKey key =
        found->label == "RSA PRIVATE KEY"  ? traditional_key(EVP_PKEY_RSA, found->der.bytes())
        : found->label == "EC PRIVATE KEY" ? traditional_key(EVP_PKEY_EC, found->der.bytes())
                                           : key_from_pkcs8(found->der.bytes());
    if (!key)
        return fail(ErrorCode::invalid, "the private key in line {} is not a key ({})", found->line,
                    openssl_reason());
    return parts_of(key.get());
}

}  // namespace

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    auto parts = parts_of_pem(pem);
    if (!parts) return tl::unexpected(std::move(parts).error());
    PrivateKey out;
    out.pkcs8_ = std::move(parts->pkcs8);
    out.spki_ = std::move(parts->spki);
    out.type_ = parts->type;
    return out;
}

Result<PrivateKey> PrivateKey::from_pkcs8(Bytes der) {
    const OwnedKey key = key_from_pkcs8(der);
    if (!key)
        return fail(ErrorCode::invalid, "it is not a private key in PKCS #8 ({})",
                    openssl_reason());
    auto parts = parts_of(key.get());
    if (!parts) return tl::unexpected(std::move(parts).error());
    PrivateKey out;
    out.pkcs8_ = std::move(parts->pkcs8);
    out.spki_ = std::move(parts->spki);
    out.type_ = parts->type;
    return out;
}

Result<PrivateKey> PrivateKey::generate() {
    const OwnedKey key(EVP_EC_gen("P-256"));
    if (!key)
        return fail(ErrorCode::refused, "making a key failed in OpenSSL ({})", openssl_reason());
    auto pkcs8 = pkcs8_of(key.get());
    if (!pkcs8) return tl::unexpected(std::move(pkcs8).error());
    return from_pkcs8(pkcs8->bytes());
}

Result<PrivateKey> PrivateKey::unseal(Bytes sealed, const storage::KeyRing& ring) {
    auto der = controlplane::unseal(sealed, ring, storage::kSealedCertificateKey);
    if (!der) return wrap("the private key", std::move(der).error());
    return from_pkcs8(der->bytes());
}

Result<std::vector<uint8_t>> PrivateKey::seal(const storage::KeyRing& ring) const {
    return controlplane::seal(pkcs8_.bytes(), ring, storage::kSealedCertificateKey);
}

std::string PrivateKey::to_pem() const {
    return write_pem("PRIVATE KEY", pkcs8_.bytes());
}

bool has_private_key(std::string_view pem) {
    const auto blocks = read_pem(pem);
    if (!blocks) return false;
    for (const PemBlock& block : *blocks)
        if (is_key(block)) return true;
    return false;
}

Status check_key_matches(const CertificateChain& chain, const PrivateKey& key) {
    if (chain.leaf.key_type != key.type())
        return fail(ErrorCode::invalid,
                    "the key does not belong to the certificate: that is about a key of the type "
                    "{}, and this is one of the type {}",
                    key_type_name(chain.leaf.key_type), key_type_name(key.type()));
    const auto public_key = [](Bytes spki) {
        const uint8_t* at = spki.data();
        return OwnedKey(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    };
    const OwnedKey of_chain = public_key(chain.leaf.spki);
    const OwnedKey of_key = public_key(key.spki());
    const bool equal = of_chain && of_key && EVP_PKEY_eq(of_chain.get(), of_key.get()) == 1;
    ERR_clear_error();
    if (equal) return {};
    return fail(ErrorCode::invalid,
                "the key does not belong to the certificate: it is the key of another one (was the "
                "certificate renewed with a new key?)");
}

}  // namespace gatepost::controlplane

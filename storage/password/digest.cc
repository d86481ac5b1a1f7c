#include "storage/password/digest.h"

#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>  // explicit_bzero

#include <bit>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

const uint8_t* octets_of(std::string_view text) {
    return reinterpret_cast<const uint8_t*>(text.data());
}

uint8_t* octets_of(std::string& text) {
    return reinterpret_cast<uint8_t*>(text.data());
}

const nettle_hash* nettle_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::md4:
            return &nettle_md4;
        case DigestKind::md5:
            return &nettle_md5;
        case DigestKind::sha1:
            return &nettle_sha1;
        case DigestKind::sha256:
            return &nettle_sha256;
        case DigestKind::sha512:
            return &nettle_sha512;
    }
    return nullptr;
}

}  // namespace

std::string digest(DigestKind kind, std::initializer_list<std::string_view> parts) {
    union Context {
        md4_ctx md4;
        md5_ctx md5;
        sha1_ctx sha1;
        sha256_ctx sha256;
        sha512_ctx sha512;
    } context;
    const nettle_hash* const hash = nettle_of(kind);
    GATEPOST_CHECK(hash->context_size <= sizeof context);
    hash->init(&context);
    for (std::string_view part : parts) hash->update(&context, part.size(), octets_of(part));
    std::string result(digest_size(kind), '\0');
    hash->digest(&context, result.size(), octets_of(result));
    ::explicit_bzero(&context, sizeof context);
    return result;
}

std::string hmac(DigestKind kind, std::string_view key, std::string_view message) {
    std::string result(digest_size(kind), '\0');
    if (kind == DigestKind::sha1) {
        hmac_sha1_ctx context;
        hmac_sha1_set_key(&context, key.size(), octets_of(key));
        hmac_sha1_update(&context, message.size(), octets_of(message));
        hmac_sha1_digest(&context, result.size(), octets_of(result));
        ::explicit_bzero(&context, sizeof context);
        return result;
    }
    GATEPOST_CHECK(kind == DigestKind::sha256);
    hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key.size(), octets_of(key));
    hmac_sha256_update(&context, message.size(), octets_of(message));
    hmac_sha256_digest(&context, result.size(), octets_of(result));
    ::explicit_bzero(&context, sizeof context);
    return result;
}

std::string derive_pbkdf2(DigestKind kind, std::string_view password, std::string_view salt,
                          uint32_t iterations) {
    GATEPOST_CHECK(kind == DigestKind::sha1 || kind == DigestKind::sha256);
    std::string result(digest_size(kind), '\0');
    auto* const derive = kind == DigestKind::sha1 ? &pbkdf2_hmac_sha1 : &pbkdf2_hmac_sha256;
    derive(password.size(), octets_of(password), iterations, salt.size(), octets_of(salt),
           result.size(), octets_of(result));
    return result;
}

std::string cram_md5_states(std::string_view password) {
    // The states are little-endian, as MD5 is and the machines that this runs on.
    static_assert(std::endian::native == std::endian::little);
    hmac_md5_ctx context;
    hmac_md5_set_key(&context, password.size(), octets_of(password));
    std::string states(2 * sizeof context.outer.state, '\0');
    std::memcpy(states.data(), context.outer.state, sizeof context.outer.state);
    std::memcpy(states.data() + sizeof context.outer.state, context.inner.state,
                sizeof context.inner.state);
    ::explicit_bzero(&context, sizeof context);
    return states;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && memeql_sec(a.data(), b.data(), a.size()) != 0;
}

}  // namespace gatepost::storage

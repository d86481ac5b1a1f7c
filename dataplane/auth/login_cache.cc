#include "dataplane/auth/login_cache.h"

#include <nettle/memops.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/base/check.h"
#include "storage/password/random.h"

namespace gatepost::dataplane {

LoginCache::LoginCache(const LoginCacheOptions& options)
    : entries_(options.entries), time_to_live_ms_(options.time_to_live_ms) {
    GATEPOST_CHECK(options.entries >= kWays && std::has_single_bit(options.entries));
}

Result<LoginCache> LoginCache::create(const LoginCacheOptions& options) {
    auto key = storage::random_octets(SHA256_DIGEST_SIZE);
    if (!key) return tl::unexpected(key.error());
    LoginCache cache(options);
    hmac_sha256_set_key(&cache.keyed_, key->size(), reinterpret_cast<const uint8_t*>(key->data()));
    ::explicit_bzero(key->data(), key->size());
    return cache;
}

LoginCache::Place LoginCache::place(const LoginSubject& subject, std::string_view password) const {
    hmac_sha256_ctx context = keyed_;
    std::array<uint8_t, 33> fixed;
    std::memcpy(fixed.data(), &subject.account_id, 8);
    std::memcpy(fixed.data() + 8, &subject.entry_serial, 8);
    std::memcpy(fixed.data() + 16, &subject.arena, 8);
    std::memcpy(fixed.data() + 24, &subject.service, 4);
    std::memcpy(fixed.data() + 28, &subject.credentials, 4);
    fixed[32] = subject.token ? 1 : 0;
    hmac_sha256_update(&context, fixed.size(), fixed.data());
    hmac_sha256_update(&context, password.size(),
                       reinterpret_cast<const uint8_t*>(password.data()));
    std::array<uint8_t, SHA256_DIGEST_SIZE> mac;
    hmac_sha256_digest(&context, mac.size(), mac.data());
    ::explicit_bzero(&context, sizeof context);
    Place place;
    std::memcpy(place.tag.data(), mac.data(), kTagSize);
    uint64_t index;
    std::memcpy(&index, mac.data() + kTagSize, sizeof index);
    place.first = index & (entries_.size() - kWays);
    return place;
}

std::optional<uint32_t> LoginCache::find(const LoginSubject& subject, std::string_view password,
                                         uint64_t now_ms) const {
    const Place at = place(subject, password);
    for (size_t i = at.first; i < at.first + kWays; ++i) {
        const Entry& entry = entries_[i];
        if (entry.expires_ms > now_ms && memeql_sec(entry.tag.data(), at.tag.data(), kTagSize) != 0)
            return entry.credential;
    }
    return std::nullopt;
}

void LoginCache::remember(const LoginSubject& subject, std::string_view password,
                          uint32_t credential, uint64_t now_ms, uint64_t valid_until_ms) {
    uint64_t expires_ms = now_ms + time_to_live_ms_;
    if (valid_until_ms != 0) expires_ms = std::min(expires_ms, valid_until_ms);
    const Place at = place(subject, password);
    // Its own entry, or else the one that would be of the least use.
    Entry* chosen = &entries_[at.first];
    for (size_t i = at.first; i < at.first + kWays; ++i) {
        Entry& entry = entries_[i];
        if (entry.tag == at.tag) {
            chosen = &entry;
            break;
        }
        if (entry.expires_ms < chosen->expires_ms) chosen = &entry;
    }
    *chosen = {at.tag, expires_ms, credential};
}

}  // namespace gatepost::dataplane

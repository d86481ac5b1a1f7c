// The secrets of DNS cookies (RFC 7873), shared by all edges: how an arena holds them. A set never
// changes once it is published; another one takes its place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gatepost::storage {

using CookieSecret = std::array<uint8_t, 16>;  // a key of SipHash-2-4 (RFC 9018 §4.4)

// RFC 9018 §5: one that is used, one that is staged, and those retired a while ago.
inline constexpr size_t kCookieSecretsMax = 4;

struct CookieSecretSet {
    uint32_t count = 0;       // cookies made with any of them are accepted
    uint32_t has_active = 0;  // 1: new cookies are made with the first one
    uint8_t unused[8] = {};
    CookieSecret secrets[kCookieSecretsMax] = {};
};
static_assert(sizeof(CookieSecretSet) == 80);

}  // namespace gatepost::storage

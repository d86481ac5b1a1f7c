#include "dataplane/dns/cookie.h"

#include <algorithm>
#include <cstring>

#include "dataplane/dns/siphash.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

namespace {

using storage::CookieSecret;

constexpr uint8_t kVersion = 1;
constexpr size_t kTimestampAt = 4;  // in a server cookie: version, reserved (3), timestamp (4)
constexpr size_t kHashAt = 8;

// A server cookie of another size: kept as one that is none, so that it is told from no cookie.
constexpr uint8_t kForeignVersion = 0;

// RFC 9018 §4.4: over the client cookie, all of the server cookie that is not the hash (the
// reserved octets as they are), and the client's address.
uint64_t server_hash(const CookieSecret& secret, const uint8_t* client_cookie,
                     const uint8_t* server_cookie, ClientAddress client) {
    uint8_t input[kClientCookieSize + kHashAt + 16];
    std::memcpy(input, client_cookie, kClientCookieSize);
    std::memcpy(input + kClientCookieSize, server_cookie, kHashAt);
    std::memcpy(input + kClientCookieSize + kHashAt, client.octets, client.length);
    return siphash24(secret.data(), input, kClientCookieSize + kHashAt + client.length);
}

bool is_made_with(const CookieSecret& secret, const QueryCookie& cookie, ClientAddress client) {
    const uint8_t* server_cookie = cookie.octets + kClientCookieSize;
    uint64_t hash;
    std::memcpy(&hash, server_cookie + kHashAt, sizeof hash);
    return server_hash(secret, cookie.octets, server_cookie, client) == hash;
}

struct Finding {
    bool valid = false;
    bool renew = false;
};

Finding look_at(const storage::CookieSecretSet* secrets, const CookieSecret* active,
                const CookieSecret& own, const QueryCookie& cookie, ClientAddress client,
                uint32_t unix_s) {
    const uint8_t* server_cookie = cookie.octets + kClientCookieSize;
    if (server_cookie[0] != kVersion) return {};
    // Serial number arithmetic (RFC 9018 §4.3), so that it outlives 2106.
    auto age = static_cast<int32_t>(unix_s - load_be32(server_cookie + kTimestampAt));
    if (age > static_cast<int32_t>(kCookieAgeMax) || age < -static_cast<int32_t>(kCookieAheadMax))
        return {};
    const bool old = age > static_cast<int32_t>(kCookieRenewAge);
    if (is_made_with(*active, cookie, client)) return {true, old};
    // RFC 9018 §5: made with a secret that is staged or retired; the client gets a current one.
    const size_t count = secrets == nullptr ? 0 : secrets->count;
    for (size_t i = 0; i < std::min(count, storage::kCookieSecretsMax); ++i)
        if (&secrets->secrets[i] != active && is_made_with(secrets->secrets[i], cookie, client))
            return {true, true};
    // From before the first shared secret arrived.
    if (active != &own && is_made_with(own, cookie, client)) return {true, true};
    return {};
}

}  // namespace

void read_cookie(const uint8_t* data, size_t length, QueryCookie& cookie) {
    std::memcpy(cookie.octets, data, kClientCookieSize);
    cookie.length = kClientCookieSize;
    if (length == kClientCookieSize) return;
    cookie.length = kCookieSize;
    if (length == kCookieSize)
        std::memcpy(cookie.octets + kClientCookieSize, data + kClientCookieSize, kServerCookieSize);
    else
        cookie.octets[kClientCookieSize] = kForeignVersion;
}

void make_server_cookie(const CookieSecret& secret, const uint8_t* client_cookie,
                        ClientAddress client, uint32_t unix_s, uint8_t* server_cookie) {
    store_be32(server_cookie, uint32_t{kVersion} << 24);
    store_be32(server_cookie + kTimestampAt, unix_s);
    uint64_t hash = server_hash(secret, client_cookie, server_cookie, client);
    std::memcpy(server_cookie + kHashAt, &hash, sizeof hash);
}

void judge_cookie(const storage::CookieSecretSet* secrets, const CookieSecret& own,
                  const QueryCookie& cookie, ClientAddress client, uint32_t unix_s,
                  CookieVerdict& verdict) {
    verdict.kind = CookieKind::none;
    if (cookie.length == 0 || client.octets == nullptr) return;
    const bool shared = secrets != nullptr && secrets->has_active != 0 && secrets->count != 0;
    const CookieSecret* active = shared ? &secrets->secrets[0] : &own;
    Finding finding;
    verdict.kind = CookieKind::client;
    if (cookie.length == kCookieSize) {
        finding = look_at(secrets, active, own, cookie, client, unix_s);
        verdict.kind = finding.valid ? CookieKind::valid : CookieKind::bad;
    }
    std::memcpy(verdict.reply, cookie.octets, kClientCookieSize);
    uint8_t* server_cookie = verdict.reply + kClientCookieSize;
    if (finding.valid && !finding.renew)
        std::memcpy(server_cookie, cookie.octets + kClientCookieSize, kServerCookieSize);
    else
        make_server_cookie(*active, cookie.octets, client, unix_s, server_cookie);
}

}  // namespace gatepost::dataplane

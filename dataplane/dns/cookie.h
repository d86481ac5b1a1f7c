// DNS cookies (RFC 7873) with interoperable server cookies (RFC 9018): proof that a client gets
// what is sent to the address that it sends from. No state per client: a server cookie is a keyed
// hash of the client's cookie, its address and the time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/zone_index/cookie_secrets.h"

namespace gatepost::dataplane {

inline constexpr uint16_t kOptionCookie = 10;  // RFC 7873 §4
inline constexpr size_t kClientCookieSize = 8;
inline constexpr size_t kServerCookieSize = 16;  // RFC 9018 §4
inline constexpr size_t kCookieSize = kClientCookieSize + kServerCookieSize;
inline constexpr size_t kCookieOptionSize = 4 + kCookieSize;  // in a reply
inline constexpr uint32_t kCookieAgeMax = 3600;               // seconds, RFC 9018 §4.3
inline constexpr uint32_t kCookieAheadMax = 300;   // seconds that another edge's clock may go ahead
inline constexpr uint32_t kCookieRenewAge = 1800;  // seconds

enum class CookieKind : uint8_t {
    none,    // the query has no cookie, or its client's address is not known
    client,  // the client's part alone
    valid,   // with a server cookie made here or by another edge
    bad,     // with another one, or one too old
};

// What a query carried; its octets are copied before the reply overwrites them.
struct QueryCookie {
    uint8_t octets[kCookieSize];
    uint8_t length = 0;  // octets that are set; 0: no cookie
};

// Whether a COOKIE option may have that many octets (RFC 7873 §5.2.2).
inline bool cookie_length_fits(size_t length) {
    return length == kClientCookieSize || (length >= 16 && length <= 40);
}
// Reads an option whose length fits. A server cookie of another length than ours cannot be ours.
void read_cookie(const uint8_t* data, size_t length, QueryCookie& cookie);

struct ClientAddress {
    const uint8_t* octets = nullptr;
    size_t length = 0;  // 4 or 16
};

// Writes the server cookie of that client and time.
void make_server_cookie(const storage::CookieSecret& secret, const uint8_t* client_cookie,
                        ClientAddress client, uint32_t unix_s, uint8_t* server_cookie);

struct CookieVerdict {
    CookieKind kind = CookieKind::none;
    uint8_t reply[kCookieSize];  // unless none: what the reply carries
};

// `secrets` are those of all edges; nullptr, or none of them active: cookies are made with `own`.
void judge_cookie(const storage::CookieSecretSet* secrets, const storage::CookieSecret& own,
                  const QueryCookie& cookie, ClientAddress client, uint32_t unix_s,
                  CookieVerdict& verdict);

}  // namespace gatepost::dataplane

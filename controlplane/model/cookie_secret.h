// The secrets of DNS cookies in the database (RFC 9018 §5): staged first, so that every edge
// accepts what is made with it; then active; then retired, accepted still; then removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// A retired secret older than this has no cookie left that would be accepted: RFC 9018 §4.3 gives
// them an hour, and the clocks of edges may differ.
inline constexpr int64_t kCookieSecretKeepSeconds = 2 * 3600;

struct CookieSecretInfo {
    int64_t id = 0;
    std::string state;       // staged, active, retired
    std::string since;       // RFC 3339, UTC: in this state
    std::string created_at;  // RFC 3339, UTC
    int64_t since_seconds = 0;
    std::string secret;  // hexadecimal; empty unless it was to be revealed
};

// By age, the oldest first.
Result<std::vector<CookieSecretInfo>> cookie_secret_list(Connection& connection,
                                                         bool reveal = false);

// What was done to one secret.
struct CookieSecretStep {
    int64_t id = 0;
    std::string action;  // staged, activated, retired, removed
};

struct CookieSecretResult {
    std::vector<CookieSecretStep> steps;
    // A position that an edge has reached when it knows; 0 after a dry run.
    Lsn lsn = 0;
};

// Adds a new random one, accepted but not yet used.
Result<CookieSecretResult> cookie_secret_stage(Connection& connection, const WriteOptions& options);
// Makes cookies with that one from now on, and retires the one used so far; without an id, the only
// one that is staged.
Result<CookieSecretResult> cookie_secret_activate(Connection& connection, std::optional<int64_t> id,
                                                  const WriteOptions& options);
// Cookies made with it are no longer accepted. Refused for the active one.
Result<CookieSecretResult> cookie_secret_remove(Connection& connection, int64_t id,
                                                const WriteOptions& options);
// One step of a change of secrets: stages a new one where none is staged, else activates that.
// Removes those retired long enough ago.
Result<CookieSecretResult> cookie_secret_rotate(Connection& connection,
                                                const WriteOptions& options);

}  // namespace gatepost::controlplane

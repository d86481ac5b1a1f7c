// The secrets of DNS cookies as the database has them, and the set of them that the index holds.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "controlplane/sync/rows.h"
#include "storage/zone_index/cookie_secrets.h"

namespace gatepost::controlplane {

enum class CookieSecretState : uint8_t { staged, active, retired };

// A row that was put or, without `row`, removed.
struct CookieSecretChange {
    int64_t id = 0;
    bool removed = false;
    CookieSecretState state = CookieSecretState::staged;
    storage::CookieSecret secret{};
};

// Checks state and length. Refused (invalid) where the row is none of this program's.
Result<CookieSecretChange> cookie_secret_from_row(const CookieSecretRow& row);

class CookieSecrets {
  public:
    void apply(const CookieSecretChange& change);
    // The active one first, then the newest ones. More than an index has room for are left out.
    storage::CookieSecretSet set() const;
    size_t size() const { return secrets_.size(); }

  private:
    std::map<int64_t, CookieSecretChange> secrets_;
};

}  // namespace gatepost::controlplane

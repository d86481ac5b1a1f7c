#include "controlplane/sync/cookie_secrets.h"

#include <algorithm>

namespace gatepost::controlplane {

Result<CookieSecretChange> cookie_secret_from_row(const CookieSecretRow& row) {
    CookieSecretChange change{.id = row.id};
    if (row.state == "active")
        change.state = CookieSecretState::active;
    else if (row.state == "retired")
        change.state = CookieSecretState::retired;
    else if (row.state != "staged")
        return fail(ErrorCode::invalid, "the cookie secret {} has the unknown state '{}'", row.id,
                    row.state);
    if (row.secret.size() != change.secret.size())
        return fail(ErrorCode::invalid, "the cookie secret {} has {} octets and not {}", row.id,
                    row.secret.size(), change.secret.size());
    std::copy(row.secret.begin(), row.secret.end(), change.secret.begin());
    return change;
}

void CookieSecrets::apply(const CookieSecretChange& change) {
    if (change.removed)
        secrets_.erase(change.id);
    else
        secrets_[change.id] = change;
}

storage::CookieSecretSet CookieSecrets::set() const {
    storage::CookieSecretSet set;
    for (const auto& [id, known] : secrets_) {
        if (known.state != CookieSecretState::active || set.has_active != 0) continue;
        set.secrets[set.count++] = known.secret;
        set.has_active = 1;
    }
    for (auto known = secrets_.rbegin(); known != secrets_.rend(); ++known) {
        if (set.count == storage::kCookieSecretsMax) break;
        if (known->second.state != CookieSecretState::active)
            set.secrets[set.count++] = known->second.secret;
    }
    return set;
}

}  // namespace gatepost::controlplane

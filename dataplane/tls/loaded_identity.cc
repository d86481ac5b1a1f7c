#include "dataplane/tls/loaded_identity.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "dataplane/tls/unseal.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::CertificateCandidate;

// The next time at which a candidate begins to be valid, counts as ending soon, or has ended.
int64_t next_change(const storage::TlsIdentity& identity, int64_t now_s) {
    int64_t next = std::numeric_limits<int64_t>::max();
    for (const CertificateCandidate& each : identity.candidates) {
        const int64_t changes[] = {each.not_before_s,
                                   each.not_after_s - storage::kValiditySecondsMin + 1,
                                   each.not_after_s + 1};
        for (int64_t at : changes)
            if (at > now_s) next = std::min(next, at);
    }
    return next;
}

Result<CertificateChain> load_candidate(const CertificateCandidate& candidate,
                                        const storage::KeyRing& keys) {
    auto key = unseal(candidate.sealed_key, storage::kSealedCertificateKey, keys);
    if (!key) return tl::unexpected(std::move(key.error()));
    return CertificateChain::load(candidate.chain, key->bytes(), candidate.ocsp_response);
}

}  // namespace

LoadedIdentity LoadedIdentity::load(const storage::TlsIdentity& identity, storage::Service service,
                                    int64_t now_s, const storage::KeyRing& keys,
                                    const Report& report) {
    LoadedIdentity loaded;
    loaded.valid_until_s_ = next_change(identity, now_s);
    std::vector<storage::KeyType> have;
    for (size_t index : storage::candidates_by_preference(identity, service, now_s)) {
        const CertificateCandidate& candidate = identity.candidates[index];
        // Whoever can verify this one can verify the better one of the same kind.
        if (std::find(have.begin(), have.end(), candidate.key_type) != have.end()) continue;
        auto chain = load_candidate(candidate, keys);
        if (!chain) {
            report(chain.error());
            continue;
        }
        have.push_back(candidate.key_type);
        loaded.not_after_s_ = std::min(loaded.not_after_s_, candidate.not_after_s);
        loaded.chains_.push_back(std::move(*chain));
    }
    return loaded;
}

LoadedIdentity LoadedIdentity::of(CertificateChain chain, int64_t valid_until_s) {
    LoadedIdentity loaded;
    loaded.chains_.push_back(std::move(chain));
    loaded.valid_until_s_ = valid_until_s;
    return loaded;
}

LoadedIdentity LoadedIdentity::none(int64_t valid_until_s) {
    LoadedIdentity loaded;
    loaded.valid_until_s_ = valid_until_s;
    return loaded;
}

const CertificateChain& LoadedIdentity::choose(const ClientOffer& offer) const {
    GATEPOST_CHECK(!chains_.empty());
    for (const CertificateChain& chain : chains_)
        if (chain.suits(offer)) return chain;
    return chains_.front();
}

}  // namespace gatepost::dataplane

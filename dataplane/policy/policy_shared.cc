#include "dataplane/policy/policy_shared.h"

#include <algorithm>

#include "dataplane/log/log.h"
#include "storage/password/random.h"

namespace gatepost::dataplane {

Result<std::unique_ptr<PolicyShared>> PolicyShared::open(const PolicySharedOptions& options) {
    std::unique_ptr<PolicyShared> shared(new PolicyShared);
    const auto secret = storage::random_octets(shared->secret_.size());
    if (!secret) return tl::unexpected(secret.error());
    std::copy(secret->begin(), secret->end(), shared->secret_.begin());
    auto resolver = Resolver::open(options.resolver);
    if (!resolver) return tl::unexpected(resolver.error());
    shared->resolver_ = std::move(*resolver);
    if (options.folder >= 0) {
        auto greylist = Greylist::open(options.folder);
        if (greylist)
            shared->greylist_ = std::move(*greylist);
        else
            log(LogLevel::warning, "policy.greylist_not_kept",
                {{"reason", greylist.error().message},
                 {"next", "it is in memory: who has passed is asked again after the next start"}});
    }
    if (shared->greylist_) return shared;
    auto greylist = Greylist::create();
    if (!greylist) return tl::unexpected(greylist.error());
    shared->greylist_ = std::move(*greylist);
    return shared;
}

}  // namespace gatepost::dataplane

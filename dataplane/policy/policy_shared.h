// What the policies of all workers have in common: tables of who has done how much, the greylist,
// and the resolver.
#pragma once

#include <memory>
#include <string>

#include "dataplane/policy/greylist.h"
#include "dataplane/policy/rate_table.h"
#include "dataplane/policy/source_key.h"
#include "dataplane/resolver/resolver.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

struct PolicySharedOptions {
    int folder = -1;  // where the greylist is kept; -1: in memory only
    ResolverOptions resolver = {};
};

class PolicyShared {
  public:
    // While files can still be opened. A greylist that cannot be kept is told in the log, and is in
    // memory then.
    static Result<std::unique_ptr<PolicyShared>> open(const PolicySharedOptions& options);

    // The resolver's thread: once privileges are given up, and before the system-call filter.
    void start() { resolver_->start(); }

    Resolver& resolver() { return *resolver_; }
    RateTable& rates() { return rates_; }
    Greylist& greylist() { return *greylist_; }
    const SourceSecret& secret() const { return secret_; }
    const ResolverCounters& resolver_counters() const { return resolver_->counters(); }

  private:
    PolicyShared() = default;

    RateTable rates_;
    SourceSecret secret_{};
    std::unique_ptr<Greylist> greylist_;
    std::unique_ptr<Resolver> resolver_;
};

}  // namespace gatepost::dataplane

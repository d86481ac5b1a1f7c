// Hits of the filter's rules on messages that were delivered, gathered for the database: best
// effort.
#pragma once

#include <string>
#include <vector>

#include "controlplane/commit/binary_params.h"

namespace gatepost::controlplane {

class RuleHits {
  public:
    static constexpr size_t kHitsMax = 8192;  // between two statements; more are not counted

    void add(const std::vector<std::string>& rules);
    bool empty() const { return names_.empty(); }
    void clear() { names_.clear(); }
    // A parameter of kCountHitsSql.
    BinaryParams params() const;

  private:
    std::vector<std::string> names_;  // one for each hit
};

extern const std::string kCountHitsSql;

}  // namespace gatepost::controlplane

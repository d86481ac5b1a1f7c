// What the servers of this folder call with each burst of queries. The worker is one; so is a test.
#pragma once

#include <span>

#include "dataplane/dns/responder.h"

namespace gatepost::dataplane {

class BurstAnswerer {
  public:
    // At most kBurstMax exchanges; sets the reply_length of each.
    virtual void answer(std::span<Exchange> burst) = 0;

  protected:
    ~BurstAnswerer() = default;
};

}  // namespace gatepost::dataplane

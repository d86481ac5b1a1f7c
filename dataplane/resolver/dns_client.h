// DNS as a coroutine asks it.
#pragma once

#include <vector>

#include "dataplane/reactor/task.h"
#include "dataplane/resolver/dns_answer.h"

namespace gatepost::dataplane {

class DnsClient {
  public:
    // All at once; an answer each, in the order of the questions. It takes as long as the slowest
    // of them, and at most the resolver's time limit.
    virtual Task<std::vector<DnsAnswer>> ask(std::vector<DnsQuestion> questions) = 0;

  protected:
    ~DnsClient() = default;
};

}  // namespace gatepost::dataplane

// The policy as the directory has it now, decoded once for each change of it. Of one worker.
#pragma once

#include <functional>
#include <memory>

#include "dataplane/policy/network_set.h"
#include "dataplane/tls/directory_source.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::dataplane {

struct LoadedPolicy {
    explicit LoadedPolicy(storage::PolicyEntry content)
        : entry(std::move(content)), exempt(entry.exemptions) {}

    const storage::PolicyEntry entry;
    const NetworkSet exempt;
};

class CurrentPolicy {
  public:
    // `directory` is asked at each get(); the worker is an online QSBR reader then.
    explicit CurrentPolicy(std::function<DirectoryNow()> directory)
        : directory_(std::move(directory)),
          policy_(std::make_shared<const LoadedPolicy>(storage::PolicyEntry())) {}

    // As built in, where the directory has none; as it was before, where that is damaged, which
    // the log is told of. A coroutine keeps it while it waits.
    std::shared_ptr<const LoadedPolicy> get();

  private:
    std::function<DirectoryNow()> directory_;
    std::shared_ptr<const LoadedPolicy> policy_;
    uint64_t generation_ = 0;
    uint64_t serial_ = 0;  // of the entry that was decoded; 0: there was none
};

}  // namespace gatepost::dataplane

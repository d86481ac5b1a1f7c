#include "dataplane/policy/current_policy.h"

#include "dataplane/log/log.h"

namespace gatepost::dataplane {

std::shared_ptr<const LoadedPolicy> CurrentPolicy::get() {
    const DirectoryNow now = directory_();
    if (now.view == nullptr) return policy_;
    const auto found = now.view->find(storage::EntryKind::mail_policy, storage::kPolicyKey);
    const uint64_t serial = found ? found->serial : 0;
    if (serial == serial_ && now.generation == generation_) return policy_;
    generation_ = now.generation;
    serial_ = serial;
    auto entry = found ? storage::decode_policy_entry(found->value) : storage::PolicyEntry();
    if (entry)
        policy_ = std::make_shared<const LoadedPolicy>(*std::move(entry));
    else
        log(LogLevel::error, "policy.damaged",
            {{"reason", entry.error().message}, {"next", "the policy before it stays"}});
    return policy_;
}

}  // namespace gatepost::dataplane

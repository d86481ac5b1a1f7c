// What a worker counts about the policy; written by that worker only, read by anyone.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/arena/qsbr.h"
#include "storage/policy/policy_rule.h"

namespace gatepost::dataplane {

struct alignas(storage::kCacheLine) PolicyCounters {
    std::atomic<uint64_t> hits[storage::kPolicyRules];       // refused, or slowed down
    std::atomic<uint64_t> monitored[storage::kPolicyRules];  // would have been
};

}  // namespace gatepost::dataplane

// The keys that the directory's private keys are sealed with, as the key file had them last: read
// by every worker, replaced as a whole by the main thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "storage/secret/sealed.h"

namespace gatepost::dataplane {

class SealingKeys {
  public:
    SealingKeys() = default;
    explicit SealingKeys(storage::KeyRing ring) { set(std::move(ring)); }

    void set(storage::KeyRing ring) {
        auto next = std::make_shared<const storage::KeyRing>(std::move(ring));
        const std::lock_guard lock(mutex_);
        ring_ = std::move(next);
        version_.fetch_add(1, std::memory_order_release);
    }

    std::shared_ptr<const storage::KeyRing> get() const {
        const std::lock_guard lock(mutex_);
        return ring_;
    }

    // Another one: what could not be opened before may be opened now.
    uint64_t version() const { return version_.load(std::memory_order_acquire); }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const storage::KeyRing> ring_ = std::make_shared<const storage::KeyRing>();
    std::atomic<uint64_t> version_ = 0;
};

}  // namespace gatepost::dataplane

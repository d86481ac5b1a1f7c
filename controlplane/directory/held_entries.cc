#include "controlplane/directory/held_entries.h"

#include <chrono>

namespace gatepost::controlplane {

bool HeldEntries::set(std::string_view what, std::string_view reason, bool served) {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(what);
    if (found == entries_.end()) {
        const std::string key(what);
        entries_[key] = {key, now, std::string(reason), served};
        return true;
    }
    found->second.served = served;
    if (found->second.reason == reason) return false;
    found->second.reason = reason;
    return true;
}

bool HeldEntries::clear(std::string_view what) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(what);
    if (found == entries_.end()) return false;
    entries_.erase(found);
    return true;
}

std::vector<HeldEntry> HeldEntries::list(size_t count_max) const {
    const std::lock_guard lock(mutex_);
    std::vector<HeldEntry> result;
    for (const auto& [what, entry] : entries_) {
        if (result.size() == count_max) break;
        result.push_back(entry);
    }
    return result;
}

size_t HeldEntries::count() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace gatepost::controlplane

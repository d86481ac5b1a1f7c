#include "controlplane/sync/zone_directory.h"

namespace gatepost::controlplane {

void ZoneDirectory::set_served(const std::string& zone, uint32_t serial) {
    const std::lock_guard lock(mutex_);
    serials_[zone] = serial;
}

void ZoneDirectory::set_held(const std::string& zone, ZoneHoldInfo hold) {
    const std::lock_guard lock(mutex_);
    holds_[zone] = std::move(hold);
}

void ZoneDirectory::clear_hold(const std::string& zone) {
    const std::lock_guard lock(mutex_);
    holds_.erase(zone);
}

void ZoneDirectory::erase(const std::string& zone) {
    const std::lock_guard lock(mutex_);
    serials_.erase(zone);
    holds_.erase(zone);
}

std::optional<ZoneInfo> ZoneDirectory::find(std::string_view zone) const {
    const std::lock_guard lock(mutex_);
    ZoneInfo info;
    const auto served = serials_.find(std::string(zone));
    if (served != serials_.end()) {
        info.served = true;
        info.serial = served->second;
    }
    const auto hold = holds_.find(zone);
    if (hold != holds_.end()) info.hold = hold->second;
    if (!info.served && !info.hold) return std::nullopt;
    return info;
}

std::vector<HeldZone> ZoneDirectory::held(size_t count_max) const {
    const std::lock_guard lock(mutex_);
    std::vector<HeldZone> result;
    for (const auto& [zone, hold] : holds_) {
        if (result.size() == count_max) break;
        result.push_back({zone, hold});
    }
    return result;
}

size_t ZoneDirectory::held_count() const {
    const std::lock_guard lock(mutex_);
    return holds_.size();
}

}  // namespace gatepost::controlplane

// Which zones there are and how each is served, for people who ask: written by the sync thread,
// read by any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gatepost::controlplane {

// Why a zone stays at its previous version.
struct ZoneHoldInfo {
    int64_t since_us = 0;  // microseconds since 1970
    std::string reason;
};

struct ZoneInfo {
    bool served = false;
    uint32_t serial = 0;  // of the version that is served
    std::optional<ZoneHoldInfo> hold;
};

struct HeldZone {
    std::string zone;
    ZoneHoldInfo hold;
};

class ZoneDirectory {
  public:
    void set_served(const std::string& zone, uint32_t serial);
    void set_held(const std::string& zone, ZoneHoldInfo hold);
    void clear_hold(const std::string& zone);
    void erase(const std::string& zone);

    std::optional<ZoneInfo> find(std::string_view zone) const;
    // At most `count_max`, in the order of their names.
    std::vector<HeldZone> held(size_t count_max) const;
    size_t held_count() const;

  private:
    mutable std::mutex mutex_;
    // The holds are rare and apart, so that a look at them does not walk all zones.
    std::unordered_map<std::string, uint32_t> serials_;
    std::map<std::string, ZoneHoldInfo, std::less<>> holds_;
};

}  // namespace gatepost::controlplane

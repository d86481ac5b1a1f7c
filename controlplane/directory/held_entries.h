// What of the directory stays as it was because the database has something that cannot be served,
// for people who ask: written by the sync thread, read by any.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::controlplane {

struct HeldEntry {
    std::string what;      // "certificate 7 (example.org, live, ecdsa)"
    int64_t since_us = 0;  // microseconds since 1970
    std::string reason;
    bool served = false;  // what was there before still is
};

class HeldEntries {
  public:
    // True where that is news. The time stays that of the first.
    bool set(std::string_view what, std::string_view reason, bool served);
    // True where it was there.
    bool clear(std::string_view what);

    // At most `count_max`, in the order of `what`.
    std::vector<HeldEntry> list(size_t count_max) const;
    size_t count() const;
    bool empty() const { return count() == 0; }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, HeldEntry, std::less<>> entries_;
};

}  // namespace gatepost::controlplane

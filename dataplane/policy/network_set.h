// Networks, to ask whether an address is in one of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/stream/stream_session.h"
#include "storage/policy/policy_entry.h"

namespace gatepost::dataplane {

class NetworkSet {
  public:
    NetworkSet() = default;
    explicit NetworkSet(std::span<const storage::PolicyNetwork> networks);

    bool contains(const PeerAddress& address) const;
    size_t ranges() const { return ranges_.size(); }  // those that touch are one

  private:
    // The family, and the address behind it; compares as a number.
    using Point = std::array<uint8_t, 17>;
    struct Range {
        Point first;
        Point last;
    };

    std::vector<Range> ranges_;  // in order, none overlaps another
};

// 127.0.0.0/8 and ::1: programs of this host.
bool is_loopback(const PeerAddress& address);

}  // namespace gatepost::dataplane

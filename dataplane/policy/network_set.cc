#include "dataplane/policy/network_set.h"

#include <algorithm>

namespace gatepost::dataplane {

NetworkSet::NetworkSet(std::span<const storage::PolicyNetwork> networks) {
    std::vector<Range> ranges;
    ranges.reserve(networks.size());
    for (const storage::PolicyNetwork& network : networks) {
        Range range{};
        range.first[0] = range.last[0] = network.ipv6 ? 6 : 4;
        const size_t octets = network.ipv6 ? 16 : 4;
        for (size_t i = 0; i < octets; ++i) {
            const size_t fixed =
                std::min<size_t>(network.bits > i * 8 ? network.bits - i * 8 : 0, 8);
            const auto host = static_cast<uint8_t>(0xff >> fixed);  // bits of the host part
            range.first[i + 1] = static_cast<uint8_t>(network.address[i] & ~host);
            range.last[i + 1] = static_cast<uint8_t>(network.address[i] | host);
        }
        ranges.push_back(range);
    }
    std::ranges::sort(ranges, {}, &Range::first);
    for (const Range& range : ranges) {
        if (!ranges_.empty() && range.first <= ranges_.back().last)
            ranges_.back().last = std::max(ranges_.back().last, range.last);
        else
            ranges_.push_back(range);
    }
}

bool NetworkSet::contains(const PeerAddress& address) const {
    Point point{};
    const bool ipv4 = address.family == Family::ipv4;
    point[0] = ipv4 ? 4 : 6;
    std::copy_n(address.octets, ipv4 ? 4 : 16, point.begin() + 1);
    const auto behind = std::ranges::upper_bound(ranges_, point, {}, &Range::first);
    return behind != ranges_.begin() && point <= std::prev(behind)->last;
}

bool is_loopback(const PeerAddress& address) {
    if (address.family == Family::ipv4) return address.octets[0] == 127;
    return std::all_of(address.octets, address.octets + 15, [](uint8_t o) { return o == 0; }) &&
           address.octets[15] == 1;
}

}  // namespace gatepost::dataplane

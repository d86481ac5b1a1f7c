#include "dataplane/stream/source_limits.h"

#include <sys/random.h>

#include <cstring>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kNetwork = 0x80;
constexpr unsigned kNetworkBits4 = 24;
constexpr unsigned kNetworkBits6 = 56;

}  // namespace

uint64_t SourceLimits::random_secret() {
    uint64_t secret = 0;
    GATEPOST_CHECK(::getrandom(&secret, sizeof secret, 0) == sizeof secret);
    return secret | 1;
}

// Multiplication by a random odd number, high bits kept: clients cannot choose addresses that meet.
size_t SourceLimits::Hash::operator()(const Key& key) const {
    auto mix = [this](uint64_t word) {
        __uint128_t product = static_cast<__uint128_t>(word ^ secret) * (secret | 1);
        return static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product);
    };
    return mix(key.high ^ mix(key.low ^ mix(key.kind)));
}

SourceLimits::Key SourceLimits::address_key(const PeerAddress& peer) {
    Key key;
    key.kind = static_cast<uint8_t>(peer.family);
    if (peer.family == Family::ipv4) {
        key.high = uint64_t{load_be32(peer.octets)} << 32;
    } else {
        key.high = load_be64(peer.octets);
        key.low = load_be64(peer.octets + 8);
    }
    return key;
}

SourceLimits::Key SourceLimits::network_key(const PeerAddress& peer) {
    Key key = address_key(peer);
    unsigned bits = peer.family == Family::ipv4 ? kNetworkBits4 : kNetworkBits6;
    key.high &= ~uint64_t{0} << (64 - bits);
    key.low = 0;
    key.kind |= kNetwork;
    return key;
}

SourceLimits::Verdict SourceLimits::enter(const PeerAddress& peer) {
    if (options_.per_address != 0) {
        uint32_t& count = counts_[address_key(peer)];
        if (count >= options_.per_address) return Verdict::address_full;
        ++count;
    }
    if (options_.per_network != 0) {
        uint32_t& count = counts_[network_key(peer)];
        if (count >= options_.per_network) {
            if (options_.per_address != 0) drop(address_key(peer));
            return Verdict::network_full;
        }
        ++count;
    }
    return Verdict::admitted;
}

void SourceLimits::leave(const PeerAddress& peer) {
    if (options_.per_address != 0) drop(address_key(peer));
    if (options_.per_network != 0) drop(network_key(peer));
}

void SourceLimits::drop(const Key& key) {
    auto found = counts_.find(key);
    GATEPOST_CHECK(found != counts_.end() && found->second != 0);
    if (--found->second == 0) counts_.erase(found);
}

}  // namespace gatepost::dataplane

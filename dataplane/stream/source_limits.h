// How many connections each client address, and each client network, has open at a worker: so that
// one of them cannot take all the places.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

struct SourceLimitOptions {
    uint32_t per_address = 0;  // connections; 0: no limit
    uint32_t per_network = 0;  // the same of an IPv4 /24, an IPv6 /56: what a site has
};

class SourceLimits {
  public:
    explicit SourceLimits(const SourceLimitOptions& options) : options_(options) {}

    enum class Verdict : uint8_t { admitted, address_full, network_full };
    // Counts the connection where it is admitted; to be taken back by leave().
    Verdict enter(const PeerAddress& peer);
    void leave(const PeerAddress& peer);

    size_t size() const { return counts_.size(); }

  private:
    struct Key {
        uint64_t high = 0;
        uint64_t low = 0;
        uint8_t kind = 0;  // family, and whether it is a network
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        uint64_t secret;
        size_t operator()(const Key& key) const;
    };
    static Key address_key(const PeerAddress& peer);
    static Key network_key(const PeerAddress& peer);
    void drop(const Key& key);

    static uint64_t random_secret();

    SourceLimitOptions options_;
    // At most two entries a connection; their number is bounded by the places of the server.
    std::unordered_map<Key, uint32_t, Hash> counts_{64, Hash{random_secret()}};
};

}  // namespace gatepost::dataplane

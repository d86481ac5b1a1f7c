// Damping of those who try passwords: how long a client waits before it hears that a login failed,
// by how often logins from its address, and from its network, have failed lately.
//
// One table for all workers, of a fixed size, without locks: each slot is one atomic word. What two
// workers do to a slot at the same moment may count once; what many networks share a slot for may
// count too much. Both are within what damping needs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

// Two failures are a person's; from the third on a wait, twice as long each time. A quarter of a
// minute is what a client's patience, and the number of sessions that may wait, bear.
inline constexpr uint32_t kPenaltyFreeFailures = 2;
inline constexpr uint32_t kPenaltyFirstMs = 500;
inline constexpr uint32_t kPenaltyMaxMs = 15'000;
// Of a whole IPv4 /24, in which many households are: that much more is forgiven.
inline constexpr uint32_t kPenaltyFreeNetworkFailures = 32;
// Failures count half after this time, a quarter after twice that, and so on.
inline constexpr uint32_t kPenaltyHalfLifeS = 300;

class AuthPenalty {
  public:
    // `slots`: a power of two; 8 octets each. Refused: no randomness for the key of its hash.
    static Result<std::unique_ptr<AuthPenalty>> create(size_t slots = 65536);

    // How long the answer to the next failure is to be held back.
    uint32_t penalty_ms(const PeerAddress& client, uint64_t now_ms) const;
    void failed(const PeerAddress& client, uint64_t now_ms);
    // Takes half a failure off the address, nothing off its network: an attacker who has an account
    // of his own cannot wipe the slate clean with it.
    void succeeded(const PeerAddress& client, uint64_t now_ms);

  private:
    // A failure has this many units, so that halves and decay are whole numbers.
    static constexpr uint32_t kUnit = 256;
    static constexpr uint32_t kScoreMax = 64 * kUnit;
    static constexpr size_t kWays = 4;  // slots that one prefix can be in

    // Of a slot: 24 bits of its prefix's hash, 16 of the score, 24 of the time in seconds.
    struct Slot {
        uint32_t tag = 0;
        uint32_t score = 0;  // in kUnit
        uint32_t second = 0;

        static Slot unpack(uint64_t word);
        uint64_t pack() const;
        uint32_t score_at(uint32_t now_s) const;
    };
    // What is counted for: the address of IPv4 or the /64 of IPv6, and the IPv4 /24 around.
    enum class Prefix : uint8_t { host, network };

    explicit AuthPenalty(size_t slots);
    uint64_t hash(const PeerAddress& client, Prefix prefix) const;
    uint32_t score(const PeerAddress& client, Prefix prefix, uint64_t now_ms) const;
    void add(const PeerAddress& client, Prefix prefix, int32_t units, uint64_t now_ms);

    std::unique_ptr<std::atomic<uint64_t>[]> slots_;
    size_t count_;
    uint8_t key_[16] = {};
};

}  // namespace gatepost::dataplane

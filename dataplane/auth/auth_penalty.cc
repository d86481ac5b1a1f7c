#include "dataplane/auth/auth_penalty.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/dns/siphash.h"
#include "storage/base/check.h"
#include "storage/password/random.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kTagBits = 24;
constexpr uint32_t kScoreBits = 16;
constexpr uint32_t kTimeBits = 24;  // seconds: half a year until they begin again
constexpr uint32_t kTimeMask = (1U << kTimeBits) - 1;

uint32_t seconds(uint64_t now_ms) {
    return static_cast<uint32_t>(now_ms / 1000) & kTimeMask;
}

uint32_t wait_ms(uint32_t score, uint32_t unit, uint32_t free_failures) {
    const uint32_t failures = (score + unit / 2) / unit;  // a moment later it is not one less
    if (failures < free_failures) return 0;
    const uint32_t doublings = failures - free_failures;
    constexpr uint32_t kDoublingsMax = std::bit_width(kPenaltyMaxMs / kPenaltyFirstMs);
    if (doublings >= kDoublingsMax) return kPenaltyMaxMs;
    return std::min(kPenaltyFirstMs << doublings, kPenaltyMaxMs);
}

}  // namespace

AuthPenalty::Slot AuthPenalty::Slot::unpack(uint64_t word) {
    return {static_cast<uint32_t>(word >> (kScoreBits + kTimeBits)),
            static_cast<uint32_t>(word >> kTimeBits) & ((1U << kScoreBits) - 1),
            static_cast<uint32_t>(word) & kTimeMask};
}

uint64_t AuthPenalty::Slot::pack() const {
    return uint64_t{tag} << (kScoreBits + kTimeBits) | uint64_t{score} << kTimeBits | second;
}

// Halved at each half-life; in between on the straight line, which is near enough.
uint32_t AuthPenalty::Slot::score_at(uint32_t now_s) const {
    const uint32_t age = (now_s - second) & kTimeMask;
    // A clock of another thread can be a moment behind: that is no age of half a year.
    if (age > kTimeMask / 2) return score;
    const uint32_t halvings = age / kPenaltyHalfLifeS;
    if (halvings >= kScoreBits) return 0;
    const uint32_t halved = score >> halvings;
    return halved - halved * (age % kPenaltyHalfLifeS) / (2 * kPenaltyHalfLifeS);
}

AuthPenalty::AuthPenalty(size_t slots) : slots_(new std::atomic<uint64_t>[slots]()), count_(slots) {
    GATEPOST_CHECK(slots >= kWays && std::has_single_bit(slots));
    static_assert(kScoreMax < 1U << kScoreBits && kTagBits + kScoreBits + kTimeBits == 64);
}

Result<std::unique_ptr<AuthPenalty>> AuthPenalty::create(size_t slots) {
    auto key = storage::random_octets(sizeof key_);
    if (!key) return tl::unexpected(key.error());
    std::unique_ptr<AuthPenalty> table(new AuthPenalty(slots));
    std::memcpy(table->key_, key->data(), sizeof table->key_);
    return table;
}

uint64_t AuthPenalty::hash(const PeerAddress& client, Prefix prefix) const {
    uint8_t octets[9] = {};
    const bool ipv4 = client.family == Family::ipv4;
    // A household or a server has a /64 of IPv6; in IPv4 it has an address.
    size_t length = ipv4 ? 4 : 8;
    if (prefix == Prefix::network) length = 3;
    std::memcpy(octets, client.octets, length);
    octets[8] = static_cast<uint8_t>(ipv4 ? length : 0x80 | length);
    return siphash24(key_, octets, sizeof octets);
}

uint32_t AuthPenalty::score(const PeerAddress& client, Prefix prefix, uint64_t now_ms) const {
    const uint64_t hashed = hash(client, prefix);
    const size_t first = hashed & (count_ - kWays);
    const auto tag = static_cast<uint32_t>(hashed >> (64 - kTagBits));
    for (size_t i = first; i < first + kWays; ++i) {
        const Slot slot = Slot::unpack(slots_[i].load(std::memory_order_relaxed));
        if (slot.tag == tag && slot.score != 0) return slot.score_at(seconds(now_ms));
    }
    return 0;
}

void AuthPenalty::add(const PeerAddress& client, Prefix prefix, int32_t units, uint64_t now_ms) {
    const uint64_t hashed = hash(client, prefix);
    const size_t first = hashed & (count_ - kWays);
    const auto tag = static_cast<uint32_t>(hashed >> (64 - kTagBits));
    const uint32_t now_s = seconds(now_ms);
    // Its own slot, or else that of the prefix which has failed the least.
    std::atomic<uint64_t>* chosen = nullptr;
    uint64_t word = 0;
    uint32_t least = UINT32_MAX;
    for (size_t i = first; i < first + kWays; ++i) {
        const uint64_t here = slots_[i].load(std::memory_order_relaxed);
        const Slot slot = Slot::unpack(here);
        const bool own = slot.tag == tag && slot.score != 0;
        const uint32_t score = slot.score_at(now_s);
        if (!own && score >= least) continue;
        chosen = &slots_[i];
        word = here;
        least = score;
        if (own) break;
    }
    const Slot old = Slot::unpack(word);
    const uint32_t before = old.tag == tag ? old.score_at(now_s) : 0;
    if (units < 0 && before == 0) return;
    const int64_t sum = std::clamp<int64_t>(int64_t{before} + units, 0, kScoreMax);
    // Once: whoever was quicker has counted something as well.
    chosen->compare_exchange_strong(word, Slot{tag, static_cast<uint32_t>(sum), now_s}.pack(),
                                    std::memory_order_relaxed);
}

uint32_t AuthPenalty::penalty_ms(const PeerAddress& client, uint64_t now_ms) const {
    const uint32_t of_host =
        wait_ms(score(client, Prefix::host, now_ms), kUnit, kPenaltyFreeFailures);
    if (client.family != Family::ipv4) return of_host;
    return std::max(of_host, wait_ms(score(client, Prefix::network, now_ms), kUnit,
                                     kPenaltyFreeNetworkFailures));
}

void AuthPenalty::failed(const PeerAddress& client, uint64_t now_ms) {
    add(client, Prefix::host, kUnit, now_ms);
    if (client.family == Family::ipv4) add(client, Prefix::network, kUnit, now_ms);
}

void AuthPenalty::succeeded(const PeerAddress& client, uint64_t now_ms) {
    add(client, Prefix::host, -static_cast<int32_t>(kUnit / 2), now_ms);
}

}  // namespace gatepost::dataplane

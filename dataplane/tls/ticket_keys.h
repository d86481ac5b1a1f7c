// The keys of session tickets (RFC 8446 §4.6.1, RFC 5077): random, in memory only, shared by all
// workers of the process. The main thread makes a new one now and then; the ones before still open
// the tickets that they sealed, until those have expired.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace gatepost::dataplane {

inline constexpr uint64_t kTicketKeyLifeMs = 4 * 3600 * 1000;  // a new key after that
inline constexpr size_t kTicketKeysKept = 3;                   // 12 h, as long as a ticket is good
inline constexpr uint32_t kTicketLifeS = 8 * 3600;

struct TicketKey {
    std::array<uint8_t, 16> name{};
    std::array<uint8_t, 16> hmac{};
    std::array<uint8_t, 16> aes{};
};

class TicketKeys {
  public:
    TicketKeys();  // with a first key
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;
    ~TicketKeys();  // wipes

    // Main thread only: a new key where it is time; gives whether it was.
    bool rotate(uint64_t now_ms);

    // Any thread; neither locks nor waits.
    const TicketKey& current() const;
    // The key of that name; nullptr: none, or one of too long ago. `is_current` tells whether the
    // ticket should be made anew.
    const TicketKey* find(const uint8_t name[16], bool& is_current) const;

  private:
    // A ring: the slot behind the newest one is written, then published. A key is overwritten only
    // hours after it was last in use.
    static constexpr size_t kSlots = kTicketKeysKept + 2;
    std::array<TicketKey, kSlots> slots_;
    std::atomic<uint32_t> newest_{0};  // counts up; the slot is newest_ % kSlots
    uint64_t made_ms_ = 0;
};

}  // namespace gatepost::dataplane

#include "dataplane/tls/ticket_keys.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace gatepost::dataplane {

namespace {

void make(TicketKey& key) {
    // BoringSSL's RAND_bytes() stops the process rather than give what is not random.
    RAND_bytes(key.name.data(), key.name.size());
    RAND_bytes(key.hmac.data(), key.hmac.size());
    RAND_bytes(key.aes.data(), key.aes.size());
}

}  // namespace

TicketKeys::TicketKeys() {
    make(slots_[0]);
}

TicketKeys::~TicketKeys() {
    OPENSSL_cleanse(slots_.data(), sizeof slots_);
}

bool TicketKeys::rotate(uint64_t now_ms) {
    // The first call only tells the time from which the first key is counted.
    if (made_ms_ == 0) made_ms_ = now_ms;
    if (now_ms < made_ms_ + kTicketKeyLifeMs) return false;
    made_ms_ = now_ms;
    const uint32_t next = newest_.load(std::memory_order_relaxed) + 1;
    make(slots_[next % kSlots]);
    newest_.store(next, std::memory_order_release);
    // The key that was kept longest until now is not looked at any more, since find() passes it
    // over; what it sealed must not be opened by whoever reads this memory later.
    if (next >= kTicketKeysKept + 1) {
        TicketKey& old = slots_[(next - kTicketKeysKept - 1) % kSlots];
        OPENSSL_cleanse(&old, sizeof old);
    }
    return true;
}

const TicketKey& TicketKeys::current() const {
    return slots_[newest_.load(std::memory_order_acquire) % kSlots];
}

const TicketKey* TicketKeys::find(const uint8_t name[16], bool& is_current) const {
    const uint32_t newest = newest_.load(std::memory_order_acquire);
    const uint32_t kept = std::min<uint32_t>(newest + 1, kTicketKeysKept);
    for (uint32_t age = 0; age < kept; ++age) {
        const TicketKey& key = slots_[(newest - age) % kSlots];
        if (std::memcmp(key.name.data(), name, key.name.size()) != 0) continue;
        is_current = age == 0;
        return &key;
    }
    return nullptr;
}

}  // namespace gatepost::dataplane

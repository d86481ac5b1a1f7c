#include "dataplane/http/doh_burst.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// A cache line more than a message, so that the messages do not all begin in one set of the cache.
constexpr size_t kStride = DohBurst::kMessageMax + 1 + storage::kCacheLine;
constexpr size_t kRegion = DohBurst::kCountMax * kStride;

}  // namespace

Result<std::unique_ptr<DohBurst>> DohBurst::create() {
    void* region = ::mmap(nullptr, kRegion, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        return fail(ErrorCode::refused, "reserving {} MiB for DNS over HTTPS: {}", kRegion >> 20,
                    std::strerror(errno));
    std::unique_ptr<DohBurst> burst(new DohBurst());
    burst->messages_ = static_cast<uint8_t*>(region);
    return burst;
}

DohBurst::~DohBurst() {
    if (messages_ != nullptr) ::munmap(messages_, kRegion);
}

uint8_t* DohBurst::room() const {
    GATEPOST_CHECK(!is_full());
    return messages_ + count_ * kStride;
}

size_t DohBurst::add(const DohQuery& query, const PeerAddress& client, void* owner,
                     bool keep_alive) {
    uint8_t* message = room();
    entries_[count_] = {.query = query, .owner = owner, .keep_alive = keep_alive, .reply = {}};
    exchanges_[count_] = Exchange{.query = message,
                                  .query_length = query.length,
                                  .reply_capacity = static_cast<uint16_t>(kMessageMax),
                                  .reply_length = 0,
                                  .transport = Transport::https,
                                  .family = client.family,
                                  .reply = message,
                                  .client = client.octets};
    return count_++;
}

void DohBurst::answer(BurstAnswerer& answerer) {
    for (size_t begin = 0; begin < count_; begin += kBurstMax)
        answerer.answer(std::span(exchanges_).subspan(begin, std::min(kBurstMax, count_ - begin)));
    for (size_t i = 0; i < count_; ++i)
        entries_[i].reply = Bytes(exchanges_[i].reply, exchanges_[i].reply_length);
}

}  // namespace gatepost::dataplane

#include "dataplane/policy/greylist.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "storage/base/check.h"
#include "storage/base/unique_fd.h"
#include "storage/password/random.h"

namespace gatepost::dataplane {

namespace {

constexpr const char* kFile = "greylist";
constexpr uint64_t kMagic = 0x3130305954455247;  // "GREY T001" without its blank
constexpr size_t kWays = 8;                      // slots that one hash can be in
constexpr int64_t kDay = 86'400;                 // seconds
constexpr size_t kPage = 4096;                   // the header has one, so that slots are aligned
constexpr uint32_t kPassesMax = 127;

}  // namespace

struct Greylist::Header {
    uint64_t magic;
    uint64_t slots;
    SourceSecret secret;
};

// Of a word: 24 bits of the hash, whether it has passed, how often (of a network), and the time: of
// the first attempt, or of the last pass.
struct Greylist::Slot {
    uint32_t tag = 0;
    bool passed = false;
    uint32_t passes = 0;
    uint32_t time_s = 0;  // since 1970

    static Slot unpack(uint64_t word) {
        return {static_cast<uint32_t>(word >> 40), (word >> 39 & 1) != 0,
                static_cast<uint32_t>(word >> 32) & kPassesMax, static_cast<uint32_t>(word)};
    }
    uint64_t pack() const {
        return uint64_t{tag} << 40 | uint64_t{passed} << 39 | uint64_t{passes} << 32 | time_s;
    }
    static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 40); }
    // A clock that was set back makes nobody older than he is.
    uint32_t age_s(uint32_t now_s) const { return now_s > time_s ? now_s - time_s : 0; }
};

Greylist::Greylist(void* mapped, size_t slots)
    : mapped_(mapped),
      header_(static_cast<Header*>(mapped)),
      slots_(reinterpret_cast<std::atomic<uint64_t>*>(static_cast<uint8_t*>(mapped) + kPage)),
      count_(slots),
      secret_(header_->secret) {
    static_assert(sizeof(std::atomic<uint64_t>) == sizeof(uint64_t) &&
                  std::atomic<uint64_t>::is_always_lock_free);
}

Greylist::~Greylist() {
    ::munmap(mapped_, kPage + count_ * sizeof(uint64_t));
}

Result<std::unique_ptr<Greylist>> Greylist::map(int fd, size_t slots, bool fresh) {
    GATEPOST_CHECK(slots >= kWays && std::has_single_bit(slots));
    const int kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
    void* mapped =
        ::mmap(nullptr, kPage + slots * sizeof(uint64_t), PROT_READ | PROT_WRITE, kind, fd, 0);
    if (mapped == MAP_FAILED)
        return fail(ErrorCode::refused, "mapping the greylist: {}", std::strerror(errno));
    auto* header = static_cast<Header*>(mapped);
    if (fresh || header->magic != kMagic || header->slots != slots) {
        const auto secret = storage::random_octets(sizeof header->secret);
        if (!secret) {
            ::munmap(mapped, kPage + slots * sizeof(uint64_t));
            return tl::unexpected(secret.error());
        }
        std::memset(mapped, 0, kPage + slots * sizeof(uint64_t));
        std::copy(secret->begin(), secret->end(), header->secret.begin());
        header->slots = slots;
        header->magic = kMagic;
    }
    return std::unique_ptr<Greylist>(new Greylist(mapped, slots));
}

Result<std::unique_ptr<Greylist>> Greylist::create(size_t slots) {
    return map(-1, slots, true);
}

Result<std::unique_ptr<Greylist>> Greylist::open(int folder, size_t slots) {
    const UniqueFd file(::openat(folder, kFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0)
        return fail(ErrorCode::refused, "opening the file {}: {}", kFile, std::strerror(errno));
    const auto size = static_cast<off_t>(kPage + slots * sizeof(uint64_t));
    const bool fresh = about.st_size != size;
    // All of it is on the disk before it is mapped: a page without room would end the process.
    if (fresh && ::ftruncate(file.get(), size) != 0)
        return fail(ErrorCode::refused, "sizing the file {}: {}", kFile, std::strerror(errno));
    if (const int error = ::posix_fallocate(file.get(), 0, size); error != 0)
        return fail(ErrorCode::refused, "making room for the file {}: {}", kFile,
                    std::strerror(error));
    return map(file.get(), slots, fresh);
}

std::atomic<uint64_t>& Greylist::place_of(uint64_t hash, uint64_t& word, bool& own, uint32_t now_s,
                                          uint32_t keep_s) const {
    const size_t first = hash & (count_ - kWays);
    std::atomic<uint64_t>* chosen = nullptr;
    uint64_t most = 0;
    own = false;
    for (size_t i = first; i < first + kWays; ++i) {
        const uint64_t here = slots_[i].load(std::memory_order_relaxed);
        const Slot slot = Slot::unpack(here);
        own = here != 0 && slot.tag == Slot::tag_of(hash);
        // Free ones first, then first attempts by their age: who has passed stays the longest.
        uint64_t worth = slot.age_s(now_s);
        if (here == 0 || worth > keep_s)
            worth = UINT64_MAX;
        else if (!slot.passed)
            worth += UINT32_MAX;
        if (own || chosen == nullptr || worth > most) {
            chosen = &slots_[i];
            word = here;
            most = worth;
        }
        if (own) break;
    }
    return *chosen;
}

bool Greylist::is_known_network(uint64_t hash, const GreylistTimes& times, uint32_t now_s) {
    const auto keep_s = static_cast<uint32_t>(times.keep_days * kDay);
    uint64_t word = 0;
    bool own = false;
    std::atomic<uint64_t>& place = place_of(hash, word, own, now_s, keep_s);
    Slot slot = Slot::unpack(word);
    if (!own || slot.passes < static_cast<uint64_t>(times.auto_allow_after) ||
        slot.age_s(now_s) > keep_s)
        return false;
    slot.time_s = std::max(slot.time_s, now_s);
    place.compare_exchange_strong(word, slot.pack(), std::memory_order_relaxed);
    return true;
}

void Greylist::note_pass(uint64_t hash, const GreylistTimes& times, uint32_t now_s) {
    const auto keep_s = static_cast<uint32_t>(times.keep_days * kDay);
    uint64_t word = 0;
    bool own = false;
    std::atomic<uint64_t>& place = place_of(hash, word, own, now_s, keep_s);
    const Slot old = Slot::unpack(word);
    const bool counts = own && old.age_s(now_s) <= keep_s;
    const uint32_t passes = counts ? std::min(old.passes + 1, kPassesMax) : 1;
    place.compare_exchange_strong(word, Slot{Slot::tag_of(hash), true, passes, now_s}.pack(),
                                  std::memory_order_relaxed);
}

bool Greylist::check(const PeerAddress& client, std::string_view sender, std::string_view recipient,
                     const GreylistTimes& times, int64_t now) {
    const auto now_s = static_cast<uint32_t>(now);
    const auto keep_s = static_cast<uint32_t>(times.keep_days * kDay);
    const uint64_t network =
        source_hash(secret_, SourceKind::greylist_network, client, SourcePrefix::mail_pool);
    if (times.auto_allow_after > 0 && is_known_network(network, times, now_s)) return true;
    const uint64_t triplet = source_hash(secret_, SourceKind::greylist_triplet, client,
                                         SourcePrefix::mail_pool, {sender, recipient});
    uint64_t word = 0;
    bool own = false;
    std::atomic<uint64_t>& place = place_of(triplet, word, own, now_s, keep_s);
    const Slot old = Slot::unpack(word);
    const int64_t age_s = old.age_s(now_s);
    const bool known = own && age_s <= (old.passed ? int64_t{keep_s} : times.window_s);
    if (known && !old.passed && age_s < times.delay_s) return false;
    const Slot now_there{Slot::tag_of(triplet), known, 0, now_s};
    place.compare_exchange_strong(word, now_there.pack(), std::memory_order_relaxed);
    if (known && !old.passed) note_pass(network, times, now_s);
    return known;
}

}  // namespace gatepost::dataplane

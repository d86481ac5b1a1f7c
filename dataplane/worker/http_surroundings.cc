#include "dataplane/worker/http_surroundings.h"

#include <time.h>

#include <algorithm>
#include <array>

#include "dataplane/worker/worker_thread.h"

namespace gatepost::dataplane {

uint64_t HttpSurroundings::unix_s() const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return static_cast<uint64_t>(now.tv_sec);
}

uint64_t HttpSurroundings::monotonic_ns() const {
    return dataplane::monotonic_ns();
}

SnapshotFacts HttpSurroundings::zones() const {
    const ServedImage* served = parts_.image.load(std::memory_order_acquire);
    if (served == nullptr) return {};
    const storage::ImageInfo info = served->image.info();
    return {.generation = served->generation,
            .version = info.version,
            .commit_lsn = info.origin.commit_lsn,
            .published_time_us = info.published_time_us,
            .from_checkpoint = info.from_checkpoint,
            .zones = info.zones,
            .names = info.names};
}

SnapshotFacts HttpSurroundings::directory() const {
    const ServedDirectory* served = parts_.directory.load(std::memory_order_acquire);
    if (served == nullptr) return {};
    const storage::DirectoryImageInfo info = served->image.info();
    return {.generation = served->generation,
            .version = info.version,
            .commit_lsn = info.origin.commit_lsn,
            .published_time_us = info.published_time_us,
            .from_checkpoint = info.from_checkpoint,
            .names = info.entries};
}

std::optional<storage::DirectoryEntry> HttpSurroundings::find(storage::EntryKind kind,
                                                              std::string_view key) const {
    const ServedDirectory* served = parts_.directory.load(std::memory_order_acquire);
    if (served == nullptr) return std::nullopt;
    return served->view.find(kind, key);
}

size_t HttpSurroundings::certificates(std::span<CertificateFacts> out) const {
    std::array<IdentityFacts, kCertificatesShown> facts;
    const size_t room = std::min(out.size(), facts.size());
    const size_t count = parts_.identities.list(std::span(facts).first(room));
    for (size_t i = 0; i < count; ++i) out[i] = {facts[i].name, facts[i].not_after_s};
    return count;
}

}  // namespace gatepost::dataplane

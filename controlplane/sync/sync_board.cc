#include "controlplane/sync/sync_board.h"

#include <fcntl.h>

#include "controlplane/sync/clock.h"

namespace gatepost::controlplane {

namespace {

constexpr Lsn kWalPageHeaderMax = 40;  // octets: SizeOfXLogLongPHD, the larger of the two headers

UniqueFd duplicate(const UniqueFd& fd) {
    return fd ? UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)) : UniqueFd();
}

}  // namespace

const char* sync_phase_name(SyncPhase phase) {
    switch (phase) {
        case SyncPhase::connecting:
            return "connecting";
        case SyncPhase::loading:
            return "loading";
        case SyncPhase::streaming:
            return "streaming";
        case SyncPhase::down:
            return "down";
    }
    return "down";
}

void SyncBoard::set_phase(SyncPhase phase, std::string error) {
    const std::lock_guard lock(mutex_);
    if (status_.phase != phase || status_.since_us == 0) status_.since_us = now_us();
    status_.phase = phase;
    status_.error = std::move(error);
}

void SyncBoard::set_arena(int fd, std::shared_ptr<ZoneDirectory> directory) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    const std::lock_guard lock(mutex_);
    arena_ = std::move(copy);
    directory_ = std::move(directory);
}

void SyncBoard::set_directory_arena(int fd, std::shared_ptr<const HeldEntries> held) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    const std::lock_guard lock(mutex_);
    directory_arena_ = std::move(copy);
    held_entries_ = std::move(held);
}

SyncStatus SyncBoard::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

std::shared_ptr<const ZoneDirectory> SyncBoard::directory() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

UniqueFd SyncBoard::arena() const {
    const std::lock_guard lock(mutex_);
    return duplicate(arena_);
}

UniqueFd SyncBoard::directory_arena() const {
    const std::lock_guard lock(mutex_);
    return duplicate(directory_arena_);
}

std::shared_ptr<const HeldEntries> SyncBoard::held_entries() const {
    const std::lock_guard lock(mutex_);
    return held_entries_;
}

bool SyncBoard::has_reached(Lsn lsn) const {
    // At the end of a page, the server's insert position already stands behind the header of the
    // next one, while the end of the last record is before it. No record is between the two.
    const Lsn in_page = lsn % wal_block_size_.load();
    if (in_page <= kWalPageHeaderMax) lsn -= in_page;
    return confirmed_.load(std::memory_order_acquire) >= lsn;
}

}  // namespace gatepost::controlplane

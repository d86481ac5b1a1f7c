#include "controlplane/sync/sync_board.h"

#include <fcntl.h>

#include "controlplane/sync/clock.h"

namespace gatepost::controlplane {

namespace {
constexpr Lsn kWalPageHeaderMax = 40;  // octets: SizeOfXLogLongPHD, the larger of the two headers
}

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
    return arena_ ? UniqueFd(::fcntl(arena_.get(), F_DUPFD_CLOEXEC, 0)) : UniqueFd();
}

bool SyncBoard::has_reached(Lsn lsn) const {
    // At the end of a page, the server's insert position already stands behind the header of the
    // next one, while the end of the last record is before it. No record is between the two.
    const Lsn in_page = lsn % wal_block_size_.load();
    if (in_page <= kWalPageHeaderMax) lsn -= in_page;
    return confirmed_.load(std::memory_order_acquire) >= lsn;
}

}  // namespace gatepost::controlplane

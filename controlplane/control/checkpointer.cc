#include "controlplane/control/checkpointer.h"

#include <sys/stat.h>

#include "controlplane/log/event_log.h"
#include "controlplane/sync/clock.h"
#include "storage/arena/runtime_page.h"
#include "storage/zone_index/image.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAfterLoad{1000};  // a load is often followed by changes
constexpr milliseconds kLookInterval{250};

}  // namespace

Checkpointer::Checkpointer(std::string path, milliseconds interval, const SyncBoard& board,
                           storage::Qsbr& qsbr, std::function<void()> done)
    : path_(std::move(path)),
      interval_(interval),
      board_(board),
      qsbr_(qsbr),
      done_(std::move(done)) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Checkpointer::start() {
    // One that was killed while it wrote has left its place taken: nothing would be reclaimed any
    // more.
    qsbr_.readers[storage::kCopierReader].offline();
    thread_ = std::thread([this] { run(); });
}

void Checkpointer::find_previous() {
    const auto image = storage::Image::load_checkpoint(path_);
    struct stat about {};
    // There is none, or the dataplane refuses it with a line of its own.
    if (!image || ::stat(path_.c_str(), &about) != 0) return;
    const std::lock_guard lock(mutex_);
    status_.written_at_us =
        int64_t{about.st_mtim.tv_sec} * 1'000'000 + about.st_mtim.tv_nsec / 1000;
    status_.size_bytes = static_cast<uint64_t>(about.st_size);
    status_.commit_lsn = image->info().origin.commit_lsn;
}

uint64_t Checkpointer::request() {
    const std::lock_guard lock(mutex_);
    is_requested_ = true;
    wake_.notify_all();
    // One that is under way has begun before what the request is about.
    return status_.attempts + (is_writing_ ? 2 : 1);
}

void Checkpointer::finish() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        last_write_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

CheckpointStatus Checkpointer::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

bool Checkpointer::is_due(const Version& published, Clock::time_point now) {
    if (published.generation == 0 || published == written_) return false;
    if (published.generation != seen_generation_) {
        seen_generation_ = published.generation;
        seen_at_ = now;
    }
    if (written_.generation != published.generation && attempted_at_ < seen_at_)
        return now >= seen_at_ + kAfterLoad;
    return now >= attempted_at_ + interval_;
}

void Checkpointer::run() {
    find_previous();
    std::unique_lock lock(mutex_);
    for (;;) {
        const SyncStatus sync = board_.status();
        const Version published{sync.generation, sync.arena.version};
        const bool last =
            stop_ && last_write_ && published.generation != 0 && published != written_;
        if (is_requested_ || last || (!stop_ && is_due(published, Clock::now()))) {
            is_requested_ = false;
            is_writing_ = true;
            lock.unlock();
            write(sync);
            lock.lock();
            is_writing_ = false;
            ++status_.attempts;
            lock.unlock();
            done_();
            lock.lock();
        }
        if (stop_) return;
        wake_.wait_for(lock, kLookInterval, [this] { return stop_ || is_requested_; });
    }
}

void Checkpointer::write(const SyncStatus& sync) {
    attempted_at_ = Clock::now();
    const auto written = write_arena();
    const auto seconds = std::chrono::duration<double>(Clock::now() - attempted_at_).count();
    const std::lock_guard lock(mutex_);
    if (!written) {
        if (status_.error != written.error().message)
            log_error("checkpoint.failed")
                .field("path", path_)
                .field("error", written.error().message);
        status_.error = written.error().message;
        return;
    }
    written_ = {sync.generation, sync.arena.version};
    status_.written_at_us = now_us();
    status_.size_bytes = *written;
    status_.commit_lsn = sync.commit_lsn;
    status_.error.clear();
    log_info("checkpoint.written")
        .field("path", path_)
        .field("bytes", *written)
        .field("lsn", lsn_to_text(sync.commit_lsn))
        .field("seconds", seconds);
}

Result<uint64_t> Checkpointer::write_arena() {
    UniqueFd arena = board_.arena();
    if (!arena)
        return fail(ErrorCode::refused, "nothing is loaded yet, so there is nothing to keep");
    // A mapping of its own: the sync thread may drop its one at any time.
    auto segment = storage::Segment::map_readonly(std::move(arena));
    if (!segment) return tl::unexpected(std::move(segment).error());
    return storage::write_checkpoint(*segment, qsbr_, qsbr_.readers[storage::kCopierReader], path_);
}

}  // namespace gatepost::controlplane

#include "controlplane/control/checkpointer.h"

#include <sys/stat.h>

#include "controlplane/log/event_log.h"
#include "controlplane/sync/clock.h"
#include "storage/arena/runtime_page.h"
#include "storage/directory/directory_image.h"
#include "storage/zone_index/image.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAfterLoad{1000};  // a load is often followed by changes
constexpr milliseconds kLookInterval{250};

// A file from before this process; the commit is unknown where it is none that can be used.
template <typename Image>
void find(CheckpointFile& file, const Result<Image>& image) {
    struct stat about {};
    // There is none, or the dataplane refuses it with a line of its own.
    if (!image || ::stat(file.path.c_str(), &about) != 0) return;
    file.written_at_us = int64_t{about.st_mtim.tv_sec} * 1'000'000 + about.st_mtim.tv_nsec / 1000;
    file.size_bytes = static_cast<uint64_t>(about.st_size);
    file.commit_lsn = image->info().origin.commit_lsn;
}

}  // namespace

Checkpointer::Checkpointer(const std::string& folder, milliseconds interval, const SyncBoard& board,
                           storage::Qsbr& qsbr, std::function<void()> done)
    : interval_(interval), board_(board), qsbr_(qsbr), done_(std::move(done)) {
    status_.zones.path = folder + "/zones.ckpt";
    status_.directory.path = folder + "/directory.ckpt";
}

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
    CheckpointStatus found = status();
    find(found.zones, storage::Image::load_checkpoint(found.zones.path));
    find(found.directory, storage::DirectoryImage::load_checkpoint(found.directory.path));
    const std::lock_guard lock(mutex_);
    status_ = std::move(found);
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

bool Checkpointer::is_due(const Versions& published, Clock::time_point now) {
    const uint64_t generation = published.zones.generation;  // and the directory's
    if (generation == 0 || published == written_) return false;
    if (generation != seen_generation_) {
        seen_generation_ = generation;
        seen_at_ = now;
    }
    if (written_.zones.generation != generation && attempted_at_ < seen_at_)
        return now >= seen_at_ + kAfterLoad;
    return now >= attempted_at_ + interval_;
}

void Checkpointer::run() {
    find_previous();
    std::unique_lock lock(mutex_);
    for (;;) {
        const SyncStatus sync = board_.status();
        const Versions published{{sync.generation, sync.arena.version},
                                 {sync.generation, sync.directory.version}};
        const bool last = stop_ && last_write_ && sync.generation != 0 && published != written_;
        if (is_requested_ || last || (!stop_ && is_due(published, Clock::now()))) {
            const bool all = std::exchange(is_requested_, false);
            is_writing_ = true;
            lock.unlock();
            write(sync, all);
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

void Checkpointer::write(const SyncStatus& sync, bool all) {
    attempted_at_ = Clock::now();
    storage::QsbrReader& reader = qsbr_.readers[storage::kCopierReader];
    const Version zones{sync.generation, sync.arena.version};
    const Version directory{sync.generation, sync.directory.version};
    Status ok;
    if (all || written_.directory != directory) {
        const std::string path = status().directory.path;
        ok =
            write_file(&CheckpointStatus::directory, board_.directory_arena(), sync.commit_lsn,
                       [&](const storage::Segment& segment) {
                           return storage::write_directory_checkpoint(segment, qsbr_, reader, path);
                       });
        if (ok) written_.directory = directory;
    }
    // Each is of use without the other.
    if (all || written_.zones != zones) {
        const std::string path = status().zones.path;
        const Status done =
            write_file(&CheckpointStatus::zones, board_.arena(), sync.commit_lsn,
                       [&](const storage::Segment& segment) {
                           return storage::write_checkpoint(segment, qsbr_, reader, path);
                       });
        if (done) written_.zones = zones;
        if (ok) ok = done;
    }
    const std::lock_guard lock(mutex_);
    status_.error = ok ? "" : ok.error().message;
}

Status Checkpointer::write_file(CheckpointFile CheckpointStatus::*file, UniqueFd arena,
                                Lsn commit_lsn, const WriteArena& write) {
    const auto begin = Clock::now();
    CheckpointStatus before = status();
    const auto written = [&]() -> Result<uint64_t> {
        if (!arena)
            return fail(ErrorCode::refused, "nothing is loaded yet, so there is nothing to keep");
        // A mapping of its own: the sync thread may drop its one at any time.
        auto segment = storage::Segment::map_readonly(std::move(arena));
        if (!segment) return tl::unexpected(std::move(segment).error());
        return write(*segment);
    }();
    const std::string path = (before.*file).path;
    if (!written) {
        if (before.error != written.error().message)
            log_error("checkpoint.failed")
                .field("path", path)
                .field("error", written.error().message);
        return tl::unexpected(written.error());
    }
    {
        const std::lock_guard lock(mutex_);
        status_.*file = {path, now_us(), *written, commit_lsn};
    }
    log_info("checkpoint.written")
        .field("path", path)
        .field("bytes", *written)
        .field("lsn", lsn_to_text(commit_lsn))
        .field("seconds", std::chrono::duration<double>(Clock::now() - begin).count());
    return {};
}

}  // namespace gatepost::controlplane

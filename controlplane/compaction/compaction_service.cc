#include "controlplane/compaction/compaction_service.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// All references to bodies are read each time; space is not short from one minute to the next.
constexpr minutes kInterval{60};
constexpr minutes kFirst{10};   // after the start, which has other work
constexpr seconds kBetween{5};  // two passes of which the first had left something
// Between two batches of tombstones: whoever changes mailboxes gets most of the database's time.
constexpr std::chrono::milliseconds kBetweenPrunes{100};
// 256 MiB at the speed of a slow disk that mail goes to as well.
constexpr minutes kCopyMax{10};
constexpr seconds kStopGrace{1};

// What waits for an answer may be gone when it comes.
struct CopyAnswer {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<storage::BodiesCopied> answer;
};

}  // namespace

CompactionService::CompactionService(CompactionServiceOptions options, CommitService& commit,
                                     std::function<void(std::vector<MovedMessage>)> moved)
    : options_(std::move(options)), commit_(commit), moved_(std::move(moved)) {}

CompactionService::~CompactionService() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

Status CompactionService::start() {
    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    database_ = std::make_unique<CompactionDatabase>(options_.dsn, options_.edge, wake_.get(),
                                                     [this] { return woken(); });
    const unsigned live = options_.live_percent_max;
    compaction_ = std::make_unique<SegmentCompaction>(
        SegmentCompaction::Options{options_.folder,
                                   live == 0 ? CompactionServiceOptions::kLivePercentMax : live,
                                   options_.grace},
        SegmentCompaction::Ports{
            *database_, [this](const storage::CopyBodies& request) { return copy(request); },
            [this](std::vector<storage::SegmentName> names) {
                commit_.drop_segments(std::move(names));
            },
            moved_});
    next_by_itself_ = live == 0 ? Clock::time_point::max() : Clock::now() + kFirst;
    next_prune_ = Clock::now() + kFirst;
    stopped_ = false;
    thread_ = std::thread([this] {
        run();
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    });
    return {};
}

void CompactionService::compact(bool dry_run, Take take) {
    const std::lock_guard lock(mutex_);
    asked_.push_back({dry_run, std::move(take)});
    changed_.notify_all();
}

void CompactionService::request_stop() {
    const uint64_t one = 1;
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
    changed_.notify_all();
}

bool CompactionService::wait_stopped(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return stopped_; });
}

// A statement that is under way when the service is to stop.
CompactionService::Clock::time_point CompactionService::woken() {
    uint64_t count;
    (void)!::read(wake_.get(), &count, sizeof count);
    return Clock::now() + kStopGrace;
}

void CompactionService::run() {
    Clock::time_point due = Clock::now();
    while (!stop_) {
        for (Asked& asked : wait(std::min({due, next_by_itself_, next_prune_})))
            if (!stop_) asked.take(compaction_->run(asked.dry_run));
        if (!stop_ && Clock::now() >= next_by_itself_) compact_by_itself();
        if (!stop_ && Clock::now() >= next_prune_) prune_by_itself();
        if (!stop_) due = compaction_->remove_due();
    }
}

std::vector<CompactionService::Asked> CompactionService::wait(Clock::time_point until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return stop_ || !asked_.empty(); });
    return std::exchange(asked_, {});
}

void CompactionService::compact_by_itself() {
    const auto report = compaction_->run(false);
    const bool has_more = report && report->more;
    next_by_itself_ =
        Clock::now() + (has_more ? std::chrono::duration_cast<Clock::duration>(kBetween)
                                 : std::chrono::duration_cast<Clock::duration>(kInterval));
    if (!report)
        log_warning("compaction.failed").field("error", report.error().message);
    else if (!report->dead.empty() || !report->sparse.empty())
        log_info("compaction.done")
            .field("dead", report->dead.size())
            .field("copied", report->sparse.size())
            .field("bodies", report->bodies_copied)
            .field("freed_bytes", report->freed);
}

// A batch at a time, so that whoever asks for a pass does not wait for all of them.
void CompactionService::prune_by_itself() {
    const auto pruned = database_->prune_expunged(options_.expunged_kept);
    const bool has_more = pruned && *pruned >= static_cast<uint64_t>(kPruneMax);
    next_prune_ =
        Clock::now() + (has_more ? std::chrono::duration_cast<Clock::duration>(kBetweenPrunes)
                                 : std::chrono::duration_cast<Clock::duration>(kInterval));
    if (!pruned)
        log_warning("compaction.not_pruned").field("error", pruned.error().message);
    else if (*pruned > 0)
        log_info("compaction.pruned").field("expunged", *pruned);
}

storage::BodiesCopied CompactionService::copy(const storage::CopyBodies& request) {
    auto waiting = std::make_shared<CopyAnswer>();
    commit_.copy_bodies(request, [waiting](const storage::BodiesCopied& answer) {
        const std::lock_guard lock(waiting->mutex);
        waiting->answer = answer;
        waiting->changed.notify_all();
    });
    const Clock::time_point deadline = Clock::now() + kCopyMax;
    std::unique_lock lock(waiting->mutex);
    // The stop is looked for from time to time: it does not know of this wait.
    while (!waiting->answer && !stop_ && Clock::now() < deadline)
        waiting->changed.wait_for(lock, std::chrono::milliseconds(200));
    if (waiting->answer) return *waiting->answer;
    return {request.sequence, "the dataplane has not answered; try again later", false, {}};
}

}  // namespace gatepost::controlplane

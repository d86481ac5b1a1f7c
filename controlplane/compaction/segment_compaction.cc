#include "controlplane/compaction/segment_compaction.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <map>

#include "controlplane/log/event_log.h"
#include "storage/message_log/body_file.h"
#include "storage/spool/spool_checkpoint.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::seconds;
using storage::BodiesCopied;
using storage::CopyBodies;
using storage::SegmentLoad;
using storage::SegmentName;

// Below it the workers take no mail (MessageLogOptions::reserve_octets): what a copy takes for a
// while must not bring that about.
constexpr uint64_t kDiskReserve = uint64_t{320} << 20;  // octets
constexpr seconds kLookAgain{5};  // for transactions that keep files, and after errors
// What was read before the last of these transactions ended has arrived everywhere.
constexpr seconds kSettle{2};
constexpr seconds kIdle{3600};
constexpr size_t kFindingsMax = 20;  // of a report

std::string file_name(const SegmentName& name) {
    return storage::segment_file_name(name.number, name.kind);
}

void find(CompactionReport& report, std::string finding) {
    log_warning("compaction.finding").field("text", finding);
    if (report.findings.size() < kFindingsMax) report.findings.push_back(std::move(finding));
}

uint64_t free_octets(int folder) {
    struct statvfs about {};
    if (::fstatvfs(folder, &about) != 0) return 0;
    return uint64_t{about.f_bavail} * about.f_frsize;
}

// Numbers of files; those of an own body and of a log never are the same.
std::vector<uint32_t> numbers_of(const std::vector<SegmentName>& names) {
    std::vector<uint32_t> numbers;
    for (const SegmentName& name : names) numbers.push_back(name.number);
    return numbers;
}

}  // namespace

bool SegmentCompaction::is_leaving(const SegmentName& name) const {
    return std::ranges::any_of(leaving_, [&](const Leaving& one) {
        return std::ranges::find(one.segments, name) != one.segments.end();
    });
}

// The order counts: what is below the floor has been delivered, so that the database, asked
// afterwards, knows all of it.
Result<SegmentCompaction::Survey> SegmentCompaction::survey(CompactionReport& report) {
    auto folder = storage::MessageFolder::open(options_.folder);
    if (!folder) return tl::unexpected(folder.error());
    storage::DirectorySource source(folder->descriptor());
    auto octets = source.read_file(std::string(storage::kSpoolCheckpointName));
    if (!octets) return tl::unexpected(octets.error());
    const auto checkpoint = storage::decode_spool_checkpoint(*octets);
    if (!checkpoint)
        return fail(ErrorCode::refused,
                    "{} in {} is not there yet, or damaged: the dataplane writes one every five "
                    "seconds; try again later",
                    storage::kSpoolCheckpointName, options_.folder);
    auto files = source.list();
    if (!files) return tl::unexpected(files.error());
    report.floor = checkpoint->floor;
    auto uses = ports_.database.segment_uses(report.floor);
    if (!uses) return tl::unexpected(uses.error());

    Survey survey;
    survey.free = free_octets(folder->descriptor());
    for (const storage::SegmentFile& file : *files) {
        if (file.name.number >= report.floor) continue;
        const auto use = uses->find(file.name.number);
        const uint64_t live = use == uses->end() ? 0 : use->second.octets;
        if (use != uses->end()) uses->erase(use);
        ++report.segments;
        report.octets += file.size;
        report.live_octets += live;
        if (is_leaving(file.name) || unreadable_.contains(file.name.number)) continue;
        survey.loads.push_back({file.name, file.size, live});
    }
    for (const auto& [segment, use] : *uses)
        find(report, fmt::format("{} bodies are to lie in segment {:08x}, which is not there",
                                 use.bodies, segment));
    return survey;
}

Result<CompactionReport> SegmentCompaction::run(bool dry_run) {
    if (Status connected = ports_.database.connect(); !connected)
        return tl::unexpected(connected.error());
    CompactionReport report;
    auto surveyed = survey(report);
    if (!surveyed) return tl::unexpected(surveyed.error());
    storage::CompactionOptions planning;
    planning.floor = report.floor;
    planning.live_percent_max = options_.live_percent_max;
    storage::CompactionOptions all = planning;
    all.copy_max = UINT64_MAX;
    const uint64_t spare = surveyed->free > kDiskReserve ? surveyed->free - kDiskReserve : 0;
    planning.copy_max = std::min(planning.copy_max, spare);
    const storage::CompactionPlan whole = plan_compaction(surveyed->loads, all);
    const storage::CompactionPlan plan =
        dry_run ? whole : plan_compaction(surveyed->loads, planning);
    report.freed = plan.freed;
    report.more = plan.copy.size() < whole.copy.size() && !plan.copy.empty();
    if (plan.copy.empty() && !whole.copy.empty())
        find(report,
             "there is too little room on the disk to copy anything; files without anything "
             "that counts go first");
    for (const SegmentName& name : plan.remove) report.dead.push_back(file_name(name));
    for (const uint32_t number : plan.copy)
        report.sparse.push_back(file_name({number, storage::SegmentKind::log}));
    Status done;
    if (!dry_run && (!plan.remove.empty() || !plan.copy.empty())) {
        Leaving leaving;
        leaving.segments = plan.remove;
        done = copy(plan, report, leaving);
        // Also after an error: what was moved is to be told again.
        const auto horizon = ports_.database.horizon();
        if (horizon) leaving.horizon = *horizon;
        leaving.due = Clock::now() + options_.grace;
        leaving_.push_back(std::move(leaving));
    }
    if (!done) return tl::unexpected(done.error());
    for (const Leaving& leaving : leaving_)
        for (const SegmentName& name : leaving.segments) report.waiting.push_back(file_name(name));
    report.waits_for = waits_for_;
    return report;
}

Status SegmentCompaction::copy(const storage::CompactionPlan& plan, CompactionReport& report,
                               Leaving& leaving) {
    std::unordered_set<uint32_t> left(plan.copy.begin(), plan.copy.end());
    BodyPlace after;
    while (!plan.copy.empty()) {
        auto sources = ports_.database.live_bodies(plan.copy, after);
        if (!sources) return tl::unexpected(sources.error());
        if (sources->empty()) break;
        after = {sources->back().segment, sources->back().bodies.back().offset};
        // In a part of them, perhaps: what lies in a segment is not said to be damaged twice.
        std::erase_if(*sources, [&](const CopyBodies::Source& source) {
            return unreadable_.contains(source.segment);
        });
        if (Status copied = copy_some(std::move(*sources), report, leaving); !copied) return copied;
    }
    for (const uint32_t number : plan.copy)
        if (!unreadable_.contains(number))
            leaving.segments.push_back({number, storage::SegmentKind::log});
    return {};
}

// Together where that can be; one that is damaged spoils it for itself alone.
Status SegmentCompaction::copy_some(std::vector<CopyBodies::Source> sources,
                                    CompactionReport& report, Leaving& leaving) {
    if (sources.empty()) return {};
    using std::chrono::system_clock;
    // Answers to a process before this one are for other numbers.
    if (sequence_ == 0)
        sequence_ = static_cast<uint64_t>(system_clock::now().time_since_epoch().count());
    CopyBodies request{++sequence_, std::move(sources)};
    const BodiesCopied copied = ports_.copy(request);
    if (copied.error.empty()) return commit(request, copied, report, leaving);
    if (!copied.is_source_bad) return fail(ErrorCode::refused, "{}", copied.error);
    if (request.sources.size() == 1) {
        unreadable_.insert(request.sources[0].segment);
        find(report, copied.error);
        return {};
    }
    for (CopyBodies::Source& source : request.sources) {
        std::vector<CopyBodies::Source> one;
        one.push_back(std::move(source));
        if (Status done = copy_some(std::move(one), report, leaving); !done) return done;
    }
    return {};
}

Status SegmentCompaction::commit(const CopyBodies& request, const BodiesCopied& copied,
                                 CompactionReport& report, Leaving& leaving) {
    std::map<BodyPlace, const storage::LiveBody*> asked;
    for (const CopyBodies::Source& source : request.sources)
        for (const storage::LiveBody& body : source.bodies)
            asked[{source.segment, body.offset}] = &body;
    std::vector<BodyMove> moves;
    for (const storage::CopiedBody& body : copied.bodies) {
        const auto found = asked.find({body.from_segment, body.from_offset});
        if (found == asked.end()) continue;
        moves.push_back({found->second->id, body});
        report.octets_copied += found->second->size;
    }
    report.bodies_copied += moves.size();
    auto messages = ports_.database.move_bodies(moves);
    leaving.moves.insert(leaving.moves.end(), moves.begin(), moves.end());
    if (!messages) return tl::unexpected(messages.error());
    report.messages_moved += messages->size();
    ports_.moved(std::move(*messages));
    return {};
}

SegmentCompaction::Clock::time_point SegmentCompaction::remove_due() {
    while (!leaving_.empty() && leaving_.front().due <= Clock::now()) {
        Leaving& leaving = leaving_.front();
        auto again = remove(leaving);
        if (!again) {
            waits_for_ = again.error().message;
            log_warning("compaction.not_removed").field("error", waits_for_);
            again = Clock::now() + kLookAgain;
        }
        if (*again == Clock::time_point::max())
            leaving_.pop_front();
        else
            leaving.due = *again;
    }
    return leaving_.empty() ? Clock::now() + kIdle : leaving_.front().due;
}

// Gives when to look again; max(): they are gone.
Result<SegmentCompaction::Clock::time_point> SegmentCompaction::remove(Leaving& leaving) {
    if (leaving.horizon == 0) {  // the database was away when it was asked
        const auto horizon = ports_.database.horizon();
        if (!horizon) return tl::unexpected(horizon.error());
        leaving.horizon = *horizon;
        return Clock::now() + options_.grace;
    }
    const auto older = ports_.database.older_transaction(leaving.horizon);
    if (!older) return tl::unexpected(older.error());
    if (*older) {
        waits_for_ = **older;
        return Clock::now() + kLookAgain;
    }
    waits_for_.clear();
    if (!leaving.is_settled) {
        // What a transaction did that had begun before: a copy of a message, with the old place.
        const auto late = ports_.database.move_bodies(leaving.moves);
        if (!late) return tl::unexpected(late.error());
        // What was loaded while the places changed has the old ones; and of what was moved before
        // an error nobody has been told. All of them lie at the new places now.
        auto messages = ports_.database.moved_messages(leaving.moves);
        if (!messages) return tl::unexpected(messages.error());
        ports_.moved(std::move(*messages));
        leaving.is_settled = true;
        return Clock::now() + kSettle;
    }
    const auto referred = ports_.database.referred(numbers_of(leaving.segments));
    if (!referred) return tl::unexpected(referred.error());
    std::erase_if(leaving.segments, [&](const SegmentName& name) {
        if (!referred->contains(name.number)) return false;
        log_warning("compaction.still_needed").field("segment", file_name(name));
        return true;
    });
    log_info("compaction.removed").field("segments", leaving.segments.size());
    if (!leaving.segments.empty()) ports_.drop(std::move(leaving.segments));
    return Clock::time_point::max();
}

}  // namespace gatepost::controlplane

#include "controlplane/mailboxes/mailbox_loader.h"

#include <algorithm>
#include <semaphore>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxOutcome;
using storage::MailboxStatus;
using Clock = MailboxArena::Clock;
using Applied = MailboxArena::Applied;

// A slice takes some milliseconds: whoever waits for others does not wait longer.
constexpr size_t kSummariesOfSlice = 1000;
// Statuses that one query compares.
constexpr size_t kMailboxesOfQuery = 4096;
// What the replication stream tells is visible soon, unless the server waits for a standby, or has
// lost it. After that it is not asked for without a pause.
constexpr std::chrono::seconds kVisibleSoon{1};
// Pieces of a mailbox that may wait for the service's thread, which takes what is there in one turn
// of its loop: some two milliseconds, and two MiB.
constexpr ptrdiff_t kPiecesAhead = 4;
// Where they wait for longer, the connection's thread looks whether it is to stop.
constexpr std::chrono::milliseconds kLookAtStop{100};

uint64_t microseconds_since(Clock::time_point begin) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

Answer not_found() {
    return {MailboxOutcome::not_found, "there is no such mailbox"};
}

}  // namespace

void MailboxLoader::open(uint64_t mailbox_id, Done done) {
    context_.arena->touch(mailbox_id, Clock::now());
    if (context_.arena->is_resident(mailbox_id)) return done({});
    Opening& opening = opening_[mailbox_id];
    opening.waiters.push_back(std::move(done));
    if (opening.waiters.size() > 1) return;
    opening.filling = context_.arena->begin_load();
    opening.seen = context_.arena->seen_of(mailbox_id);
    context_.run(
        loads_,
        [this, mailbox_id](DatabaseSession& session) { return read_whole(session, mailbox_id); },
        [this, mailbox_id](const LoadedStatus& status) { take_load(mailbox_id, status); });
}

// The database sends while the service's thread puts into the index what came before. Where that
// thread is held up, the database waits: no more is in memory than the window and one piece.
MailboxLoader::LoadedStatus MailboxLoader::read_whole(DatabaseSession& session,
                                                      uint64_t mailbox_id) {
    const auto window = std::make_shared<std::counting_semaphore<kPiecesAhead>>(kPiecesAhead);
    WholeMailbox whole(mailbox_id, [&](MailboxPiece piece) -> Status {
        while (!window->try_acquire_for(kLookAtStop))
            if (session.is_stopping()) return fail(ErrorCode::refused, "this process is stopping");
        auto shared = std::make_shared<const MailboxPiece>(std::move(piece));
        context_.post([this, mailbox_id, shared, window] {
            take_piece(mailbox_id, *shared);
            window->release();
        });
        return {};
    });
    const auto read = session.stream(whole.sql(), [&](size_t statement, Bytes message) {
        return whole.take(statement, message);
    });
    if (!read) return tl::unexpected(read.error());
    if (const Status given = whole.finish(); !given)
        return tl::unexpected(PipelineFailure{Fault::away, "", given.error().message, ""});
    return whole.status();
}

void MailboxLoader::take_piece(uint64_t mailbox_id, const MailboxPiece& piece) {
    Opening& opening = opening_.at(mailbox_id);
    if (opening.filling && !context_.arena->add(mailbox_id, *opening.filling, piece.messages))
        opening.filling.reset();
}

Answer MailboxLoader::end_load(uint64_t mailbox_id, Opening& opening, const LoadedStatus& status) {
    if (!status) {
        if (status.error().fault != Fault::away)
            log_warning("mailboxes.load_failed")
                .field("mailbox", mailbox_id)
                .field("sqlstate", status.error().sqlstate)
                .field("error", status.error().message);
        return Answer::of(status.error());
    }
    if (!*status || context_.arena->is_gone(**status)) {
        if (!*status) take_gone(mailbox_id);
        return not_found();
    }
    if (!history_.goes_on(opening.seen, **status))
        return {MailboxOutcome::unavailable,
                "the database has lost changes of this mailbox; it is being put in order"};
    if (!opening.filling || context_.arena->end_load(*opening.filling, **status) == Applied::full)
        return Answer::full();
    ++counters_.loads;
    counters_.last_load_us = microseconds_since(opening.begin);
    counters_.last_load_rows = opening.filling->size();
    background_.push_back({mailbox_id, 1, UINT32_MAX});
    go_on_with_summaries();
    context_.arena->keep_budget(Clock::now());
    return {};
}

void MailboxLoader::take_load(uint64_t mailbox_id, const LoadedStatus& status) {
    Opening opening = std::move(opening_.extract(mailbox_id).mapped());
    const Answer answer = end_load(mailbox_id, opening, status);
    opening.filling.reset();
    // It was read before the change that is known already.
    const auto noticed = noticed_.find(mailbox_id);
    if (status && noticed != noticed_.end() &&
        noticed->second.modseq > context_.arena->modseq_of(mailbox_id) &&
        context_.arena->is_resident(mailbox_id)) {
        for (const Done& waiter : opening.waiters) refresh(mailbox_id, waiter);
        return;
    }
    noticed_.erase(mailbox_id);
    for (const Done& waiter : opening.waiters) waiter(answer);
}

void MailboxLoader::refresh(uint64_t mailbox_id, Done done) {
    std::vector<Done>& waiters = stale_[mailbox_id];
    if (done) waiters.push_back(std::move(done));
}

void MailboxLoader::notice(uint64_t mailbox_id, uint64_t modseq) {
    if (!context_.arena->is_resident(mailbox_id) && !opening_.contains(mailbox_id)) return;
    if (context_.arena->is_resident(mailbox_id) && context_.arena->modseq_of(mailbox_id) >= modseq)
        return;
    Noticed& noticed = noticed_[mailbox_id];
    if (noticed.modseq < modseq) noticed = {modseq};
    if (context_.arena->is_resident(mailbox_id)) refresh(mailbox_id, {});
}

void MailboxLoader::take_status(const MailboxStatus& status) {
    notice(status.mailbox_id, status.highest_modseq);
    if (context_.arena->is_resident(status.mailbox_id)) return;
    const bool was_known = context_.arena->modseq_of(status.mailbox_id) != 0;
    if (context_.arena->put_status(status) == Applied::changed && was_known)
        context_.workers.changed(status.mailbox_id, status.account_id);
}

MailboxLoader::Seen MailboxLoader::seen_of(std::span<const uint64_t> mailboxes) const {
    Seen seen;
    for (const uint64_t id : mailboxes)
        if (const auto status = context_.arena->seen_of(id)) seen.emplace(id, *status);
    return seen;
}

bool MailboxLoader::is_sound(const Seen& seen, const MailboxStatus& status) {
    const uint64_t id = status.mailbox_id;
    const auto found = seen.find(id);
    if (!history_.goes_on(found == seen.end() ? std::nullopt : std::optional(found->second),
                          status))
        return false;
    const uint64_t known = context_.arena->modseq_of(id);
    if (context_.arena->is_resident(id) || known <= status.highest_modseq) {
        behind_.erase(id);
        return true;
    }
    // Nobody has seen its messages at that modseq, and so a step back is nothing to them. It is
    // taken where it is still so after a pause.
    const auto [behind, is_new] = behind_.try_emplace(id, known);
    if (!is_new && behind->second == known) {
        behind_.erase(behind);
        if (context_.arena->put_status_back(status) == Applied::changed)
            context_.workers.changed(id, status.account_id);
        return true;
    }
    behind->second = known;
    ask_later(id);
    return false;
}

void MailboxLoader::take_gone(uint64_t mailbox_id) {
    const auto mailbox = context_.arena->view().mailbox(mailbox_id);
    noticed_.erase(mailbox_id);
    behind_.erase(mailbox_id);
    if (!mailbox) return;
    const uint64_t account_id = mailbox->status().account_id;
    context_.arena->forget_for_ever(mailbox_id);
    context_.workers.changed(mailbox_id, account_id);
}

std::optional<Clock::time_point> MailboxLoader::due() const {
    if (is_refreshing_) return std::nullopt;
    const auto later = earlier(late_.due(), looked_for_.due());
    return stale_.empty() ? later : earlier(later, ask_again_at_);
}

std::map<uint64_t, std::vector<Done>> MailboxLoader::take_stale() {
    std::map<uint64_t, std::vector<Done>> taken;
    auto next = stale_.upper_bound(last_asked_);
    while (taken.size() < asked_max_ && !stale_.empty()) {
        if (next == stale_.end()) next = stale_.begin();
        last_asked_ = next->first;
        taken.insert(stale_.extract(next++));
    }
    return taken;
}

void MailboxLoader::ask_again(std::span<const uint64_t> mailboxes, const PipelineFailure& failure) {
    if (failure.fault == Fault::away || mailboxes.empty()) return;
    for (const uint64_t id : mailboxes) refresh(id, {});
    ask_again_at_ = Clock::now() + kAskAgain;
    log_warning("mailboxes.refresh_failed")
        .field("mailboxes", mailboxes.size())
        .field("sqlstate", failure.sqlstate)
        .field("error", failure.message);
}

void MailboxLoader::pump() {
    const Clock::time_point now = Clock::now();
    for (const uint64_t id : late_.take_due(now)) refresh(id, {});
    for (const uint64_t id : looked_for_.take_due(now))
        if (context_.arena->modseq_of(id) != 0) refresh(id, {});
    if (is_refreshing_ || stale_.empty() || now < ask_again_at_) return;
    is_refreshing_ = true;
    ++counters_.refreshes;
    auto stale = take_stale();
    Changes asked;
    std::vector<MailboxWant> wants;
    for (const auto& [id, waiters] : stale) {
        asked.mailboxes.push_back(id);
        if (context_.arena->is_resident(id)) wants.push_back(context_.arena->want_of(id));
    }
    asked.seen = seen_of(asked.mailboxes);
    std::vector<PipelineQuery> queries;
    add_delta_queries(queries, asked.mailboxes, wants);
    context_.ask(
        reads_, std::move(queries),
        [asked, wants](std::vector<PgResult> results) {
            auto rows = std::make_shared<const std::vector<PgResult>>(std::move(results));
            Changes changes = asked;
            changes.statuses = statuses_of((*rows)[0]);
            changes.deltas = deltas_of(std::move(rows), 0, wants);
            return changes;
        },
        [this, ids = asked.mailboxes,
         stale = std::move(stale)](const tl::expected<Changes, PipelineFailure>& changes) {
            is_refreshing_ = false;
            Answer answer;
            if (changes) {
                asked_max_ = kRefreshMax;
                take_changes(*changes);
            } else {
                asked_max_ = std::max<size_t>(ids.size() / 2, 1);
                answer = Answer::of(changes.error());
                ask_again(ids, changes.error());
            }
            for (const auto& [id, waiters] : stale)
                for (const Done& waiter : waiters) waiter(answer);
        });
}

void MailboxLoader::take_changes(const Changes& changes) {
    std::set<uint64_t> gone(changes.mailboxes.begin(), changes.mailboxes.end());
    for (const MailboxStatus& status : changes.statuses) gone.erase(status.mailbox_id);
    for (const uint64_t id : gone) take_gone(id);
    std::set<uint64_t> unsound;
    for (const MailboxStatus& status : changes.statuses)
        if (!is_sound(changes.seen, status)) unsound.insert(status.mailbox_id);
    for (const MailboxDelta& delta : changes.deltas) {
        if (delta.is_gone || unsound.contains(delta.mailbox_id)) continue;
        const MailboxStatus& status = delta.update.status;
        const Applied applied = context_.arena->apply(delta);
        if (applied == Applied::changed || applied == Applied::full)
            context_.workers.changed(status.mailbox_id, status.account_id);
    }
    // Those that are not resident; and what was noticed meanwhile is asked for again.
    for (const MailboxStatus& status : changes.statuses) {
        if (unsound.contains(status.mailbox_id)) continue;
        take_status(status);
        const auto noticed = noticed_.find(status.mailbox_id);
        if (noticed == noticed_.end()) continue;
        if (!context_.arena->is_resident(status.mailbox_id) ||
            context_.arena->modseq_of(status.mailbox_id) >= noticed->second.modseq)
            noticed_.erase(noticed);
        else if (Clock::now() - noticed->second.since < kVisibleSoon)
            refresh(status.mailbox_id, {});
        else
            ask_later(status.mailbox_id);
    }
}

void MailboxLoader::compare_all(std::function<void()> checked) {
    history_.check([this, checked = std::move(checked)] {
        checked();
        compare(context_.arena->known_mailboxes());
    });
}

void MailboxLoader::compare(std::vector<uint64_t> mailboxes) {
    if (mailboxes.empty()) return;
    const size_t count = std::min(mailboxes.size(), kMailboxesOfQuery);
    std::vector<uint64_t> rest(mailboxes.begin() + static_cast<ptrdiff_t>(count), mailboxes.end());
    mailboxes.resize(count);
    context_.ask(
        reads_, {status_query(mailboxes)},
        [](std::vector<PgResult> rows) { return statuses_of(rows[0]); },
        [this, mailboxes, rest = std::move(rest), seen = seen_of(mailboxes)](
            const tl::expected<std::vector<MailboxStatus>, PipelineFailure>& statuses) {
            if (!statuses) {
                ask_again(mailboxes, statuses.error());
                return ask_again(rest, statuses.error());
            }
            std::set<uint64_t> gone(mailboxes.begin(), mailboxes.end());
            for (const MailboxStatus& status : *statuses) {
                gone.erase(status.mailbox_id);
                if (is_sound(seen, status)) take_status(status);
            }
            for (const uint64_t id : gone) take_gone(id);
            compare(rest);
        });
}

std::optional<MailboxLoader::SummaryRange> MailboxLoader::next_slice(uint64_t mailbox_id,
                                                                     uint32_t first,
                                                                     uint32_t last) const {
    if (!context_.arena->is_resident(mailbox_id)) return std::nullopt;
    const auto mailbox = context_.arena->view().mailbox(mailbox_id);
    if (!mailbox) return std::nullopt;
    size_t at = mailbox->lower_bound(last);
    if (at < mailbox->size() && mailbox->at(at).uid == last) ++at;
    std::optional<SummaryRange> slice;
    for (size_t count = 0; at > 0 && count < kSummariesOfSlice; --at) {
        const storage::MailboxEntry& entry = mailbox->at(at - 1);
        if (entry.uid < first) break;
        if (!entry.has_summary_to_load() && !slice) continue;
        if (!slice) slice = SummaryRange{mailbox_id, entry.uid, entry.uid};
        slice->first = entry.uid;
        ++count;
    }
    return slice;
}

// Its messages may have gone meanwhile: what does not come is not asked for again.
void MailboxLoader::load_slice(const SummaryRange& slice, std::function<void(bool)> then) {
    using Summaries = std::pair<std::shared_ptr<const std::vector<PgResult>>,
                                std::vector<std::pair<uint32_t, Bytes>>>;
    context_.ask(
        loads_, {summaries_query(slice.mailbox_id, slice.first, slice.last)},
        [](std::vector<PgResult> results) {
            auto rows = std::make_shared<const std::vector<PgResult>>(std::move(results));
            return Summaries(rows, summaries_of((*rows)[0]));
        },
        [this, slice,
         then = std::move(then)](const tl::expected<Summaries, PipelineFailure>& summaries) {
            then(summaries &&
                 context_.arena->add_summaries(slice.mailbox_id, summaries->second).has_value());
        });
}

void MailboxLoader::load_summaries(uint64_t mailbox_id, uint32_t first, uint32_t last, Done done) {
    open(mailbox_id, [this, mailbox_id, first, last, done](const Answer& answer) {
        if (answer.outcome != MailboxOutcome::ok) return done(answer);
        const auto slice = next_slice(mailbox_id, first, last);
        if (!slice) return done({});
        load_slice(*slice, [this, slice = *slice, first, done](bool ok) {
            if (!ok)
                return done({MailboxOutcome::unavailable, "the messages' structure was not read"});
            if (slice.first <= first) return done({});
            load_summaries(slice.mailbox_id, first, slice.first - 1, done);
        });
    });
}

void MailboxLoader::go_on_with_summaries() {
    while (!is_loading_summaries_ && !background_.empty()) {
        SummaryRange& range = background_.front();
        const auto slice = next_slice(range.mailbox_id, range.first, range.last);
        if (!slice) {
            background_.pop_front();
            continue;
        }
        is_loading_summaries_ = true;
        range.last = slice->first - 1;
        load_slice(*slice, [this, id = range.mailbox_id](bool ok) {
            is_loading_summaries_ = false;
            // What was refused is loaded when somebody asks for it.
            if (!ok) std::erase_if(background_, [&](const auto& r) { return r.mailbox_id == id; });
            go_on_with_summaries();
        });
    }
}

}  // namespace gatepost::controlplane

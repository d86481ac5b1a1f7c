#include "controlplane/mailboxes/write_queue.h"

#include <algorithm>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using namespace gatepost::storage;
using Clock = WriteQueue::Clock;
using Applied = MailboxArena::Applied;

constexpr unsigned kConflictsMax = 5;  // of one transaction, one after the other
// What has waited for longer is not begun: its worker gives up after 120 s, and a body that nobody
// refers to may be removed after 60 s.
constexpr std::chrono::seconds kWaitMax{30};
// A transaction waits, while those of the one before are about to ask again: for half of the time
// that it took, as long as they come at least so often.
constexpr std::chrono::microseconds kGatherMax{1000};
constexpr std::chrono::microseconds kGatherGap{150};
constexpr const char* kUnknown = "the database went away before it said whether it was done";
constexpr std::string_view kLockNotAvailable = "55P03";

uint64_t microseconds_since(Clock::time_point begin) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// The mailbox that a request gives keywords to, and these.
uint64_t keywords_of(const MailboxRequest& request, std::vector<std::string_view>& keywords) {
    if (const auto* store = std::get_if<StoreFlags>(&request)) {
        if (store->action != FlagAction::remove)
            keywords.assign(store->keywords.begin(), store->keywords.end());
        return store->mailbox_id;
    }
    const auto* append = std::get_if<AppendMessages>(&request);
    if (append == nullptr) return 0;
    for (const AppendedMessage& message : append->messages)
        keywords.insert(keywords.end(), message.keywords.begin(), message.keywords.end());
    return append->mailbox_id;
}

// The mailboxes whose rows it locks, as far as they are known before.
std::vector<uint64_t> locked_mailboxes(const MailboxRequest& request) {
    std::vector<uint64_t> ids = touched_mailboxes(request);
    const auto* copy = std::get_if<CopyMessages>(&request);
    if (copy != nullptr && !copy->move) ids.push_back(copy->mailbox_id);
    return ids;
}

}  // namespace

struct WriteQueue::Waiting {
    size_t left = 1;
    std::function<void()> then;

    void done() {
        if (--left == 0) then();
    }
};

void WriteQueue::add(PendingWrite request) {
    std::vector<std::string_view> keywords;
    const uint64_t mailbox_id = keywords_of(request.request, keywords);
    came_at_ = Clock::now();
    context_.arena->touch(mailbox_id, came_at_);
    if (keywords.empty()) return pending_.push_back(std::move(request));
    if (!context_.arena->is_resident(mailbox_id) && request.attempts++ == 0) {
        // Its keywords are to be known.
        auto kept = std::make_shared<PendingWrite>(std::move(request));
        loader_.open(mailbox_id, [this, kept](const Answer& answer) {
            if (answer.outcome == MailboxOutcome::ok) return loaded_(std::move(*kept));
            MailboxReply reply;
            reply.sequence = kept->sequence;
            reply.outcome = answer.outcome;
            reply.text = answer.text;
            context_.workers.reply(kept->peer, reply);
        });
        return;
    }
    if (has_room_for_keywords(request.request)) return pending_.push_back(std::move(request));
    MailboxReply reply;
    reply.sequence = request.sequence;
    reply.outcome = MailboxOutcome::limit;
    reply.text = fmt::format("a mailbox has at most {} keywords", kKeywordsMax);
    context_.workers.reply(request.peer, reply);
}

bool WriteQueue::has_room_for_keywords(const MailboxRequest& request) {
    std::vector<std::string_view> keywords;
    const uint64_t mailbox_id = keywords_of(request, keywords);
    const auto mailbox = context_.arena->view().mailbox(mailbox_id);
    if (!mailbox || !mailbox->has_messages()) return true;
    std::set<std::string> planned = planned_[mailbox_id];
    for (const std::string_view keyword : keywords)
        if (!mailbox->find_keyword(keyword)) planned.insert(lower(keyword));
    if (mailbox->keyword_count() + planned.size() > kKeywordsMax) return false;
    planned_[mailbox_id] = std::move(planned);
    return true;
}

bool WriteQueue::gathers() const {
    const Clock::time_point now = Clock::now();
    return pending_.size() < std::min(expected_, options_.batch_max) && now < gather_until_ &&
           now < came_at_ + kGatherGap;
}

std::optional<Clock::time_point> WriteQueue::due() const {
    if (is_busy_ || pending_.empty()) return std::nullopt;
    return std::min(gather_until_, came_at_ + kGatherGap);
}

void WriteQueue::pump() {
    if (is_busy_) return;
    if (pending_.empty()) return planned_.clear();
    if (gathers()) return;
    // Nobody waits for them, nor has kept what they refer to.
    counters_.dropped += std::erase_if(pending_, [this](const PendingWrite& request) {
        return !context_.workers.contains(request.peer);
    });
    if (pending_.empty()) return planned_.clear();
    is_busy_ = true;
    const size_t count = std::min(pending_.size(), options_.batch_max);
    auto batch = std::make_shared<std::vector<PendingWrite>>(
        std::make_move_iterator(pending_.begin()),
        std::make_move_iterator(pending_.begin() + static_cast<ptrdiff_t>(count)));
    batch_ = batch;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(count));
    MailboxWants wants;
    for (const PendingWrite& request : *batch)
        for (const uint64_t id : touched_mailboxes(request.request)) {
            writing_.insert(id);
            if (context_.arena->is_resident(id)) wants.emplace(id, context_.arena->want_of(id));
        }
    changes_.post([this, batch, wants = std::move(wants), edge = options_.edge,
                   post = context_.post, begin = Clock::now(),
                   era = context_.agreement.era()](DatabaseSession& session) {
        auto outcome = std::make_shared<Outcome>(execute(session, *batch, wants, edge));
        outcome->counters.last_batch_us = microseconds_since(begin);
        post([this, batch, outcome, era] {
            if (!context_.agreement.is_current(era)) discard(*outcome);
            finish(*batch, *outcome);
        });
    });
}

WriteQueue::Outcome WriteQueue::execute(DatabaseSession& session,
                                        const std::vector<PendingWrite>& batch,
                                        const MailboxWants& wants, int32_t edge) {
    Outcome outcome;
    outcome.replies.resize(batch.size());
    outcome.counters.largest_batch = batch.size();
    std::vector<size_t> together;
    for (size_t i = 0; i < batch.size(); ++i)
        if (is_about_messages(batch[i].request)) together.push_back(i);
    if (!together.empty()) execute_some(session, batch, std::move(together), wants, edge, outcome);
    for (size_t i = 0; i < batch.size(); ++i)
        if (!is_about_messages(batch[i].request))
            execute_some(session, batch, {i}, wants, edge, outcome);
    return outcome;
}

bool WriteQueue::is_refused(const PendingWrite& request, MailboxReply& reply, Outcome& outcome) {
    const std::vector<uint64_t> ids = locked_mailboxes(request.request);
    const auto is_mine = [&](uint64_t id) { return std::ranges::find(ids, id) != ids.end(); };
    const bool is_late = Clock::now() - request.since > kWaitMax;
    const bool is_locked = std::ranges::any_of(
        outcome.locked, [&](const auto& locked) { return std::ranges::all_of(locked, is_mine); });
    if (!is_late && !is_locked) return false;
    ++(is_late ? outcome.counters.late : outcome.counters.locked);
    reply.sequence = request.sequence;
    reply.outcome = MailboxOutcome::unavailable;
    reply.text = is_late ? "it has waited too long for the database; try again later"
                         : "somebody else is changing the mailbox; try again later";
    return true;
}

void WriteQueue::execute_some(DatabaseSession& session, const std::vector<PendingWrite>& batch,
                              std::vector<size_t> requests, const MailboxWants& wants, int32_t edge,
                              Outcome& outcome) {
    std::erase_if(requests,
                  [&](size_t i) { return is_refused(batch[i], outcome.replies[i], outcome); });
    if (requests.empty()) return;
    std::vector<const PendingWrite*> pending;
    for (const size_t i : requests) pending.push_back(&batch[i]);
    const WriteBatch statements(pending, wants, edge);
    Pipeline::Results results = session.run(statements.queries());
    for (unsigned conflicts = 0; !results && results.error().fault == Fault::conflict &&
                                 conflicts < (requests.size() == 1 ? kConflictsMax : 1);
         ++conflicts) {
        ++outcome.counters.conflicts;
        results = session.run(statements.queries());
    }
    if (results) {
        ++outcome.counters.transactions;
        Outcome::Transaction& transaction = outcome.transactions.emplace_back();
        std::vector<MailboxReply> replies = statements.take(std::move(*results), transaction.step);
        for (size_t i = 0; i < requests.size(); ++i)
            outcome.replies[requests[i]] = std::move(replies[i]);
        outcome.counters.requests += requests.size();
        transaction.requests = std::move(requests);
        return;
    }
    const PipelineFailure& failure = results.error();
    if (requests.size() > 1 && failure.fault != Fault::away) {
        // One of them spoils it for the others.
        ++outcome.counters.repeats;
        for (const size_t i : requests) execute_some(session, batch, {i}, wants, edge, outcome);
        return;
    }
    if (failure.sqlstate == kLockNotAvailable) {
        std::vector<uint64_t> locked = locked_mailboxes(batch[requests[0]].request);
        if (!locked.empty()) outcome.locked.push_back(std::move(locked));
    }
    for (const size_t i : requests) {
        MailboxReply& reply = outcome.replies[i];
        reply.sequence = batch[i].sequence;
        reply.outcome = failure.is_unknown ? MailboxOutcome::unknown : outcome_of(failure);
        reply.text = failure.is_unknown ? kUnknown : text_of(failure);
    }
    (failure.fault == Fault::away ? outcome.counters.unavailable : outcome.counters.refused) +=
        requests.size();
    if (failure.fault != Fault::away && outcome_of(failure) == MailboxOutcome::unavailable)
        log_warning("mailboxes.request_refused")
            .field("sqlstate", failure.sqlstate)
            .field("error", failure.message);
}

// Of a server whose place another one has taken, which may not know of it.
void WriteQueue::discard(Outcome& outcome) {
    for (const Outcome::Transaction& transaction : std::exchange(outcome.transactions, {}))
        for (const size_t i : transaction.requests) {
            MailboxReply unknown;
            unknown.sequence = outcome.replies[i].sequence;
            unknown.outcome = MailboxOutcome::unknown;
            unknown.text = kUnknown;
            outcome.replies[i] = std::move(unknown);
            ++outcome.counters.unavailable;
        }
}

void WriteQueue::finish(const std::vector<PendingWrite>& batch, Outcome& outcome) {
    counters_.requests += outcome.counters.requests;
    counters_.refused += outcome.counters.refused;
    counters_.unavailable += outcome.counters.unavailable;
    counters_.late += outcome.counters.late;
    counters_.locked += outcome.counters.locked;
    counters_.transactions += outcome.counters.transactions;
    counters_.repeats += outcome.counters.repeats;
    counters_.conflicts += outcome.counters.conflicts;
    counters_.largest_batch = std::max(counters_.largest_batch, outcome.counters.largest_batch);
    counters_.last_batch_us = outcome.counters.last_batch_us;
    std::vector<bool> answered(batch.size());
    for (const Outcome::Transaction& transaction : outcome.transactions) {
        auto replies = std::make_shared<std::vector<std::pair<uint64_t, MailboxReply>>>();
        for (const size_t i : transaction.requests) {
            answered[i] = true;
            replies->emplace_back(batch[i].peer, std::move(outcome.replies[i]));
        }
        auto waiting = std::make_shared<Waiting>();
        waiting->then = [this, replies] {
            for (const auto& [peer, reply] : *replies) context_.workers.reply(peer, reply);
        };
        apply(transaction.step, waiting);
        waiting->done();
    }
    for (size_t i = 0; i < batch.size(); ++i)
        if (!answered[i]) context_.workers.reply(batch[i].peer, outcome.replies[i]);
    writing_.clear();
    batch_.reset();
    is_busy_ = false;
    // First: what was put off for this transaction is not put off for the next one.
    finished_();
    expected_ = batch.size() + pending_.size();
    came_at_ = Clock::now();
    const std::chrono::microseconds took(outcome.counters.last_batch_us);
    gather_until_ = came_at_ + std::min(took / 2, kGatherMax);
    pump();
}

void WriteQueue::took(Applied applied, const MailboxStatus& status,
                      const std::shared_ptr<Waiting>& waiting) {
    if (applied == Applied::changed || applied == Applied::full)
        context_.workers.changed(status.mailbox_id, status.account_id);
    if (applied != Applied::gap) return;
    ++counters_.gaps;
    ++waiting->left;
    loader_.refresh(status.mailbox_id, [waiting](const Answer&) { waiting->done(); });
}

void WriteQueue::apply(const WriteStep& step, const std::shared_ptr<Waiting>& waiting) {
    std::unordered_set<uint64_t> done;
    for (const MailboxDelta& delta : step.deltas) {
        done.insert(delta.mailbox_id);
        if (delta.is_gone)
            loader_.take_gone(delta.mailbox_id);
        else if (!context_.arena->is_resident(delta.mailbox_id))  // evicted meanwhile
            loader_.take_status(delta.update.status);
        else
            took(context_.arena->apply(delta), delta.update.status, waiting);
    }
    std::unordered_set<uint64_t> gone(step.touched.begin(), step.touched.end());
    for (const MailboxStatus& status : step.statuses) {
        gone.erase(status.mailbox_id);
        if (done.contains(status.mailbox_id)) continue;
        if (context_.arena->is_resident(status.mailbox_id))
            apply_flags(step, status, waiting);
        else
            loader_.take_status(status);
    }
    for (const uint64_t id : gone) loader_.take_gone(id);
    if (step.owners.empty()) return;
    ++waiting->left;
    lister_.relist(step.owners, step.shared, [waiting](const Answer&) { waiting->done(); });
}

// The rows have all that has changed: nothing is asked for, unless somebody else changed the
// mailbox since the state that the index shows.
void WriteQueue::apply_flags(const WriteStep& step, const MailboxStatus& status,
                             const std::shared_ptr<Waiting>& waiting) {
    MailboxDelta delta;
    delta.mailbox_id = status.mailbox_id;
    // A transaction has one number. What somebody else did last is not in the rows.
    const bool is_ours = step.stored.contains(status.mailbox_id);
    delta.from_modseq = status.highest_modseq - (is_ours ? 1 : 0);
    delta.update.status = status;
    const auto mailbox = context_.arena->view().mailbox(status.mailbox_id);
    const uint64_t have = mailbox->status().highest_modseq;
    bool is_complete = true;
    for (const FlagRow& row : step.flags) {
        if (row.mailbox_id != status.mailbox_id || row.modseq <= have) continue;
        const MailboxEntry* entry = mailbox->find(row.uid);
        is_complete = is_complete && entry != nullptr;
        if (entry == nullptr) continue;
        MailboxMessage& message = delta.update.messages.emplace_back();
        message.entry = *entry;
        message.entry.modseq = row.modseq;
        message.entry.flags = row.flags;
        message.keywords = row.keywords;
    }
    took(is_complete || have >= status.highest_modseq ? context_.arena->apply(delta) : Applied::gap,
         status, waiting);
}

}  // namespace gatepost::controlplane

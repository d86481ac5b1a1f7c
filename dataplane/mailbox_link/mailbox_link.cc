#include "dataplane/mailbox_link/mailbox_link.h"

#include <algorithm>
#include <utility>

#include "dataplane/log/log.h"
#include "storage/arena/stream_counters.h"
#include "storage/mailbox_frames/mailbox_frames.h"

namespace gatepost::dataplane {

using storage::count;
using storage::MailboxOutcome;
using storage::MailboxReply;

namespace {

// A buffer larger than this is not kept once its frames are sent; octets.
constexpr size_t kKeptOctets = size_t{1} << 20;

MailboxReply refused(MailboxOutcome outcome, std::string text) {
    MailboxReply reply;
    reply.outcome = outcome;
    reply.text = std::move(text);
    return reply;
}

}  // namespace

// Waits for the answer to one request; destroying it, with the coroutine, forgets the request.
class MailboxLink::Answer final : private Timer {
  public:
    Answer(MailboxLink& link, uint64_t sequence, bool changes)
        : link_(link), sequence_(sequence), changes_(changes) {}
    ~Answer() override {
        if (waiter_) link_.pending_.erase(sequence_);
    }

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
        waiter_ = waiter;
        link_.pending_.emplace(sequence_, this);
        TimerWheel& timers = link_.parts_.timers;
        timers.set(*this, timers.now_ms() + kAnswerMsMax);
    }
    MailboxReply await_resume() { return std::move(reply_); }

    // No answer is to come any more.
    void give_up(std::string text) {
        MailboxLinkCounters& counters = link_.parts_.counters;
        count(counters.unavailable);
        // What has not gone out cannot have been done; but it still may, where the link lives.
        const bool gone_out = sequence_ <= link_.sent_sequence_ || link_.is_connected();
        const bool is_unknown = changes_ && gone_out;
        if (is_unknown) count(counters.unknown);
        give(refused(is_unknown ? MailboxOutcome::unknown : MailboxOutcome::unavailable,
                     std::move(text)));
    }
    void give(MailboxReply reply) {
        link_.parts_.timers.set(*this, 0);
        link_.pending_.erase(sequence_);
        reply_ = std::move(reply);
        std::exchange(waiter_, nullptr).resume();
    }

  private:
    void expired() override {
        count(link_.parts_.counters.overdue);
        give_up("the mailboxes' service does not answer");
    }

    MailboxLink& link_;
    const uint64_t sequence_;
    const bool changes_;  // something in the database
    std::coroutine_handle<> waiter_;
    MailboxReply reply_;
};

MailboxLink::~MailboxLink() {
    UniqueFd(handed_over_.exchange(-1));
}

void MailboxLink::take_connection(UniqueFd socket) {
    UniqueFd(handed_over_.exchange(socket.release(), std::memory_order_acq_rel));
}

Task<MailboxReply> MailboxLink::ask(storage::MailboxRequest request) {
    const uint64_t sequence = ++sequence_;
    if (!is_connected() || unsent_.size() > kUnsentMax) {
        count(parts_.counters.unavailable);
        co_return refused(MailboxOutcome::unavailable,
                          is_connected() ? "too much waits for the mailboxes' service"
                                         : "the mailboxes' service is away");
    }
    if (Status appended = storage::append_frame(unsent_, sequence, request); !appended)
        co_return refused(MailboxOutcome::limit, appended.error().message);
    const bool changes = !storage::only_reads(request);
    request = storage::OpenAccount{};  // what it held is in the frame
    count(parts_.counters.requests);
    Answer answer(*this, sequence, changes);
    MailboxReply reply = co_await answer;
    co_return reply;
}

void MailboxLink::add_watcher(MailboxWatcher& watcher, uint64_t account_id) {
    watchers_.add(watcher, account_id);
}

void MailboxLink::remove_watcher(MailboxWatcher& watcher) {
    watchers_.remove(watcher);
}

void MailboxLink::look() {
    UniqueFd next;
    if (handed_over_.load(std::memory_order_relaxed) >= 0) [[unlikely]]
        next = UniqueFd(handed_over_.exchange(-1, std::memory_order_acq_rel));
    if (next && link_ != nullptr) link_->give_up();
    if (link_ != nullptr && link_->is_broken()) lose_link();
    std::erase_if(broken_, [](const auto& link) { return link->is_idle(); });
    const bool is_new = next && !stopped_;
    if (is_new) {
        CommitLink::Receiver& receiver = *this;
        link_ = std::make_unique<CommitLink>(parts_.ring, std::move(next), receiver);
        link_->begin();
        count(parts_.counters.connections);
        log(LogLevel::info, "mailboxes.connected", {{"sessions", watchers_.size()}});
    }
    const uint64_t serial = parts_.mailboxes().serial;
    // What happened while there was no connection was told to nobody.
    if (std::exchange(serial_, serial) != serial || is_new) watchers_.tell_all_changed();
}

void MailboxLink::lose_link() {
    log(LogLevel::info, "mailboxes.connection_lost", {{"pending", pending_.size()}});
    broken_.push_back(std::move(link_));
    unsent_.clear();
    // Without a link, nobody who is answered can add another one.
    while (!pending_.empty())
        pending_.begin()->second->give_up("the mailboxes' service has gone away");
}

void MailboxLink::finish_turn() {
    tell_changes();
    send();
    report();
}

// Once for each mailbox, however often it has changed.
void MailboxLink::tell_changes() {
    if (changed_.empty()) return;
    std::vector<uint64_t> changed = std::exchange(changed_, {});
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    for (const uint64_t mailbox_id : changed) watchers_.tell_mailbox_changed(mailbox_id);
}

void MailboxLink::send() {
    if (link_ == nullptr || !link_->can_send() || unsent_.empty()) return;
    link_->outbox().swap(unsent_);
    sent_sequence_ = sequence_;
    if (unsent_.capacity() > kKeptOctets) unsent_ = {};
    link_->send();
}

void MailboxLink::stop() {
    stopped_ = true;
    if (link_ != nullptr) {
        link_->give_up();
        broken_.push_back(std::move(link_));
    }
    std::erase_if(broken_, [](const auto& link) { return link->is_idle(); });
}

bool MailboxLink::on_frame(const storage::Frame& frame) {
    if (frame.verb == storage::FrameVerb::mailbox_reply) {
        auto reply = storage::decode_mailbox_reply(frame.payload);
        if (reply) on_reply(std::move(*reply));
        if (reply) return true;
        log(LogLevel::error, "mailboxes.malformed_reply", {{"error", reply.error().message}});
        return false;
    }
    if (frame.verb != storage::FrameVerb::mailbox_event) return false;
    const auto event = storage::decode_mailbox_event(frame.payload);
    if (event) on_event(*event);
    if (event) return true;
    log(LogLevel::error, "mailboxes.malformed_event", {{"error", event.error().message}});
    return false;
}

// One whose session has ended, or that was given up, has nobody who waits for it.
void MailboxLink::on_reply(MailboxReply reply) {
    const auto found = pending_.find(reply.sequence);
    if (found != pending_.end()) found->second->give(std::move(reply));
}

void MailboxLink::on_event(const storage::MailboxEvent& event) {
    using Kind = storage::MailboxEvent::Kind;
    count(parts_.counters.events);
    switch (event.kind) {
        case Kind::changed:
            return changed_.push_back(event.mailbox_id);
        case Kind::account:
            return watchers_.tell_account_changed(event.account_id);
        case Kind::disconnect:
            return count(parts_.counters.disconnected,
                         watchers_.tell_disconnect(event.account_id, event.reason));
        case Kind::list_sessions:
            return tell_sessions(event.number);
    }
}

void MailboxLink::tell_sessions(uint64_t number) {
    const size_t before = unsent_.size();
    watchers_.for_each([&](uint64_t account_id, const MailboxWatcher& watcher) {
        storage::SessionNote note;
        note.number = number;
        note.account_id = account_id;
        watcher.describe(note);
        if (unsent_.size() - before > kNotesMax || !add_note(note))
            count(parts_.counters.notes_dropped);
    });
    storage::SessionNote end;
    end.number = number;
    add_note(end);
}

bool MailboxLink::add_note(const storage::SessionNote& note) {
    return storage::append_frame(unsent_, note).has_value();
}

void MailboxLink::report() {
    const auto set = [](std::atomic<uint64_t>& gauge, uint64_t value) {
        gauge.store(value, std::memory_order_relaxed);
    };
    set(parts_.counters.connected, is_connected() ? 1 : 0);
    set(parts_.counters.pending, pending_.size());
    set(parts_.counters.watchers, watchers_.size());
}

}  // namespace gatepost::dataplane

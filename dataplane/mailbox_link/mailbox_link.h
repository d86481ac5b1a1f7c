// The mailboxes of a worker's sessions: reads go to the arena of mailboxes that is served now,
// requests over a connection of the worker's own to the control plane, whose events go to the
// watchers.
//
// A worker's own, but for take_connection(). Its loop:
//   look() → completions → finish_turn()
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/delivery/commit_link.h"
#include "dataplane/imap_port/mailbox_port.h"
#include "dataplane/mailbox_link/mailbox_link_counters.h"
#include "dataplane/mailbox_link/mailbox_watchers.h"
#include "dataplane/reactor/timer_wheel.h"

namespace gatepost::dataplane {

// The arena of mailboxes at this moment.
struct MailboxesNow {
    std::optional<storage::MailboxIndexView> view;  // nullopt: there is none yet
    uint64_t serial = 0;                            // another arena has another one
};

class MailboxLink final : public MailboxPort, private CommitLink::Receiver {
  public:
    // Octets of requests that wait to be sent; beyond it they are refused.
    static constexpr size_t kUnsentMax = size_t{32} << 20;
    // The same of notes about sessions: some 50,000 of them.
    static constexpr size_t kNotesMax = size_t{8} << 20;
    // How long an answer may take. A change of a hundred thousand messages takes seconds.
    static constexpr uint64_t kAnswerMsMax = 120'000;

    // All outlive it, but for the ring, which is gone before it, or has nothing of it under way:
    // is_idle() after stop().
    struct Parts {
        Ring& ring;
        TimerWheel& timers;
        std::function<MailboxesNow()> mailboxes;  // the worker is an online QSBR reader
        MailboxLinkCounters& counters;
    };
    explicit MailboxLink(Parts parts) : parts_(std::move(parts)) {}
    ~MailboxLink();

    // Any thread: the end of a new connection, which takes the place of the one before.
    void take_connection(UniqueFd socket);

    // Once a turn of the worker, before its completions: whether connection and arena are still the
    // same. What is without an answer on a connection that was lost is answered `unavailable`, and
    // a change that had been sent `unknown`; over a new one, and with a new arena, all watchers
    // look anew.
    void look();
    // Once a turn, after the completions: tells the watchers which mailboxes have changed, and
    // sends what was asked.
    void finish_turn();
    // Nothing goes in or out any more; who waits for an answer is to be destroyed.
    void stop();
    bool is_idle() const { return link_ == nullptr && broken_.empty(); }

    // ---- MailboxPort
    std::optional<storage::MailboxIndexView> index() override { return parts_.mailboxes().view; }
    Task<storage::MailboxReply> ask(storage::MailboxRequest request) override;
    void add_watcher(MailboxWatcher& watcher, uint64_t account_id) override;
    void watch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) override {
        watchers_.watch(watcher, mailbox_id);
    }
    void unwatch_mailbox(MailboxWatcher& watcher, uint64_t mailbox_id) override {
        watchers_.unwatch(watcher, mailbox_id);
    }
    void remove_watcher(MailboxWatcher& watcher) override;

  private:
    class Answer;

    bool is_connected() const { return link_ != nullptr && !link_->is_broken(); }
    bool on_frame(const storage::Frame& frame) override;
    void on_reply(storage::MailboxReply reply);
    void on_event(const storage::MailboxEvent& event);
    void tell_sessions(uint64_t number);
    bool add_note(const storage::SessionNote& note);
    void lose_link();
    void tell_changes();
    void send();
    void report();

    Parts parts_;
    MailboxWatchers watchers_;
    std::atomic<int> handed_over_{-1};  // a descriptor that take_connection() was given
    std::unique_ptr<CommitLink> link_;
    std::vector<std::unique_ptr<CommitLink>> broken_;  // until the ring has done with them
    std::vector<uint8_t> unsent_;                      // whole frames
    std::unordered_map<uint64_t, Answer*> pending_;    // by sequence
    std::vector<uint64_t> changed_;                    // mailboxes, in this turn
    uint64_t sequence_ = 0;
    uint64_t sent_sequence_ = 0;  // requests up to it have gone out, in part at least
    uint64_t serial_ = 0;         // of the arena that the watchers know
    bool stopped_ = false;
};

}  // namespace gatepost::dataplane

// A worker's connection for mailboxes without the rest of the worker: a control plane that does
// what a test tells it to, sessions that note what they are told, and the turns of the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/mailbox_link/mailbox_link.h"
#include "storage/mailbox_frames/mailbox_frames.h"

namespace gatepost::tests {

// A session, and what it has been told: "7", "account", "end: kicked".
class FakeWatcher final : public dataplane::MailboxWatcher {
  public:
    void on_mailbox_changed(uint64_t mailbox_id) override { note(std::to_string(mailbox_id)); }
    void on_account_changed() override { note("account"); }
    void on_disconnect(const std::string& reason) override { note("end: " + reason); }
    void describe(storage::SessionNote& note) const override;

    std::vector<std::string> told;
    std::function<void()> on_told;  // may be empty
    uint64_t session_id = 1;

  private:
    void note(std::string what);
};

class MailboxLinkRig {
  public:
    MailboxLinkRig();
    ~MailboxLinkRig();

    // Hands one end of a new connection over; gives the other one, which does not block.
    UniqueFd connect();
    // Asks in a coroutine of its own; `reply` gets the answer.
    dataplane::Task<> ask(storage::MailboxRequest request,
                          std::optional<storage::MailboxReply>& reply);
    // A turn of the worker's loop, which waits for nothing, `ms` after the one before.
    void turn(uint64_t ms = 1);
    void settle(int turns = 10);

    std::unique_ptr<dataplane::Ring> ring;
    dataplane::TimerWheel timers;
    dataplane::MailboxLinkCounters counters;
    dataplane::MailboxesNow mailboxes;
    std::unique_ptr<dataplane::MailboxLink> link;
    uint64_t now_ms = 1'000'000;
};

// The other end of a connection.
class FakeMailboxPlane {
  public:
    explicit FakeMailboxPlane(UniqueFd socket) : socket_(std::move(socket)) {}

    // Requests that have come; notes go to `notes`.
    std::vector<storage::NumberedMailboxRequest> receive();
    // Turns until so many requests have come, or 200 turns are over.
    std::vector<storage::NumberedMailboxRequest> take(MailboxLinkRig& rig, size_t count);
    void send(const storage::MailboxReply& reply);
    void send(const storage::MailboxEvent& event);
    void send(Bytes octets);
    void close() { socket_.reset(); }
    bool is_closed() const { return closed_; }

    std::vector<storage::SessionNote> notes;

  private:
    UniqueFd socket_;
    storage::FrameReader reader_;
    bool closed_ = false;
};

}  // namespace gatepost::tests

// What the thread of the mailbox service does and has.
#pragma once

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "controlplane/mailboxes/account_lister.h"
#include "controlplane/mailboxes/mailbox_context.h"
#include "controlplane/mailboxes/mailbox_loader.h"
#include "controlplane/mailboxes/mailbox_service.h"
#include "controlplane/mailboxes/write_lanes.h"

namespace gatepost::controlplane {

class MailboxServiceThread {
  public:
    explicit MailboxServiceThread(MailboxService& service);

    Status start();
    // Until request_stop().
    void run();

    void add_connection(unsigned worker, UniqueFd socket);
    void take_notices(std::vector<MailboxNotice> notices);
    void compare_all();
    void bodies_moved(std::vector<MovedMessage> messages);
    void disconnect(uint64_t account_id, const std::string& reason);
    void list_sessions(uint64_t account_id, SessionQuestions::Take take);

  private:
    using Clock = std::chrono::steady_clock;

    DatabaseLinkOptions link_options(
        const char* name, const std::string& begin,
        std::chrono::seconds answer_max = DatabaseLinkOptions::kAnswerMax);
    // To the server that all follow.
    bool is_connected() const { return is_connected_ && context_.agreement.is_agreed(); }
    // While there is none, nothing is read.
    bool has_room() const { return writes_.waiting() < WriteQueue::kWaitingMax; }
    void wait();
    std::chrono::nanoseconds wait_time() const;
    void take_calls();
    void receive();
    void take_frame(uint64_t id, CommitPeer& peer, const storage::Frame& frame);
    void take_request(uint64_t peer, Bytes payload);
    void serve(uint64_t peer, uint64_t sequence, storage::MailboxRequest request);
    void read(uint64_t peer, uint64_t sequence, storage::MailboxRequest request);
    void reply(uint64_t peer, uint64_t sequence, const Answer& answer);
    void database_changed(bool connected, const std::string& error);
    void hand_over_arena();
    // Where another server has taken the database's place.
    void follow();
    void take_notice(const MailboxNotice& notice);
    void take_row(const MailboxRow& row);
    void report();

    MailboxService& service_;
    MailboxContext context_;
    SessionQuestions questions_;
    AccountLister lister_;
    MailboxLoader loader_;
    WriteLanes writes_;
    std::vector<MailboxNotice> deferred_;
    bool is_connected_ = false;
    bool is_handed_over_ = false;
    std::string error_ = "not connected yet";
    uint64_t requests_ = 0;
    uint64_t unavailable_ = 0;
    uint64_t malformed_ = 0;
    std::vector<pollfd> polls_;
    // Last: their threads end first.
    DatabaseLink changes_;
    DatabaseLink bulk_;
    DatabaseLink reads_;
    DatabaseLink loads_;
};

}  // namespace gatepost::controlplane

// The loop of a run: messages are begun by a schedule, whatever becomes of those before (an open
// loop), or as sessions have room for them (a closed loop). One thread for all sessions.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/load/engine/load_clock.h"
#include "tools/load/mail/mail_addresses.h"
#include "tools/load/mail/mail_ledger.h"
#include "tools/load/mail/mail_session.h"
#include "tools/load/mail/mail_statistics.h"
#include "tools/load/mail/message_maker.h"

namespace gatepost::tools {

struct MailEngineOptions {
    uint64_t rate = 0;  // messages a second; 0: closed loop
    uint32_t sessions = 20;
    uint64_t messages = 0;              // 0: no limit
    uint64_t duration_ns = 0;           // 0: no limit
    uint64_t messages_per_session = 0;  // 0: no limit
    uint32_t recipients_per_message = 1;
    uint64_t timeout_ns = 60'000'000'000;  // for each reply
    // With %d for 1 to `users`, which changes from connection to connection.
    std::string from;
    std::string user;  // empty: no login
    std::string password;
    uint64_t users = 1;
    size_t message_size = 0;  // octets, for the sum of them
};

// What happened in one second, for people who watch.
struct MailInterval {
    uint64_t end_ns = 0;  // from the start of the run
    MailCounts counts;
    Histogram whole;
    uint32_t active = 0;  // sessions
};

class MailEngine {
  public:
    // All that is referred to outlives the engine; `ledger` may be null.
    MailEngine(const MailEngineOptions& options, const SessionPlan& plan,
               const RecipientList& recipients, const MessageMaker& maker, MailLedger* ledger,
               LoadClock& clock);

    // Called about once a second.
    std::function<void(const MailInterval&)> watch;
    // Set from elsewhere (a signal): no more is begun, what is under way is waited for.
    void stop() { stopped_.store(true, std::memory_order_relaxed); }

    // An error where no session came about at all, or the ledger cannot be written.
    Result<MailStatistics> run();

  private:
    struct Resting {
        uint32_t session = 0;
        uint64_t until_ns = 0;
    };

    Status prepare();
    bool sending(uint64_t now_ns) const;
    uint64_t due(uint64_t now_ns) const;
    void feed(uint64_t now_ns);
    void wake(uint64_t now_ns);
    void open(uint32_t index);
    void begin(uint32_t index, uint64_t now_ns);
    void quit(uint32_t index);
    void settle(uint32_t index, MailSession::State before);
    void note_message(MailSession& session);
    void note_end(uint32_t index, MailSession::State before);
    Status wait(uint64_t now_ns);
    void tick(uint64_t now_ns);
    void expire(uint64_t now_ns);
    Status hopeless() const;

    const MailEngineOptions& options_;
    const SessionPlan& plan_;
    const RecipientList& recipients_;
    const MessageMaker& maker_;
    MailLedger* ledger_;
    LoadClock& clock_;
    UniqueFd epoll_;
    std::vector<std::unique_ptr<MailSession>> sessions_;
    std::vector<uint32_t> users_;   // by session: the number in its user
    std::vector<uint32_t> closed_;  // sessions that may be opened
    std::vector<uint32_t> ready_;   // sessions that wait for a message
    std::deque<Resting> resting_;   // sessions that failed, the first ones first
    uint32_t active_ = 0;           // sessions with a connection
    uint32_t opening_ = 0;          // of these without a message so far
    std::atomic<bool> stopped_ = false;
    bool hopeless_ = false;
    uint64_t start_ns_ = 0;
    uint64_t end_ns_ = 0;
    uint64_t begun_ = 0;
    uint64_t connections_ = 0;
    uint64_t established_ = 0;
    uint64_t last_established_ns_ = 0;
    SessionFailure last_failure_ = SessionFailure::none;
    std::string last_reason_;
    MailCounts counts_;  // of the interval
    Histogram whole_;
    uint64_t interval_ns_ = 0;  // where it began
    uint64_t last_reply_ns_ = 0;
    MailStatistics total_;
    MailConnection::Room in_{};
    MailConnection::Room out_{};
};

}  // namespace gatepost::tools

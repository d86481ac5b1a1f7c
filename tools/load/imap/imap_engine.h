// The loop of a run over IMAP: connections are opened, then each keeps a number of commands under
// way (a closed loop) until the time is over; at the end the mailboxes are compared with what they
// have to be. One thread for all connections.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"
#include "tools/load/engine/load_clock.h"
#include "tools/load/imap/imap_session.h"
#include "tools/load/imap/imap_statistics.h"
#include "tools/load/imap/imap_watch.h"
#include "tools/load/imap/mailbox_model.h"
#include "tools/load/mail/message_maker.h"

namespace gatepost::tools {

struct ImapEngineOptions {
    ImapOperation operation = ImapOperation::noop;  // login, idle, watch; any other: `mix`
    ImapMix mix;                                    // watch: what changes are made
    uint32_t connections = 10;
    uint32_t depth = 1;                    // commands under way on each
    uint64_t commands = 0;                 // of all; 0: no limit
    uint64_t commands_each = 0;            // of each connection; 0: no limit
    uint64_t duration_ns = 0;              // 0: no limit
    uint64_t timeout_ns = 60'000'000'000;  // for each response
    std::string user;                      // with %d for 1 to `users`, in turn
    uint64_t users = 1;
    uint64_t seed = 1;
    bool check = true;  // the mailboxes, where they were written to

    bool mixed() const {
        return operation != ImapOperation::login && operation != ImapOperation::idle &&
               operation != ImapOperation::watch;
    }
    bool writes() const { return (mixed() || operation == ImapOperation::watch) && mix.writes(); }
};

// What happened in one second, for people who watch.
struct ImapInterval {
    uint64_t end_ns = 0;  // from the start of the run
    Histogram latency;
    uint64_t refused = 0;
    uint32_t ready = 0;  // connections
    uint64_t failed = 0;
};

// What a run is about.
enum class ImapStage : uint8_t {
    reading,  // the mailboxes that will be written to
    opening,
    measuring,
    measured,
    checking,  // what was written
};

class ImapEngine final : private ImapListener {
  public:
    // All that is referred to outlives the engine.
    ImapEngine(const ImapEngineOptions& options, const ImapPlan& plan, const MessageMaker& maker,
               LoadClock& clock);

    // Called about once a second.
    std::function<void(const ImapInterval&)> watch;
    // Called as each begins; `measured` before a connection of the run is closed.
    std::function<void(ImapStage)> enter;
    // Set from elsewhere (a signal): no more is begun, what is under way is waited for.
    void stop() { stopped_.store(true, std::memory_order_relaxed); }

    // An error where no connection comes about, or a mailbox lacks what is needed.
    Result<ImapStatistics> run();

  private:
    struct Resting {
        uint32_t session = 0;
        uint64_t until_ns = 0;
    };
    struct Mailbox {
        MailboxModel model;
        std::vector<MailboxModel::Message> seen;  // by a session that reads it
        uint32_t sharers = 0;                     // sessions that change it
        bool read = false;                        // `seen` is whole
    };

    void on_finished(ImapSession& session, const ImapCommand& command,
                     dataplane::ResponseStatus status, std::string_view text) override;
    void on_untagged(ImapSession& session, std::string_view text) override;

    Status prepare();
    Status read_mailboxes(ImapStage stage);
    void learn();
    void compare();
    Status open_all();
    Status measure();
    Status leave_all();
    Status ready_for_use() const;
    Status step();
    Status wait(uint64_t now_ns);
    Status hopeless() const;
    void change_stage(ImapStage stage);
    bool reading() const { return stage_ == ImapStage::reading || stage_ == ImapStage::checking; }
    bool logging_in() const { return options_.operation == ImapOperation::login && !reading(); }
    bool sending(uint64_t now_ns) const;

    size_t mailbox_of(uint32_t index) const { return index % options_.users; }
    bool watches(uint32_t index) const {
        return options_.operation == ImapOperation::watch && index >= mailboxes_.size();
    }
    ImapOpening opening_of(uint32_t index) const;
    void open_more(uint64_t now_ns);
    void open(uint32_t index);
    void push(uint32_t index);
    void leave(uint32_t index);
    void settle(uint32_t index, ImapSession::State before);
    void note_ready(uint32_t index);
    void note_end(uint32_t index, ImapSession::State before);
    void note_left(uint32_t index);
    void forget(const ImapSession& session);
    void expire(uint64_t now_ns);
    void tick(uint64_t now_ns);

    // imap_engine_commands.cc
    bool count_begun(uint32_t index);
    void fill(ImapSession& session);
    void send_next(ImapSession& session, uint64_t now_ns);
    void send_append(ImapSession& session, ImapCommand& command);
    void draw_store(const ImapSession& session, ImapCommand& command);
    void change_more(uint64_t now_ns);

    const ImapEngineOptions& options_;
    const ImapPlan& plan_;
    const MessageMaker& maker_;
    LoadClock& clock_;
    UniqueFd epoll_;
    std::mt19937_64 random_;
    std::vector<std::unique_ptr<ImapSession>> sessions_;
    std::vector<uint64_t> begun_each_;  // by session
    std::vector<Mailbox> mailboxes_;
    ImapWatch changes_;
    std::deque<uint32_t> closed_;  // sessions that are to be opened
    std::deque<Resting> resting_;  // sessions that failed, the first ones first
    uint32_t opening_ = 0;
    uint32_t ready_ = 0;
    uint32_t live_ = 0;       // with a connection
    uint64_t under_way_ = 0;  // commands
    uint32_t exhausted_ = 0;  // sessions that have sent all that they may
    std::atomic<bool> stopped_ = false;
    ImapStage stage_ = ImapStage::opening;
    bool hopeless_ = false;
    uint64_t run_ns_ = 0;  // when the run began
    uint64_t stage_failures_ = 0;
    bool established_ = false;  // any, in this stage
    uint64_t start_ns_ = 0;     // when the measuring began
    uint64_t end_ns_ = 0;
    uint64_t logins_ = 0;
    uint64_t messages_ = 0;  // that were made
    uint64_t last_ready_ns_ = 0;
    uint64_t last_answer_ns_ = 0;
    ImapFailure last_failure_ = ImapFailure::none;
    uint64_t interval_ns_ = 0;
    ImapInterval interval_;  // what there is of it
    ImapStatistics total_;
    std::string message_head_;
    MailConnection::Room in_{};
    MailConnection::Room out_{};
};

}  // namespace gatepost::tools

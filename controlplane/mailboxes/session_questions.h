// Who is connected: asked of all workers, whose answers are gathered until each has told all, or
// has had its time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controlplane/mailboxes/mailbox_workers.h"

namespace gatepost::controlplane {

struct SessionList {
    std::vector<storage::SessionNote> sessions;
    bool is_complete = true;  // false: a worker has not told all in time
};

class SessionQuestions {
  public:
    using Clock = std::chrono::steady_clock;
    using Take = std::function<void(SessionList)>;

    static constexpr std::chrono::seconds kAnswerMax{2};
    // Sessions of one answer; beyond it is not complete.
    static constexpr size_t kSessionsMax = 100'000;

    // `account_id` 0: of all accounts.
    void ask(MailboxWorkers& workers, uint64_t account_id, Take take);
    void take(uint64_t peer, storage::SessionNote note);
    // Answers what is complete, or has had its time. Workers that are gone have told all.
    void look_after(const MailboxWorkers& workers, Clock::time_point now);
    std::optional<Clock::time_point> deadline() const;

  private:
    struct Question {
        uint64_t account_id = 0;
        Take take;
        Clock::time_point until;
        std::set<uint64_t> silent;  // peers that have not told all
        SessionList list;
    };

    std::map<uint64_t, Question> questions_;
    uint64_t next_ = 1;
};

}  // namespace gatepost::controlplane

// What the thread of the commit service does and has.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "controlplane/commit/batch_committer.h"
#include "controlplane/commit/commit_peer.h"
#include "controlplane/commit/commit_service.h"
#include "controlplane/commit/delivery_batch.h"
#include "controlplane/commit/login_notes.h"

namespace gatepost::controlplane {

class CommitServiceThread {
  public:
    explicit CommitServiceThread(CommitService& service);
    // Until request_stop().
    void run();

  private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point woken();
    bool has_room() const {
        return pending_.size() < CommitService::kBatchMessagesMax &&
               pending_octets_ < CommitService::kBatchOctetsMax;
    }
    void wait();
    int wait_ms() const;
    void take_connections();
    void run_errands();
    void run_errand(CommitService::Errand errand);
    // The one who copies is gone: whoever waits is told.
    void give_up_copying(std::string_view why);
    void receive();
    // Frames of a peer that fit; gives whether it may have more.
    bool receive_from(uint64_t id, CommitPeer& peer);
    void take_frame(uint64_t id, CommitPeer& peer, const storage::Frame& frame);
    void take_request(uint64_t id, CommitPeer& peer, Bytes payload);
    void take_copied(uint64_t id, Bytes payload);
    void commit();
    void flush_notes();
    void forget_closed();
    void report();

    CommitService& service_;
    BatchCommitter committer_;
    std::map<uint64_t, CommitPeer> peers_;
    uint64_t next_peer_ = 1;
    std::vector<PendingDelivery> pending_;
    size_t pending_octets_ = 0;
    struct Copying {
        uint64_t peer = 0;
        uint64_t sequence = 0;
        CommitService::CopiedHook copied;  // null: nobody copies
    };
    Copying copying_;
    LoginNotes notes_;
    RuleHits hits_;
    Clock::time_point notes_due_{};
    uint64_t malformed_ = 0;
    uint64_t notes_dropped_ = 0;
    uint64_t largest_batch_ = 0;
    uint64_t last_batch_us_ = 0;
    int64_t last_commit_at_us_ = 0;
    std::vector<pollfd> polls_;
};

}  // namespace gatepost::controlplane

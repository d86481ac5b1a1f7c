// The connections of all workers: replies to one, events to all.
#pragma once

#include <poll.h>

#include <cstdint>
#include <map>
#include <vector>

#include "controlplane/commit/commit_peer.h"
#include "storage/mailbox_frames/mailbox_frames.h"

namespace gatepost::controlplane {

class MailboxWorkers {
  public:
    // Takes the place of the worker's connection before.
    void add(unsigned worker, UniqueFd socket);
    // `reading`: what comes is waited for.
    void add_polls(std::vector<pollfd>& polls, bool reading) const;

    void reply(uint64_t peer, const storage::MailboxReply& reply);
    void broadcast(const storage::MailboxEvent& event);
    void changed(uint64_t mailbox_id, uint64_t account_id);
    void account_changed(uint64_t account_id);
    // Sends what the sockets take.
    void flush();
    void forget_closed();

    std::map<uint64_t, CommitPeer>& peers() { return peers_; }
    bool contains(uint64_t peer) const { return peers_.contains(peer); }
    size_t size() const { return peers_.size(); }
    uint64_t events() const { return events_; }

  private:
    std::map<uint64_t, CommitPeer> peers_;
    uint64_t next_ = 1;
    uint64_t events_ = 0;
};

}  // namespace gatepost::controlplane

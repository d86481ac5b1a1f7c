#include "controlplane/mailboxes/mailbox_workers.h"

#include <fcntl.h>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

using storage::MailboxEvent;
using storage::MailboxReply;

void MailboxWorkers::add(unsigned worker, UniqueFd socket) {
    for (auto& [id, peer] : peers_)
        if (peer.worker() == worker) peer.close("there is a new one");
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    peers_.emplace(next_++, CommitPeer(worker, std::move(socket), "mailboxes.connection_closed"));
    log_info("mailboxes.connection").field("worker", worker);
    forget_closed();
}

void MailboxWorkers::add_polls(std::vector<pollfd>& polls, bool reading) const {
    for (const auto& [id, peer] : peers_)
        polls.push_back(
            {peer.socket(),
             static_cast<short>((reading ? POLLIN : 0) | (peer.has_output() ? POLLOUT : 0)), 0});
}

void MailboxWorkers::reply(uint64_t peer, const MailboxReply& reply) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    std::vector<uint8_t>* const out = found->second.output();
    if (out == nullptr || storage::append_frame(*out, reply)) return;
    MailboxReply shorter;
    shorter.sequence = reply.sequence;
    // Messages are named by what has changed them.
    const bool is_done =
        !reply.uids.empty() || !reply.source_uids.empty() || !reply.modified.empty();
    shorter.outcome =
        is_done ? storage::MailboxOutcome::unknown : storage::MailboxOutcome::unavailable;
    shorter.text = "the answer is too long";
    if (!storage::append_frame(*out, shorter)) found->second.close("an answer is too long");
}

void MailboxWorkers::broadcast(const MailboxEvent& event) {
    ++events_;
    for (auto& [id, peer] : peers_)
        if (std::vector<uint8_t>* const out = peer.output(); out != nullptr)
            if (!storage::append_frame(*out, event)) peer.close("an event is too long");
}

void MailboxWorkers::changed(uint64_t mailbox_id, uint64_t account_id) {
    MailboxEvent event;
    event.kind = MailboxEvent::Kind::changed;
    event.mailbox_id = mailbox_id;
    event.account_id = account_id;
    broadcast(event);
}

void MailboxWorkers::account_changed(uint64_t account_id) {
    MailboxEvent event;
    event.kind = MailboxEvent::Kind::account;
    event.account_id = account_id;
    broadcast(event);
}

void MailboxWorkers::flush() {
    for (auto& [id, peer] : peers_) peer.flush();
}

void MailboxWorkers::forget_closed() {
    std::erase_if(peers_, [](const auto& entry) { return entry.second.is_closed(); });
}

}  // namespace gatepost::controlplane

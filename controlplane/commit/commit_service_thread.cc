#include "controlplane/commit/commit_service_thread.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using storage::FrameVerb;

constexpr milliseconds kNotesInterval{1000};  // notes about logins go together for so long
constexpr milliseconds kStopGrace{1000};      // for the transaction that is under way
constexpr int kWaitMsMax = 60'000;

int64_t unix_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void drain(int eventfd) {
    uint64_t count;
    (void)!::read(eventfd, &count, sizeof count);
}

}  // namespace

CommitServiceThread::CommitServiceThread(CommitService& service)
    : service_(service),
      committer_({service.options_.dsn, service.options_.edge, service.options_.held_reason,
                  service.options_.lock_wait},
                 service.wake_.get(), [this] { return woken(); }) {}

// While the thread waits for the database. A new connection is taken up afterwards.
CommitServiceThread::Clock::time_point CommitServiceThread::woken() {
    drain(service_.wake_.get());
    return service_.stop_ ? Clock::now() + kStopGrace : Clock::time_point::max();
}

void CommitServiceThread::run() {
    report();
    while (!service_.stop_) {
        wait();
        take_connections();
        run_errands();
        receive();
        if (committer_.connect() && !pending_.empty()) commit();
        flush_notes();
        for (auto& [id, peer] : peers_) peer.flush();
        // What a connection has brought already wakes nobody.
        receive();
        forget_closed();
        report();
    }
}

int CommitServiceThread::wait_ms() const {
    {
        // woken() has drained the word about one that came while the database was waited for.
        const std::lock_guard lock(service_.mutex_);
        if (!service_.handed_over_.empty() || !service_.errands_.empty()) return 0;
    }
    const bool has_notes = notes_.has_logins() || notes_.has_failures() || !hits_.empty();
    Clock::time_point until = Clock::now() + milliseconds(kWaitMsMax);
    if (!committer_.is_connected())
        until = committer_.next_attempt();
    else if (!pending_.empty())
        return 0;
    else if (has_notes)
        until = notes_due_;
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, kWaitMsMax));
}

void CommitServiceThread::wait() {
    polls_.clear();
    polls_.push_back({service_.wake_.get(), POLLIN, 0});
    for (const auto& [id, peer] : peers_)
        polls_.push_back(
            {peer.socket(),
             static_cast<short>((has_room() ? POLLIN : 0) | (peer.has_output() ? POLLOUT : 0)), 0});
    if (::poll(polls_.data(), polls_.size(), wait_ms()) <= 0) return;
    if (polls_[0].revents != 0 && !service_.stop_) drain(service_.wake_.get());
    // Nothing is read of a peer that has gone while there is no room, and poll() would not wait.
    if (has_room()) return;
    auto entry = polls_.begin() + 1;
    for (auto& [id, peer] : peers_)
        if (((entry++)->revents & (POLLHUP | POLLERR)) != 0) peer.close("the worker is gone");
}

void CommitServiceThread::take_connections() {
    std::vector<std::pair<unsigned, UniqueFd>> handed_over;
    {
        const std::lock_guard lock(service_.mutex_);
        handed_over.swap(service_.handed_over_);
    }
    for (auto& [worker, socket] : handed_over) {
        for (auto& [id, peer] : peers_)
            if (peer.worker() == worker) peer.close("there is a new one");
        ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
        peers_.emplace(next_peer_++, CommitPeer(worker, std::move(socket)));
        log_info("commit.connection").field("worker", worker);
    }
    forget_closed();
}

void CommitServiceThread::run_errands() {
    std::vector<CommitService::Errand> errands;
    {
        const std::lock_guard lock(service_.mutex_);
        errands.swap(service_.errands_);
    }
    for (CommitService::Errand& errand : errands) run_errand(std::move(errand));
}

void CommitServiceThread::run_errand(CommitService::Errand errand) {
    const bool is_copy = errand.copied != nullptr;
    if (is_copy) {
        give_up_copying("another compaction begins");
        copying_ = {0, errand.sequence, std::move(errand.copied)};
    }
    for (auto& [id, peer] : peers_) {
        const std::vector<uint8_t>& frame = peer.worker() == 0 ? errand.frame : errand.others;
        std::vector<uint8_t>* const out = frame.empty() ? nullptr : peer.output();
        if (out == nullptr) continue;
        out->insert(out->end(), frame.begin(), frame.end());
        if (is_copy) copying_.peer = id;
        peer.flush();
    }
    if (is_copy && copying_.peer == 0)
        give_up_copying("the dataplane is not connected; try again later");
}

void CommitServiceThread::give_up_copying(std::string_view why) {
    const Copying copying = std::exchange(copying_, {});
    if (copying.copied) copying.copied({copying.sequence, std::string(why), false, {}});
}

void CommitServiceThread::take_copied(uint64_t id, Bytes payload) {
    auto answer = storage::decode_bodies_copied(payload);
    if (!answer) {
        ++malformed_;
        return;
    }
    if (copying_.peer != id || copying_.sequence != answer->sequence) return;
    const Copying copying = std::exchange(copying_, {});
    copying.copied(*answer);
}

// A little of each in turn, until nobody has more or there is a batch.
void CommitServiceThread::receive() {
    for (bool more = true; more && has_room();) {
        more = false;
        for (auto& [id, peer] : peers_)
            if (has_room()) more |= receive_from(id, peer);
    }
}

bool CommitServiceThread::receive_from(uint64_t id, CommitPeer& peer) {
    // Frames that there was no room for come first.
    for (;;) {
        if (!has_room()) return true;
        const auto frame = peer.next();
        if (!frame) break;
        take_frame(id, peer, *frame);
    }
    return peer.receive();
}

void CommitServiceThread::take_frame(uint64_t id, CommitPeer& peer, const storage::Frame& frame) {
    switch (frame.verb) {
        case FrameVerb::deliver:
            return take_request(id, peer, frame.payload);
        case FrameVerb::login: {
            auto note = storage::decode_login_note(frame.payload);
            if (!note)
                ++malformed_;
            else if (!notes_.add(std::move(*note)))
                ++notes_dropped_;
            return;
        }
        case FrameVerb::auth_failed: {
            auto failure = storage::decode_auth_failure(frame.payload);
            if (!failure)
                ++malformed_;
            else if (!notes_.add(std::move(*failure)))
                ++notes_dropped_;
            return;
        }
        case FrameVerb::bodies_copied:
            return take_copied(id, frame.payload);
        default:
            ++malformed_;
            return peer.close("it sent what only the service sends");
    }
}

void CommitServiceThread::take_request(uint64_t id, CommitPeer& peer, Bytes payload) {
    auto request = storage::decode_delivery_request(payload);
    auto pending = request ? pending_delivery(id, std::move(*request))
                           : Result<PendingDelivery>(tl::unexpected(request.error()));
    if (pending) {
        pending_octets_ += pending->weight;
        pending_.push_back(std::move(*pending));
        return;
    }
    // It stays where it is, for a later version of this program perhaps.
    ++malformed_;
    log_error("commit.malformed_request")
        .field("worker", peer.worker())
        .field("error", pending.error().message);
    storage::DeliveryReply reply;
    reply.sequence = storage::sequence_of(payload);
    reply.outcome = storage::DeliveryOutcome::retry_later;
    reply.reason = pending.error().message;
    peer.reply(reply);
}

void CommitServiceThread::commit() {
    const Clock::time_point begin = Clock::now();
    const size_t answered =
        committer_.commit(pending_, [this](std::span<const PendingDelivery> batch, auto replies) {
            for (size_t i = 0; i < batch.size(); ++i) {
                const auto peer = peers_.find(batch[i].peer);
                if (peer != peers_.end()) peer->second.reply(replies[i]);
                if (replies[i].outcome == storage::DeliveryOutcome::stored)
                    hits_.add(batch[i].envelope.rules);
            }
        });
    if (answered == 0) return;
    largest_batch_ = std::max<uint64_t>(largest_batch_, answered);
    last_batch_us_ = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
    last_commit_at_us_ = unix_us();
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(answered));
    pending_octets_ = 0;
    for (const PendingDelivery& one : pending_) pending_octets_ += one.weight;
}

void CommitServiceThread::flush_notes() {
    if (!notes_.has_logins() && !notes_.has_failures() && hits_.empty()) {
        notes_due_ = Clock::now() + kNotesInterval;
        return;
    }
    if (Clock::now() < notes_due_) return;
    notes_due_ = Clock::now() + kNotesInterval;
    committer_.note(notes_);
    committer_.note(hits_);
}

// What a worker that is gone had asked for is asked again by the next one.
void CommitServiceThread::forget_closed() {
    const auto is_closed = [](const auto& entry) { return entry.second.is_closed(); };
    if (std::erase_if(peers_, is_closed) == 0) return;
    if (copying_.peer != 0 && !peers_.contains(copying_.peer))
        give_up_copying("the dataplane went away; try again later");
    std::erase_if(pending_,
                  [this](const PendingDelivery& one) { return !peers_.contains(one.peer); });
    pending_octets_ = 0;
    for (const PendingDelivery& one : pending_) pending_octets_ += one.weight;
}

void CommitServiceThread::report() {
    const CommitterCounters& counters = committer_.counters();
    const std::lock_guard lock(service_.mutex_);
    CommitStatus& status = service_.status_;
    status.connected = committer_.is_connected();
    status.error = committer_.error();
    status.workers = static_cast<unsigned>(peers_.size());
    status.waiting = pending_.size();
    status.waiting_octets = pending_octets_;
    status.stored = counters.stored;
    status.duplicates = counters.duplicates;
    status.undeliverable = counters.undeliverable;
    status.refused = counters.refused;
    status.malformed = malformed_;
    status.transactions = counters.transactions;
    status.splits = counters.splits;
    status.conflicts = counters.conflicts;
    status.connects = counters.connects;
    status.largest_batch = largest_batch_;
    status.last_batch_us = last_batch_us_;
    status.notes_dropped = notes_dropped_ + counters.notes_lost;
    status.last_commit_at_us = last_commit_at_us_;
}

}  // namespace gatepost::controlplane

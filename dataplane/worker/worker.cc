#include "dataplane/worker/worker.h"

#include "dataplane/worker/burst_time.h"

namespace gatepost::dataplane {

namespace {

// All that the servers need. Nothing here opens, connects or runs anything.
constexpr uint8_t kRingOperations[] = {
    IORING_OP_RECVMSG, IORING_OP_SENDMSG,      IORING_OP_ACCEPT, IORING_OP_RECV,
    IORING_OP_SEND,    IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE,
};

// And what the message log needs, whose folder is all that Landlock lets be reached.
constexpr uint8_t kMailRingOperations[] = {
    IORING_OP_RECVMSG,  IORING_OP_SENDMSG,      IORING_OP_ACCEPT,    IORING_OP_RECV,
    IORING_OP_SEND,     IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE,     IORING_OP_READ,
    IORING_OP_WRITE,    IORING_OP_FSYNC,        IORING_OP_FALLOCATE, IORING_OP_OPENAT,
    IORING_OP_UNLINKAT, IORING_OP_RENAMEAT,     IORING_OP_NOP,
};

std::span<const uint8_t> ring_operations(const MailShared* mail) {
    if (mail == nullptr) return kRingOperations;
    return kMailRingOperations;
}

constexpr uint64_t kTurnNs =
    100'000'000;  // the longest wait: counters, timers and stop() look on after it

// When a turn brought this many queries, the next ones are close behind: a short wait for a larger
// burst saves most of the wake-ups, as a network card's interrupt moderation does. Fewer: each
// query is answered at once. More: the worker is behind, and must not wait at all.
constexpr uint64_t kGatherQueriesMin = 8;
constexpr uint64_t kGatherQueriesMax = 4 * kBurstMax;
constexpr unsigned kGatherCompletions = 1024;  // more than a gathering brings: the time ends it

}  // namespace

Result<std::unique_ptr<Worker>> Worker::create(const WorkerOptions& options, WorkerSockets sockets,
                                               storage::RuntimePage& page,
                                               const ImageSource& images, TlsShared& tls,
                                               MailShared* mail) {
    GATEPOST_CHECK(options.index < storage::kWorkersMax);
    std::unique_ptr<Worker> worker(new Worker(options, page, images));
    if (Status made = worker->make_servers(std::move(sockets), tls, mail); !made)
        return tl::unexpected(made.error());
    return worker;
}

Status Worker::make_servers(WorkerSockets sockets, TlsShared& tls, MailShared* mail) {
    auto ring = Ring::create({.operations = ring_operations(mail)});
    if (!ring) return tl::unexpected(ring.error());
    ring_ = std::move(*ring);
    auto udp = UdpServer::create(*ring_, *this, counters_, std::move(sockets.udp), options_.udp);
    if (!udp) return tl::unexpected(udp.error());
    udp_ = std::move(*udp);
    auto streams =
        StreamServices::create({*ring_, *this, counters_, streams_counters_, page_, current_,
                                directory_, mailboxes_, tls, mail, options_.index},
                               options_.streams, std::move(sockets.streams));
    if (!streams) return tl::unexpected(streams.error());
    streams_ = std::move(*streams);
    return {};
}

Worker::~Worker() {
    stop();
    if (streams_ && streams_->mail() != nullptr) streams_->mail()->close();
    ring_.reset();  // first: its requests name buffers of the servers
}

Status Worker::begin() {
    if (Status enabled = ring_->enable(); !enabled) return enabled;
    counters_.heartbeat_ns.store(monotonic_ns(), std::memory_order_relaxed);  // alive from here on
    streams_->server().set_time(monotonic_ns() / 1'000'000);
    udp_->start();
    if (MailService* mail = streams_->mail()) mail->start(monotonic_ns() / 1'000'000);
    streams_->server().start();
    ring_->submit();
    return {};
}

Status Worker::turn() {
    if (Status waited = wait(); !waited) return waited;
    queries_of_last_turn_ = take_turn();
    return {};
}

void Worker::end(bool orderly) {
    reader_.offline();
    if (orderly) ring_->submit();
}

Status Worker::wait() {
    bool gather = options_.gather_us != 0 && queries_of_last_turn_ >= kGatherQueriesMin &&
                  queries_of_last_turn_ < kGatherQueriesMax;
    return gather ? ring_->submit_and_wait(kGatherCompletions, options_.gather_us * uint64_t{1000})
                  : ring_->submit_and_wait(1, kTurnNs);
}

// From one wait to the next; gives how many queries it brought.
uint64_t Worker::take_turn() {
    uint64_t before = udp_->received() + streams_->received();
    uint64_t now = monotonic_ns();
    counters_.heartbeat_ns.store(now, std::memory_order_relaxed);
    reader_.online(qsbr_.epoch);
    const ServedImage* served = current_.load(std::memory_order_acquire);
    counters_.arena_generation.store(served == nullptr ? 0 : served->generation,
                                     std::memory_order_relaxed);
    const ServedDirectory* directory = directory_.load(std::memory_order_acquire);
    counters_.directory_generation.store(directory == nullptr ? 0 : directory->generation,
                                         std::memory_order_relaxed);
    udp_->settle();
    StreamServer& streams = streams_->server();
    streams.set_time(now / 1'000'000);
    MailService* mail = streams_->mail();
    if (mail != nullptr) mail->set_time(now / 1'000'000);
    if (draining_.load(std::memory_order_relaxed)) streams.drain();
    ring_->reap();
    udp_->finish_burst();
    if (mail != nullptr) mail->finish_turn();
    streams.finish_turn();
    // No reference into any image is held from here on.
    count_turn();
    reader_.offline();
    return udp_->received() + streams_->received() - before;
}

void Worker::take_commit_connection(UniqueFd socket) {
    if (MailService* mail = streams_->mail()) mail->take_connection(std::move(socket));
}

void Worker::take_mailbox_connection(UniqueFd socket) {
    if (MailService* mail = streams_->mail()) mail->take_mailbox_connection(std::move(socket));
}

void Worker::answer(std::span<Exchange> burst) {
    const ServedImage* served = current_.load(std::memory_order_acquire);
    responder_.answer_burst(served == nullptr ? nullptr : &served->image, burst, burst_time(),
                            counters_);
}

}  // namespace gatepost::dataplane

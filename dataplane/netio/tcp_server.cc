#include "dataplane/netio/tcp_server.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "dataplane/netio/listen_socket.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::WorkerCounters;

constexpr uint64_t kTimerMs = 100;
// One reply's room in a burst. A cache line more than the message, so that the replies of a burst
// do not all begin in one set of the cache.
constexpr size_t kReplyStride = kTcpMessageMax + 1 + storage::kCacheLine;

bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Result<std::unique_ptr<TcpServer>> TcpServer::create(Ring& ring, BurstAnswerer& answerer,
                                                     WorkerCounters& counters,
                                                     std::vector<UniqueFd> sockets,
                                                     const TcpServerOptions& options) {
    std::unique_ptr<TcpServer> server(new TcpServer(ring, answerer, counters, options));
    if (Status made = server->make_pool(); !made) return tl::unexpected(made.error());
    for (UniqueFd& fd : sockets) {
        if (Status added = server->add_socket(std::move(fd)); !added)
            return tl::unexpected(added.error());
    }
    return server;
}

TcpServer::~TcpServer() {
    if (pool_ != nullptr) ::munmap(pool_, pool_size_);
}

// Address space is reserved for the worst case; memory is used as connections touch it.
Status TcpServer::make_pool() {
    pool_size_ = connections_max_ * 2 * kTcpAreaSize + kBurstMax * kReplyStride;
    void* p = ::mmap(nullptr, pool_size_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return fail(ErrorCode::refused,
                    "reserving {} MiB for {} TCP connections: {}; lower the number of connections",
                    pool_size_ >> 20, connections_max_, std::strerror(errno));
    pool_ = static_cast<uint8_t*>(p);
    replies_ = pool_ + connections_max_ * 2 * kTcpAreaSize;
    connections_ = std::make_unique<TcpConnection[]>(connections_max_);
    free_.reserve(connections_max_);
    for (size_t i = connections_max_; i-- > 0;) {
        connections_[i].place(*this, pool_ + i * 2 * kTcpAreaSize);
        free_.push_back(&connections_[i]);
    }
    return {};
}

Status TcpServer::add_socket(UniqueFd fd) {
    auto local = local_address(fd.get());
    if (!local) return tl::unexpected(local.error());
    if (Status ready = prepare_for_ring(fd.get(), *local); !ready) return ready;
    auto listener = std::make_unique<Listener>();
    listener->server = this;
    listener->fd = std::move(fd);
    listener->family = local->family() == AF_INET ? Family::ipv4 : Family::ipv6;
    listeners_.push_back(std::move(listener));
    return {};
}

void TcpServer::start() {
    arm_all();
}

void TcpServer::arm(Listener& listener) {
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_multishot_accept(request, listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC);
    Ring::route(request, listener);
    listener.armed = true;
}

void TcpServer::arm_all() {
    unarmed_ = false;
    for (auto& listener : listeners_) {
        if (!listener->armed) arm(*listener);
    }
}

void TcpServer::on_accept(Listener& listener, const Completion& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
        listener.armed = false;
        unarmed_ = true;
    }
    if (completion.result < 0) {
        // Out of descriptors: asking again at once would spin; the clients wait in the backlog.
        if (is_shortage(-completion.result)) short_of_descriptors_ = true;
        return;
    }
    UniqueFd fd(completion.result);
    if (free_.empty()) {
        count_drop(Drop::tcp_limit);
        close_descriptor(std::move(fd));
        return;
    }
    TcpConnection* connection = free_.back();
    free_.pop_back();
    WorkerCounters::add(counters_.tcp_connections_total, 1);
    counters_.tcp_connections.store(open_connections(), std::memory_order_relaxed);
    connection->open(std::move(fd), listener.family);
}

void TcpServer::release(TcpConnection& connection) {
    free_.push_back(&connection);
    counters_.tcp_connections.store(open_connections(), std::memory_order_relaxed);
}

void TcpServer::close_descriptor(UniqueFd fd) {
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_close(request, fd.release());
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    Ring::route(request, ignored_);
}

// RFC 7766 §6.2.3: a server may shorten the idle time when it runs short of connections.
uint64_t TcpServer::idle_ms_now() const {
    bool nearly_full = open_connections() * 4 >= connections_max_ * 3;
    return nearly_full ? options_.idle_ms / 4 : options_.idle_ms;
}

void TcpServer::set_time(uint64_t now_ms) {
    now_ms_ = now_ms;
    if (now_ms_ - timer_ms_ < kTimerMs) return;
    timer_ms_ = now_ms_;
    short_of_descriptors_ = false;
    uint64_t idle_ms = idle_ms_now();
    for (size_t i = 0; i < connections_max_ && open_connections() != 0; ++i) {
        if (connections_[i].is_open())
            connections_[i].check_time(now_ms_, idle_ms, options_.frame_ms);
    }
}

void TcpServer::enqueue(TcpConnection& connection, size_t frame_offset) {
    GATEPOST_CHECK(pending_ < kBurstMax);
    Bytes query = connection.frame(frame_offset);
    exchanges_[pending_] = Exchange{.query = query.data(),
                                    .query_length = static_cast<uint16_t>(query.size()),
                                    .reply_capacity = static_cast<uint16_t>(kTcpMessageMax),
                                    .reply_length = 0,
                                    .transport = Transport::tcp,
                                    .family = connection.family(),
                                    .reply = replies_ + pending_ * kReplyStride,
                                    .client = connection.client()};
    burst_[pending_++] = Query{&connection, frame_offset};
}

void TcpServer::flush() {
    if (pending_ == 0) return;
    received_ += pending_;
    answerer_.answer(std::span(exchanges_.data(), pending_));
    for (size_t i = 0; i < pending_; ++i)
        burst_[i].connection->take_reply(burst_[i].frame_offset,
                                         Bytes(exchanges_[i].reply, exchanges_[i].reply_length));
    for (size_t i = 0; i < pending_; ++i) burst_[i].connection->after_burst();
    pending_ = 0;
}

void TcpServer::finish_burst() {
    flush();
    if (unarmed_ && !short_of_descriptors_) arm_all();
}

void TcpServer::count_drop(Drop reason) {
    WorkerCounters::add(counters_.dropped[static_cast<size_t>(reason)], 1);
}

}  // namespace gatepost::dataplane

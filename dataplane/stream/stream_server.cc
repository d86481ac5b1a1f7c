#include "dataplane/stream/stream_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/netio/listen_socket.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::StreamEnd;
using storage::WorkerCounters;

constexpr uint16_t kReceiveGroup = 2;       // 1 is the UDP server's
constexpr uint64_t kShortagePauseMs = 100;  // between attempts to accept without descriptors

bool is_limit(StreamEnd end) {
    return end == StreamEnd::listener_limit || end == StreamEnd::source_limit ||
           end == StreamEnd::prefix_limit;
}

bool is_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

bool is_proxy(const StreamListenerOptions& options, const PeerAddress& peer) {
    size_t length = peer.family == Family::ipv4 ? 4 : 16;
    return std::any_of(options.proxies.begin(), options.proxies.end(),
                       [&](const AddressPrefix& proxy) {
                           return proxy.covers({peer.octets, length});
                       });
}

std::optional<StreamEnd> refusal(SourceLimits::Verdict verdict) {
    switch (verdict) {
        case SourceLimits::Verdict::address_full:
            return StreamEnd::source_limit;
        case SourceLimits::Verdict::network_full:
            return StreamEnd::prefix_limit;
        case SourceLimits::Verdict::admitted:
            break;
    }
    return std::nullopt;
}

Result<std::unique_ptr<StreamServer>> StreamServer::create(Ring& ring, WorkerCounters& counters,
                                                           storage::StreamCounters& streams,
                                                           const StreamServerOptions& options) {
    auto pool = BufferPool::create(options.buffers_max, streams);
    if (!pool) return tl::unexpected(pool.error());
    auto buffers = BufferRing::create(ring, kReceiveGroup, options.receive_buffers, kReceiveBuffer);
    if (!buffers) return tl::unexpected(buffers.error());
    return std::unique_ptr<StreamServer>(
        new StreamServer(ring, std::move(*pool), std::move(*buffers), counters, streams, options));
}

StreamServer::StreamServer(Ring& ring, BufferPool pool, BufferRing buffers,
                           WorkerCounters& counters, storage::StreamCounters& streams,
                           const StreamServerOptions& options)
    : ring_(ring),
      counters_(counters),
      streams_(streams),
      options_(options),
      pool_(std::move(pool)),
      buffers_(std::move(buffers)),
      host_{pool_, timers_, streams_},
      sockets_{ring_, buffers_, streams_},
      sources_(options.sources) {}

StreamServer::~StreamServer() {
    // Coroutines first: what they hold refers to the streams.
    for (auto& connection : connections_) connection->task.reset();
    for (auto& connection : connections_) connection->stream.reset();
}

Status StreamServer::add_listener(UniqueFd fd, const StreamListenerOptions& options) {
    auto local = local_address(fd.get());
    if (!local) return tl::unexpected(local.error());
    if (Status ready = prepare_for_ring(fd.get(), *local); !ready) return ready;
    auto listener = std::make_unique<StreamListener>();
    listener->server = this;
    listener->fd = std::move(fd);
    listener->options = options;
    listeners_.push_back(std::move(listener));
    return {};
}

void StreamServer::start() {
    arm_all();
}

void StreamServer::arm_all() {
    unarmed_ = false;
    for (auto& listener : listeners_) {
        if (listener->armed || !listener->fd) continue;
        io_uring_sqe* request = ring_.next_request();
        ::io_uring_prep_multishot_accept(request, listener->fd.get(), nullptr, nullptr,
                                         SOCK_CLOEXEC);
        Ring::route(request, *listener);
        listener->armed = true;
    }
}

void StreamListener::complete(const Completion& completion) {
    server->on_accept(*this, completion);
}

void StreamServer::on_accept(StreamListener& listener, const Completion& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
        listener.armed = false;
        unarmed_ = true;
    }
    if (draining_ && !listener.armed) listener.fd.reset();  // its backlog is for another process
    if (completion.result < 0) {
        // Out of descriptors: asking again at once would spin; the clients wait in the backlog.
        if (is_shortage(-completion.result)) {
            short_of_descriptors_ = true;
            shortage_ms_ = timers_.now_ms();
        }
        return;
    }
    open(listener, UniqueFd(completion.result));
}

std::optional<StreamEnd> StreamServer::admit(StreamListener& listener, const PeerAddress& peer,
                                             bool& counted) {
    if (listener.open >= listener.options.connections_max) return StreamEnd::listener_limit;
    if (listener.options.has_own_places) return std::nullopt;
    if (open_ - open_apart_ >= options_.connections_max) return StreamEnd::listener_limit;
    // A proxy's own address has everybody's connections.
    counted = !is_proxy(listener.options, peer);
    if (!counted) return std::nullopt;
    return refusal(sources_.enter(peer));
}

void StreamServer::refuse(UniqueFd fd, StreamEnd why) {
    storage::count(streams_.ends[static_cast<size_t>(why)]);
    if (is_limit(why))
        WorkerCounters::add(counters_.dropped[static_cast<size_t>(Drop::tcp_limit)], 1);
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_close(request, fd.release());
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    Ring::route(request, ignored_);
}

Connection* StreamServer::take_place() {
    if (free_.empty()) {
        connections_.push_back(std::make_unique<Connection>(sockets_));
        connections_.back()->server = this;
        return connections_.back().get();
    }
    Connection* connection = free_.back();
    free_.pop_back();
    return connection;
}

void StreamServer::set_time(uint64_t now_ms) {
    timers_.advance(now_ms);
    if (short_of_descriptors_ && now_ms - shortage_ms_ >= kShortagePauseMs)
        short_of_descriptors_ = false;
}

void StreamServer::finish_turn() {
    buffers_.publish();
    if (unarmed_ && !short_of_descriptors_ && !draining_) arm_all();
}

void StreamServer::drain() {
    if (!draining_) {
        draining_ = true;
        for (auto& listener : listeners_) {
            if (!listener->armed) {
                listener->fd.reset();
                continue;
            }
            io_uring_sqe* request = ring_.next_request();
            ::io_uring_prep_cancel_fd(request, listener->fd.get(), IORING_ASYNC_CANCEL_ALL);
            request->flags |= IOSQE_CQE_SKIP_SUCCESS;
            Ring::route(request, ignored_);
        }
    }
    // Interrupting a session may end it, but places stay where they are.
    for (size_t i = 0; i < connections_.size(); ++i) {
        Connection& connection = *connections_[i];
        if (!connection.stream || connection.session->draining) continue;
        connection.session->draining = true;
        connection.stream->interrupt();
    }
}

}  // namespace gatepost::dataplane

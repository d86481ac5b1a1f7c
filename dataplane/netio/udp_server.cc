#include "dataplane/netio/udp_server.h"

#include <cerrno>
#include <cstring>

#include "dataplane/netio/listen_socket.h"

namespace gatepost::dataplane {

namespace {

using storage::Drop;
using storage::WorkerCounters;

// Where the kernel puts what it received, in order: io_uring_recvmsg_out, address, control data,
// payload.
constexpr uint32_t kNameSize = 32;  // sockaddr_in6 is 28; 32 keeps the control data aligned
constexpr uint32_t kControlSize = CMSG_SPACE(sizeof(in6_pktinfo));
// A datagram longer than what is left for the payload is dropped: no query is. 33 cache lines, not
// 32: the first lines of a burst's buffers must not all fall into the same sets of the cache.
constexpr uint32_t kBufferSize = 33 * storage::kCacheLine;
constexpr unsigned kSocketShift =
    7;  // of a send's tag: socket index above, number of replies below
static_assert(kBurstMax < (1u << kSocketShift) && kUdpSocketsMax <= (1u << (16 - kSocketShift)));

// Errors that say that a segmented send cannot work on this path (no checksum offload, an MTU below
// the segment), not that the destination is out of reach.
bool speaks_against_segments(int error) {
    return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP ||
           error == ENOPROTOOPT;
}

const uint8_t* client_address(const sockaddr_storage& client, Family family) {
    return family == Family::ipv4 ? reinterpret_cast<const uint8_t*>(
                                        &reinterpret_cast<const sockaddr_in&>(client).sin_addr)
                                  : reinterpret_cast<const sockaddr_in6&>(client).sin6_addr.s6_addr;
}

uint16_t client_port(const sockaddr_storage& client, Family family) {
    return family == Family::ipv4 ? reinterpret_cast<const sockaddr_in&>(client).sin_port
                                  : reinterpret_cast<const sockaddr_in6&>(client).sin6_port;
}

}  // namespace

Result<std::unique_ptr<UdpServer>> UdpServer::create(Ring& ring, BurstAnswerer& answerer,
                                                     WorkerCounters& counters,
                                                     std::vector<UniqueFd> sockets,
                                                     const UdpServerOptions& options) {
    // While one burst waits for its submission, there must be buffers for what arrives meanwhile.
    GATEPOST_CHECK(options.buffer_count >= 4 * kBurstMax);
    std::unique_ptr<UdpServer> server(new UdpServer(ring, answerer, counters));
    auto buffers =
        BufferRing::create(ring, options.buffer_group, options.buffer_count, kBufferSize);
    if (!buffers) return tl::unexpected(buffers.error());
    server->buffers_ = std::move(*buffers);
    for (UniqueFd& fd : sockets) {
        if (Status added = server->add_socket(std::move(fd)); !added)
            return tl::unexpected(added.error());
    }
    return server;
}

Status UdpServer::add_socket(UniqueFd fd) {
    if (sockets_.size() == kUdpSocketsMax)
        return fail(ErrorCode::usage, "more than {} UDP sockets for one worker", kUdpSocketsMax);
    auto local = local_address(fd.get());
    if (!local) return tl::unexpected(local.error());
    auto socket = std::make_unique<Socket>();
    socket->server = this;
    socket->fd = std::move(fd);
    socket->index = static_cast<uint16_t>(sockets_.size());
    socket->family = local->family() == AF_INET ? Family::ipv4 : Family::ipv6;
    socket->wildcard = local->is_wildcard();
    if (Status ready = prepare_for_ring(socket->fd.get(), *local); !ready)
        return tl::unexpected(ready.error());
    socket->layout.msg_namelen = kNameSize;
    socket->layout.msg_controllen = socket->wildcard ? kControlSize : 0;
    segments_[socket->index] = true;
    sockets_.push_back(std::move(socket));
    return {};
}

void UdpServer::start() {
    for (auto& socket : sockets_) arm(*socket);
}

void UdpServer::arm(Socket& socket) {
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_recvmsg_multishot(request, socket.fd.get(), &socket.layout, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->buf_group = buffers_.group();
    Ring::route(request, socket);
    socket.armed = true;
}

void UdpServer::on_receive(Socket& socket, const Completion& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
        // Mostly ENOBUFS: the socket was faster than the answers. What is queued there waits.
        socket.armed = false;
        unarmed_ = true;
    }
    if ((completion.flags & IORING_CQE_F_BUFFER) == 0) return;
    auto buffer = static_cast<uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    if (completion.result < 0) {
        buffers_.give_back(buffer);
        return;
    }
    if (pending_ == kBurstMax) answer();
    burst_[pending_++] = Received{&socket, static_cast<uint32_t>(completion.result), buffer};
}

void UdpServer::on_send_failure(const Completion& completion) {
    unsigned replies = completion.tag & ((1u << kSocketShift) - 1);
    count_drop(Drop::send_failed, replies);
    if (replies > 1 && speaks_against_segments(-completion.result))
        segments_[completion.tag >> kSocketShift] = false;
}

void UdpServer::settle() {
    if (sending_ == 0) return;
    for (size_t i = 0; i < sending_; ++i) buffers_.give_back(sending_buffers_[i]);
    buffers_.publish();
    sending_ = 0;
}

void UdpServer::finish_burst() {
    if (pending_ != 0) answer();
    buffers_.publish();  // those of queries that get no reply
    if (!unarmed_) return;
    unarmed_ = false;
    for (auto& socket : sockets_) {
        if (!socket->armed) arm(*socket);
    }
}

// Whether there is something to answer; if not, it is counted.
bool UdpServer::open_query(const Received& received, Exchange& exchange, UdpPath& path) {
    Socket& socket = *received.socket;
    uint8_t* memory = buffers_.buffer(received.buffer);
    io_uring_recvmsg_out* out =
        ::io_uring_recvmsg_validate(memory, static_cast<int>(received.octets), &socket.layout);
    GATEPOST_CHECK(out != nullptr);
    auto* payload = static_cast<uint8_t*>(::io_uring_recvmsg_payload(out, &socket.layout));
    const auto* client = static_cast<const sockaddr_storage*>(::io_uring_recvmsg_name(out));
    if ((out->flags & MSG_TRUNC) != 0) {
        count_drop(Drop::receive_overflow);
        return false;
    }
    if (client_port(*client, socket.family) == 0) {
        count_drop(Drop::source_port_zero);
        return false;
    }
    path = UdpPath{client, nullptr, socket.index, socket.family};
    if (socket.wildcard) path.asked = ::io_uring_recvmsg_cmsg_firsthdr(out, &socket.layout);
    auto room = static_cast<uint16_t>(memory + kBufferSize - payload);
    auto length = static_cast<uint16_t>(
        ::io_uring_recvmsg_payload_length(out, static_cast<int>(received.octets), &socket.layout));
    exchange = Exchange{.query = payload,
                        .query_length = length,
                        .reply_capacity = room,
                        .reply_length = 0,
                        .transport = Transport::udp,
                        .family = socket.family,
                        .reply = payload,
                        .client = client_address(*client, socket.family)};
    return true;
}

void UdpServer::answer() {
    if (sending_ != 0) {  // the previous burst of this reap
        ring_.submit();
        settle();
    }
    received_ += pending_;
    size_t count = 0;
    for (size_t i = 0; i < pending_; ++i) {
        if (i + 1 < pending_) __builtin_prefetch(buffers_.buffer(burst_[i + 1].buffer));
        if (open_query(burst_[i], exchanges_[count], paths_[count]))
            sending_buffers_[count++] = burst_[i].buffer;
        else
            buffers_.give_back(burst_[i].buffer);
    }
    pending_ = 0;
    if (count == 0) return;
    answerer_.answer(std::span(exchanges_.data(), count));
    sending_ = count;
    send();
}

void UdpServer::send() {
    replies_.clear();
    for (size_t i = 0; i < sending_; ++i) {
        if (exchanges_[i].reply_length != 0)
            replies_.add(paths_[i], exchanges_[i].reply, exchanges_[i].reply_length);
    }
    for (UdpReplies::Send& one : replies_.build(segments_)) {
        io_uring_sqe* request = ring_.next_request();
        ::io_uring_prep_sendmsg(request, sockets_[one.socket]->fd.get(), &one.message,
                                MSG_DONTWAIT);
        request->flags |= IOSQE_CQE_SKIP_SUCCESS;
        Ring::route(request, send_failure_,
                    static_cast<uint16_t>(one.socket << kSocketShift | one.replies));
    }
}

void UdpServer::count_drop(Drop reason, uint64_t count) {
    WorkerCounters::add(counters_.dropped[static_cast<size_t>(reason)], count);
}

}  // namespace gatepost::dataplane

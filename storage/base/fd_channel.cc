#include "storage/base/fd_channel.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace gatepost {

namespace {

struct Header {
    uint32_t verb;
    uint32_t reserved;
    uint64_t number;
};

union ControlBuffer {
    char octets[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
};

UniqueFd take_descriptor(msghdr& message) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
            return UniqueFd(fd);
        }
    }
    return {};
}

}  // namespace

Status channel_send(int socket, ChannelVerb verb, uint64_t number, int fd) {
    Header header{static_cast<uint32_t>(verb), 0, number};
    iovec part{&header, sizeof header};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control.octets;
        message.msg_controllen = sizeof control.octets;
        cmsghdr* c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t sent;
    do {
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return fail(ErrorCode::unreachable, "sending on the supervisor channel: {}",
                    std::strerror(errno));
    return {};
}

Result<std::optional<ChannelMessage>> channel_receive(int socket) {
    Header header{};
    iovec part{&header, sizeof header};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.octets;
    message.msg_controllen = sizeof control.octets;
    ssize_t got;
    do {
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (got < 0)
        return fail(ErrorCode::unreachable, "reading the supervisor channel: {}",
                    std::strerror(errno));
    if (got == 0)
        return fail(ErrorCode::unreachable, "the supervisor channel was closed by the other side");
    UniqueFd fd = take_descriptor(message);
    if (static_cast<size_t>(got) != sizeof header)
        return fail(ErrorCode::invalid, "a supervisor channel message of {} octets, not {}", got,
                    sizeof header);
    return ChannelMessage{static_cast<ChannelVerb>(header.verb), header.number, std::move(fd)};
}

Result<ChannelPair> channel_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return fail(ErrorCode::refused, "creating a socket pair: {}", std::strerror(errno));
    return ChannelPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace gatepost

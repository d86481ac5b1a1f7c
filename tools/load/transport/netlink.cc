#include "tools/load/transport/netlink.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

namespace {

constexpr size_t kAnswerMax = 64 << 10;  // octets of one datagram
constexpr size_t kAlign = 4;

constexpr size_t aligned(size_t length) {
    return (length + kAlign - 1) & ~(kAlign - 1);
}

// Gives whether more datagrams follow.
Result<bool> take_datagram(Bytes datagram, const std::function<void(const NetlinkMessage&)>& take) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header;
        std::memcpy(&header, datagram.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) break;
        Bytes body = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
        if (header.nlmsg_type == NLMSG_DONE) return false;
        if (header.nlmsg_type == NLMSG_ERROR) {
            int error = 0;
            if (body.size() >= sizeof error) std::memcpy(&error, body.data(), sizeof error);
            if (error != 0) return fail(ErrorCode::unreachable, "{}", std::strerror(-error));
            return false;
        }
        take({header.nlmsg_type, body});
        if ((header.nlmsg_flags & NLM_F_MULTI) == 0) return false;
        datagram = datagram.subspan(std::min(datagram.size(), aligned(header.nlmsg_len)));
    }
    return true;
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    append(&header, sizeof header);
}

void NetlinkRequest::append(const void* data, size_t length) {
    const auto* octets = static_cast<const uint8_t*>(data);
    octets_.insert(octets_.end(), octets, octets + length);
    octets_.resize(aligned(octets_.size()));
}

void NetlinkRequest::attribute(uint16_t type, Bytes value) {
    rtattr header{static_cast<uint16_t>(sizeof header + value.size()), type};
    append(&header, sizeof header);
    append(value.data(), value.size());
}

Bytes NetlinkRequest::finish() {
    auto length = static_cast<uint32_t>(octets_.size());
    std::memcpy(octets_.data(), &length, sizeof length);
    return octets_;
}

Bytes netlink_attribute(const NetlinkMessage& message, size_t offset, uint16_t type) {
    Bytes rest = message.body.subspan(std::min(message.body.size(), aligned(offset)));
    while (rest.size() >= sizeof(rtattr)) {
        rtattr header;
        std::memcpy(&header, rest.data(), sizeof header);
        if (header.rta_len < sizeof header || header.rta_len > rest.size()) break;
        if (header.rta_type == type)
            return rest.subspan(sizeof header, header.rta_len - sizeof header);
        rest = rest.subspan(std::min(rest.size(), aligned(header.rta_len)));
    }
    return {};
}

Status netlink_ask(NetlinkRequest request, const std::function<void(const NetlinkMessage&)>& take) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    Bytes octets = request.finish();
    if (!fd || ::send(fd.get(), octets.data(), octets.size(), 0) < 0)
        return fail(ErrorCode::refused, "asking the kernel: {}", std::strerror(errno));
    std::vector<uint8_t> buffer(kAnswerMax);
    while (true) {
        ssize_t length = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0)
            return fail(ErrorCode::refused, "the kernel's answer: {}", std::strerror(errno));
        auto more = take_datagram({buffer.data(), static_cast<size_t>(length)}, take);
        if (!more) return tl::unexpected(std::move(more).error());
        if (!*more) return {};
    }
}

}  // namespace gatepost::tools

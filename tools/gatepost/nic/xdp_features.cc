#include "tools/gatepost/nic/xdp_features.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

namespace {

// linux/netdev.h, which the headers of Debian 12 do not have yet.
constexpr uint8_t kDevGet = 1;
constexpr uint16_t kIfindex = 1;
constexpr uint16_t kXdpFeatures = 3;
constexpr uint64_t kBasic = 1, kRedirect = 2, kZeroCopy = 8;

using Attributes = std::span<const uint8_t>;

// The value of one attribute; empty where there is none.
Attributes find(Attributes all, uint16_t type) {
    while (all.size() >= NLA_HDRLEN) {
        nlattr header;
        std::memcpy(&header, all.data(), sizeof header);
        if (header.nla_len < NLA_HDRLEN || header.nla_len > all.size()) return {};
        if ((header.nla_type & NLA_TYPE_MASK) == type)
            return all.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
        all = all.subspan(std::min<size_t>(all.size(), NLA_ALIGN(header.nla_len)));
    }
    return {};
}

class GenericNetlink {
  public:
    GenericNetlink() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC)) {}

    // The attributes of the reply to a request with one attribute; empty for any error.
    Attributes ask(uint16_t family, uint8_t command, uint16_t type, Attributes value) {
        alignas(nlmsghdr) std::array<uint8_t, 128> request{};
        nlmsghdr message{};
        message.nlmsg_len = static_cast<uint32_t>(kHeader + NLA_HDRLEN + NLA_ALIGN(value.size()));
        message.nlmsg_type = family;
        message.nlmsg_flags = NLM_F_REQUEST;
        const genlmsghdr generic{command, 1, 0};
        const nlattr attribute{static_cast<uint16_t>(NLA_HDRLEN + value.size()), type};
        std::memcpy(request.data(), &message, sizeof message);
        std::memcpy(request.data() + NLMSG_HDRLEN, &generic, sizeof generic);
        std::memcpy(request.data() + kHeader, &attribute, sizeof attribute);
        std::memcpy(request.data() + kHeader + NLA_HDRLEN, value.data(), value.size());
        if (::send(socket_.get(), request.data(), message.nlmsg_len, 0) < 0) return {};
        const ssize_t length = ::recv(socket_.get(), reply_.data(), reply_.size(), 0);
        if (length < static_cast<ssize_t>(kHeader)) return {};
        std::memcpy(&message, reply_.data(), sizeof message);
        if (message.nlmsg_type != family || message.nlmsg_len > static_cast<size_t>(length))
            return {};
        return Attributes(reply_).subspan(kHeader, message.nlmsg_len - kHeader);
    }

  private:
    static constexpr size_t kHeader = NLMSG_HDRLEN + GENL_HDRLEN;

    UniqueFd socket_;
    alignas(nlmsghdr) std::array<uint8_t, 8192> reply_{};
};

template <typename T>
Attributes octets_of(const T& value) {
    return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

}  // namespace

std::optional<XdpFeatures> xdp_features(unsigned interface_index) {
    GenericNetlink netlink;
    constexpr char kFamily[] = "netdev";
    const Attributes id = find(
        netlink.ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, octets_of(kFamily)),
        CTRL_ATTR_FAMILY_ID);
    uint16_t family = 0;
    if (id.size() != sizeof family) return std::nullopt;
    std::memcpy(&family, id.data(), sizeof family);
    const uint32_t index = interface_index;
    const Attributes value =
        find(netlink.ask(family, kDevGet, kIfindex, octets_of(index)), kXdpFeatures);
    uint64_t flags = 0;
    if (value.size() != sizeof flags) return std::nullopt;
    std::memcpy(&flags, value.data(), sizeof flags);
    const bool native = (flags & (kBasic | kRedirect)) == (kBasic | kRedirect);
    return XdpFeatures{native, native && (flags & kZeroCopy) != 0};
}

}  // namespace gatepost::tools

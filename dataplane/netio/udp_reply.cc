#include "dataplane/netio/udp_reply.h"

#include <netinet/udp.h>

#include <cstring>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kSegmentedOctetsMax =
    65'000;  // of one send: an IP packet's 65,535 less its headers

const sockaddr_in& v4_of(const sockaddr_storage& a) {
    return reinterpret_cast<const sockaddr_in&>(a);
}
const sockaddr_in6& v6_of(const sockaddr_storage& a) {
    return reinterpret_cast<const sockaddr_in6&>(a);
}

uint64_t load64(const void* p) {
    uint64_t v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

in_addr asked_v4(const cmsghdr* asked) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(asked), sizeof info);
    return info.ipi_spec_dst;
}

in6_pktinfo asked_v6(const cmsghdr* asked) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(asked), sizeof info);
    return info;
}

bool same_asked(const UdpPath& a, const UdpPath& b) {
    if (a.asked == nullptr) return true;  // one socket: either all have it or none
    if (a.family == Family::ipv4) return asked_v4(a.asked).s_addr == asked_v4(b.asked).s_addr;
    in6_pktinfo left = asked_v6(a.asked), right = asked_v6(b.asked);
    return std::memcmp(&left, &right, sizeof left) == 0;
}

template <typename T>
size_t put_control(uint8_t* at, int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(sizeof value);
    header.cmsg_level = level;
    header.cmsg_type = type;
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
    return CMSG_SPACE(sizeof value);
}

// The source address is kept, the interface is not: the way back is the routing table's business,
// but for link-local addresses, which mean nothing without one.
size_t put_asked(uint8_t* at, const UdpPath& path) {
    if (path.family == Family::ipv4) {
        in_pktinfo info{};
        info.ipi_spec_dst = asked_v4(path.asked);
        return put_control(at, IPPROTO_IP, IP_PKTINFO, info);
    }
    in6_pktinfo info = asked_v6(path.asked);
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
    return put_control(at, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

}  // namespace

void UdpReplies::add(const UdpPath& path, uint8_t* reply, uint16_t length) {
    GATEPOST_CHECK(count_ < kBurstMax);
    entries_[count_++] = Entry{path, reply, length, kNone};
}

uint64_t UdpReplies::hash(const Entry& entry) {
    uint64_t key = uint64_t{entry.length} << 16 | entry.path.socket;
    if (entry.path.family == Family::ipv4) {
        const sockaddr_in& client = v4_of(*entry.path.client);
        key ^= uint64_t{client.sin_addr.s_addr} << 32 ^ uint64_t { client.sin_port } << 40;
    } else {
        const sockaddr_in6& client = v6_of(*entry.path.client);
        key ^= load64(&client.sin6_addr) ^ load64(client.sin6_addr.s6_addr + 8) * 31 ^
               uint64_t { client.sin6_port } << 40;
    }
    return key * 0x9e3779b97f4a7c15;
}

bool UdpReplies::same_group(const Entry& a, const Entry& b) {
    if (a.length != b.length || a.path.socket != b.path.socket) return false;
    bool same_client;
    if (a.path.family == Family::ipv4) {
        const sockaddr_in &left = v4_of(*a.path.client), &right = v4_of(*b.path.client);
        same_client =
            left.sin_port == right.sin_port && left.sin_addr.s_addr == right.sin_addr.s_addr;
    } else {
        const sockaddr_in6 &left = v6_of(*a.path.client), &right = v6_of(*b.path.client);
        same_client = left.sin6_port == right.sin6_port &&
                      left.sin6_scope_id == right.sin6_scope_id &&
                      std::memcmp(&left.sin6_addr, &right.sin6_addr, sizeof left.sin6_addr) == 0;
    }
    return same_client && same_asked(a.path, b.path);
}

// An open-addressing table of the groups, so that a burst from 64 clients costs 64 probes and not
// 2,016 comparisons.
size_t UdpReplies::make_groups(const std::array<bool, 256>& segments) {
    size_t groups = 0;
    slots_.fill(kNone);
    for (size_t i = 0; i < count_; ++i) {
        Entry& entry = entries_[i];
        auto self = static_cast<uint8_t>(i);
        uint64_t slot = hash(entry) >> 56;
        while (slots_[slot] != kNone && !same_group(entries_[groups_[slots_[slot]].first], entry))
            slot = (slot + 1) % kSlots;
        if (slots_[slot] != kNone && segments[entry.path.socket]) {
            Group& group = groups_[slots_[slot]];
            if (group.octets + entry.length <= kSegmentedOctetsMax) {
                entries_[group.last].next = self;
                group.last = self;
                ++group.replies;
                group.octets += entry.length;
                continue;
            }
        }
        slots_[slot] = static_cast<uint8_t>(groups);
        groups_[groups++] = Group{self, self, 1, entry.length};
    }
    return groups;
}

size_t UdpReplies::write_control(const Group& group, Control& control) const {
    const Entry& first = entries_[group.first];
    size_t size = 0;
    if (first.path.asked != nullptr) size += put_asked(control.octets, first.path);
    if (group.replies > 1)
        size += put_control(control.octets + size, IPPROTO_UDP, UDP_SEGMENT, first.length);
    return size;
}

std::span<UdpReplies::Send> UdpReplies::build(const std::array<bool, 256>& segments) {
    size_t groups = make_groups(segments);
    size_t parts = 0;
    for (size_t g = 0; g < groups; ++g) {
        const Group& group = groups_[g];
        const Entry& first = entries_[group.first];
        msghdr message{};
        message.msg_name = const_cast<sockaddr_storage*>(first.path.client);
        message.msg_namelen =
            first.path.family == Family::ipv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        message.msg_iov = &parts_[parts];
        message.msg_iovlen = group.replies;
        for (uint8_t i = group.first; i != kNone; i = entries_[i].next)
            parts_[parts++] = iovec{entries_[i].reply, entries_[i].length};
        message.msg_controllen = write_control(group, controls_[g]);
        if (message.msg_controllen != 0) message.msg_control = controls_[g].octets;
        sends_[g] = Send{message, first.path.socket, group.replies};
    }
    return std::span(sends_.data(), groups);
}

}  // namespace gatepost::dataplane

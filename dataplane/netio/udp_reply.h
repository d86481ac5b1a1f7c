// Turns a burst of UDP replies into as few sends as possible. Replies of one size to one client (a
// forwarder, most of all) leave as one segmented send (UDP_SEGMENT): the kernel walks its whole
// send path once for them instead of once each.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/dns/responder.h"

namespace gatepost::dataplane {

// Where a reply goes and where it comes from.
struct UdpPath {
    const sockaddr_storage* client =
        nullptr;  // as received; stays in place until the send is submitted
    // The address asked, where the socket is bound to a wildcard: IP_PKTINFO or IPV6_PKTINFO. Else
    // null.
    const cmsghdr* asked = nullptr;
    uint16_t socket = 0;  // index of the socket
    Family family = Family::ipv4;
};

class UdpReplies {
  public:
    struct Send {
        msghdr message;
        uint16_t socket;
        uint16_t replies;
    };

    void clear() { count_ = 0; }
    size_t size() const { return count_; }
    void add(const UdpPath& path, uint8_t* reply, uint16_t length);
    // Gives the sends of all that was added; they stay valid until the next clear().
    // `segments` tells for each socket whether segmented sends work there.
    std::span<Send> build(const std::array<bool, 256>& segments);

  private:
    static constexpr size_t kSlots =
        256;  // of the table below: a power of two, four times kBurstMax
    static constexpr uint8_t kNone = 0xff;
    static constexpr size_t kControlSize =
        CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t));

    struct Entry {
        UdpPath path;
        uint8_t* reply;
        uint16_t length;
        uint8_t next;  // of the same group
    };
    struct Group {
        uint8_t first;
        uint8_t last;
        uint16_t replies;
        uint32_t octets;
    };
    struct alignas(cmsghdr) Control {
        uint8_t octets[kControlSize];
    };

    size_t make_groups(const std::array<bool, 256>& segments);
    size_t write_control(const Group& group, Control& control) const;
    static uint64_t hash(const Entry& entry);
    static bool same_group(const Entry& a, const Entry& b);

    size_t count_ = 0;
    std::array<Entry, kBurstMax> entries_;
    std::array<Group, kBurstMax> groups_;
    std::array<uint8_t, kSlots> slots_;
    std::array<iovec, kBurstMax> parts_;
    std::array<Control, kBurstMax> controls_;
    std::array<Send, kBurstMax> sends_;
};

}  // namespace gatepost::dataplane

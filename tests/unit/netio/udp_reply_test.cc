#include "dataplane/netio/udp_reply.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <cstring>
#include <numeric>

namespace gatepost::dataplane {
namespace {

sockaddr_storage client(const char* host, uint16_t port) {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &v4.sin_addr);
    return storage;
}

struct Asked {
    explicit Asked(const char* host) {
        auto* header = reinterpret_cast<cmsghdr*>(octets);
        header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
        header->cmsg_level = IPPROTO_IP;
        header->cmsg_type = IP_PKTINFO;
        in_pktinfo info{};
        info.ipi_ifindex = 3;
        ::inet_pton(AF_INET, host, &info.ipi_spec_dst);
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
    }
    const cmsghdr* get() const { return reinterpret_cast<const cmsghdr*>(octets); }
    alignas(cmsghdr) uint8_t octets[CMSG_SPACE(sizeof(in_pktinfo))] = {};
};

class UdpRepliesTest : public testing::Test {
  protected:
    UdpRepliesTest() { segments.fill(true); }
    std::vector<unsigned> sizes() {
        std::vector<unsigned> all;
        for (UdpReplies::Send& send : replies.build(segments)) {
            EXPECT_EQ(send.replies, send.message.msg_iovlen);
            all.push_back(send.replies);
        }
        return all;
    }

    UdpReplies replies;
    std::array<bool, 256> segments{};
    uint8_t octets[2048] = {};
    sockaddr_storage a = client("192.0.2.1", 1000);
    sockaddr_storage a_other_port = client("192.0.2.1", 1001);
    sockaddr_storage b = client("192.0.2.2", 1000);
};

using Sizes = std::vector<unsigned>;

TEST_F(UdpRepliesTest, OneSendPerClientAndSize) {
    for (const sockaddr_storage* to : {&a, &b, &a, &a_other_port, &a, &b})
        replies.add(UdpPath{.client = to}, octets, 100);
    replies.add(UdpPath{.client = &a}, octets, 101);
    EXPECT_EQ((Sizes{3, 2, 1, 1}), sizes());
}

TEST_F(UdpRepliesTest, SocketsAndSourceAddressesAreKeptApart) {
    Asked one("192.0.2.53"), two("192.0.2.54");
    replies.add(UdpPath{.client = &a, .asked = one.get()}, octets, 100);
    replies.add(UdpPath{.client = &a, .asked = two.get()}, octets, 100);
    replies.add(UdpPath{.client = &a, .asked = one.get()}, octets, 100);
    replies.add(UdpPath{.client = &a, .asked = one.get(), .socket = 1}, octets, 100);
    EXPECT_EQ((Sizes{2, 1, 1}), sizes());
}

TEST_F(UdpRepliesTest, SegmentedOnlyWhereThatWorks) {
    segments[1] = false;
    for (int i = 0; i < 3; ++i) {
        replies.add(UdpPath{.client = &a, .socket = 0}, octets, 100);
        replies.add(UdpPath{.client = &a, .socket = 1}, octets, 100);
    }
    EXPECT_EQ((Sizes{3, 1, 1, 1}), sizes());
}

TEST_F(UdpRepliesTest, NoSendBeyondWhatAPacketHolds) {
    for (size_t i = 0; i < kBurstMax; ++i) replies.add(UdpPath{.client = &a}, octets, 1232);
    Sizes all = sizes();
    EXPECT_EQ((Sizes{52, 12}), all);
}

TEST_F(UdpRepliesTest, ControlDataNamesSourceAndSegmentSize) {
    Asked asked("192.0.2.53");
    replies.add(UdpPath{.client = &a, .asked = asked.get()}, octets, 77);
    replies.add(UdpPath{.client = &a, .asked = asked.get()}, octets, 77);
    msghdr& message = replies.build(segments)[0].message;
    cmsghdr* first = CMSG_FIRSTHDR(&message);
    ASSERT_NE(nullptr, first);
    EXPECT_EQ(IP_PKTINFO, first->cmsg_type);
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(first), sizeof info);
    EXPECT_EQ(0, info.ipi_ifindex) << "the route back is the routing table's";
    EXPECT_EQ(htonl(0xc0000235), info.ipi_spec_dst.s_addr);
    cmsghdr* second = CMSG_NXTHDR(&message, first);
    ASSERT_NE(nullptr, second);
    EXPECT_EQ(UDP_SEGMENT, second->cmsg_type);
    uint16_t size;
    std::memcpy(&size, CMSG_DATA(second), sizeof size);
    EXPECT_EQ(77, size);
}

TEST_F(UdpRepliesTest, EveryReplyExactlyOnceInAnyMix) {
    std::vector<sockaddr_storage> clients;
    for (uint16_t i = 0; i < 64; ++i)
        clients.push_back(client("198.51.100.7", static_cast<uint16_t>(2000 + i)));
    for (size_t distinct : {1, 2, 5, 63, 64}) {
        replies.clear();
        for (size_t i = 0; i < kBurstMax; ++i)
            replies.add(UdpPath{.client = &clients[i % distinct]}, octets + i, 60);
        std::vector<int> seen(kBurstMax, 0);
        for (UdpReplies::Send& send : replies.build(segments)) {
            for (size_t i = 0; i < send.message.msg_iovlen; ++i) {
                size_t which = static_cast<size_t>(
                    static_cast<uint8_t*>(send.message.msg_iov[i].iov_base) - octets);
                ++seen[which];
                EXPECT_EQ(&clients[which % distinct], send.message.msg_name)
                    << "or an equal address";
            }
        }
        EXPECT_EQ(std::vector<int>(kBurstMax, 1), seen);
    }
}

}  // namespace
}  // namespace gatepost::dataplane

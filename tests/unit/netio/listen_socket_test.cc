#include "dataplane/netio/listen_socket.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

ListenAddress loopback() {
    return *parse_listen_address("127.0.0.1@0");
}

int option(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(0, ::getsockopt(fd, level, name, &value, &size));
    return value;
}

TEST(ListenSocket, OnePortForBothProtocolsAndAllWorkers) {
    auto listener = open_listener(loopback(), 3);
    ASSERT_TRUE(listener) << listener.error().message;
    ASSERT_EQ(3u, listener->udp.size());
    ASSERT_EQ(3u, listener->tcp.size());
    EXPECT_NE(0, listener->address.port());
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(listener->address.port(), local_address(listener->udp[i].get())->port());
        EXPECT_EQ(listener->address.port(), local_address(listener->tcp[i].get())->port());
    }
}

TEST(ListenSocket, PortInUseIsOneSentenceThatHelps) {
    auto first = open_listener(loopback(), 1);
    ASSERT_TRUE(first) << first.error().message;
    // A second server of the same user would get in by SO_REUSEPORT.
    auto second = open_listener(first->address, 1);
    ASSERT_FALSE(second);
    EXPECT_EQ(ErrorCode::refused, second.error().code);
    EXPECT_NE(std::string::npos, second.error().message.find("another program has that port"));
    EXPECT_NE(std::string::npos, second.error().message.find(first->address.text()));
}

TEST(ListenSocket, PortFreeAgainAfterClose) {
    ListenAddress address;
    {
        auto first = open_listener(loopback(), 1);
        ASSERT_TRUE(first);
        address = first->address;
    }
    EXPECT_TRUE(open_listener(address, 1));
}

TEST(ListenSocket, AddressOfAnotherHost) {
    auto listener = open_listener(*parse_listen_address("192.0.2.1@0"), 1);
    ASSERT_FALSE(listener);
    EXPECT_NE(std::string::npos, listener.error().message.find("this host has no such address"));
}

TEST(ListenSocket, Options) {
    auto listener = open_listener(*parse_listen_address("::@0"), 1);
    ASSERT_TRUE(listener) << listener.error().message;
    int udp = listener->udp[0].get();
    EXPECT_EQ(1, option(udp, IPPROTO_IPV6, IPV6_V6ONLY));
    EXPECT_EQ(1, option(udp, IPPROTO_IPV6, IPV6_RECVPKTINFO));
    EXPECT_EQ(IPV6_PMTUDISC_OMIT, option(udp, IPPROTO_IPV6, IPV6_MTU_DISCOVER));
    EXPECT_GT(option(udp, SOL_SOCKET, SO_RCVBUF), 212'992);
    auto v4 = open_listener(loopback(), 1);
    ASSERT_TRUE(v4);
    EXPECT_EQ(0, option(v4->udp[0].get(), IPPROTO_IP, IP_PKTINFO));
    EXPECT_EQ(IP_PMTUDISC_OMIT, option(v4->udp[0].get(), IPPROTO_IP, IP_MTU_DISCOVER));
}

}  // namespace
}  // namespace gatepost::dataplane

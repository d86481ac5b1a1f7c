// SocketTransport against a socket of the loopback interface.
#include "tools/load/transport/socket_transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <set>

namespace gatepost::tools {
namespace {

class Sockets : public testing::Test {
  protected:
    Sockets() : templates_(*queries_from_text("a. A\nb. A\n", "q"), {}, 0) {
        server_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        Endpoint any = *endpoint_from_text("127.0.0.1", 53);
        any.set_port(0);
        const auto* address = reinterpret_cast<const sockaddr*>(&any.address);
        EXPECT_EQ(::bind(server_.get(), address, any.length), 0);
        options_.server = *dataplane::local_address(server_.get());
        options_.ports = 2;
    }
    void open() {
        auto opened = SocketTransport::open(options_, templates_);
        ASSERT_TRUE(opened) << opened.error().message;
        transport_ = std::move(*opened);
    }
    // What the server got is sent back, `extra` octets longer.
    void echo(size_t count, size_t extra = 0) {
        for (size_t i = 0; i < count; ++i) {
            uint8_t message[8192] = {};
            sockaddr_in from{};
            socklen_t length = sizeof from;
            auto* peer = reinterpret_cast<sockaddr*>(&from);
            ssize_t got = ::recvfrom(server_.get(), message, sizeof message, 0, peer, &length);
            ASSERT_GT(got, 0);
            ports_.push_back(ntohs(from.sin_port));
            ::sendto(server_.get(), message, static_cast<size_t>(got) + extra, 0, peer, length);
        }
    }
    struct Answer {
        uint32_t flow;
        std::vector<uint8_t> message;
    };
    // What is there.
    std::vector<Answer> receive() {
        std::vector<Incoming> in(kBurstMax);
        in.resize(transport_->receive(in).answers);
        std::vector<Answer> answers;
        for (const Incoming& one : in)
            answers.push_back({one.flow, {one.message.begin(), one.message.end()}});
        return answers;
    }
    // Waits: on a busy machine the loopback interface delivers when it comes to it.
    std::vector<Answer> receive(size_t count) {
        std::vector<Answer> answers;
        for (int waits = 0; answers.size() < count && waits < 60; ++waits) {
            transport_->wait(1'000'000);
            for (Answer& one : receive()) answers.push_back(std::move(one));
        }
        return answers;
    }

    TemplateSet templates_;
    UniqueFd server_;
    SocketOptions options_;
    std::unique_ptr<SocketTransport> transport_;
    std::vector<uint16_t> ports_;
};

TEST_F(Sockets, QueriesGoOutAndAnswersComeBackByTheirFlow) {
    open();
    EXPECT_EQ(transport_->flows(), 2u);
    EXPECT_TRUE(receive().empty());
    Outgoing out[4] = {{0, 0, 0x0102}, {1, 0, 0x0103}, {0, 1, 0x0102}, {1, 0, 0x0104}};
    EXPECT_EQ(transport_->send(out), 4u);
    echo(4);
    EXPECT_EQ(ports_[0], ports_[1]);
    EXPECT_NE(ports_[0], ports_[2]);
    std::multiset<std::pair<uint32_t, unsigned>> got;
    for (const Answer& in : receive(4)) {
        ASSERT_EQ(in.message.size(), 19u);
        got.emplace(in.flow, load_be16(in.message.data()));
    }
    EXPECT_EQ(got, (decltype(got){{0, 0x0102}, {0, 0x0103}, {0, 0x0104}, {1, 0x0102}}));
}

TEST_F(Sockets, AnswersThatAreTooLongAreCountedAndTheOthersKept) {
    open();
    Outgoing out[2] = {{0, 0, 1}, {1, 0, 2}};
    EXPECT_EQ(transport_->send(out), 2u);
    echo(1, SocketTransport::kMessageMax);
    echo(1);
    const std::vector<Answer> in = receive(1);
    ASSERT_EQ(in.size(), 1u);
    EXPECT_EQ(load_be16(in[0].message.data()), 2u);
    EXPECT_EQ(transport_->counters().truncated_frames, 1u);
}

TEST_F(Sockets, NobodyListeningIsToldAndDoesNotStopIt) {
    open();
    server_.reset();
    Outgoing out{0, 0, 1};
    for (int i = 0; i < 4 || (transport_->counters().unreachable == 0 && i < 60); ++i) {
        EXPECT_EQ(transport_->send({&out, 1}), 1u);
        transport_->wait(1'000'000);
        receive();
    }
    EXPECT_GT(transport_->counters().unreachable, 0u);
}

TEST_F(Sockets, SourceAddressAndPortsAreThoseAskedFor) {
    options_.source = *ip_address_from_text("127.0.0.7");
    options_.addresses = 2;
    options_.ports = 1;
    open();
    Outgoing out[2] = {{0, 0, 1}, {0, 1, 2}};
    EXPECT_EQ(transport_->send(out), 2u);
    for (unsigned last : {7u, 8u}) {
        uint8_t message[64];
        sockaddr_in from{};
        socklen_t length = sizeof from;
        ASSERT_GT(::recvfrom(server_.get(), message, sizeof message, 0,
                             reinterpret_cast<sockaddr*>(&from), &length),
                  0);
        EXPECT_EQ(ntohl(from.sin_addr.s_addr), 0x7f000000u + last);
    }
    options_.source = *ip_address_from_text("192.0.2.99");
    EXPECT_FALSE(SocketTransport::open(options_, templates_));
}

}  // namespace
}  // namespace gatepost::tools

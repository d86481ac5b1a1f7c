#include "tests/unit/netio/harness.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <cstring>

namespace gatepost::dataplane {

namespace {

constexpr uint64_t kTurnNs = 20'000'000;

uint64_t now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 +
           static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

bool wait_readable(int fd, int timeout_ms) {
    pollfd about{fd, POLLIN, 0};
    return ::poll(&about, 1, timeout_ms) == 1;
}

std::vector<UniqueFd> one_of(std::vector<UniqueFd>& from) {
    std::vector<UniqueFd> one;
    one.push_back(std::move(from.at(0)));
    return one;
}

}  // namespace

TestServer::TestServer(const std::string& address, const TestServerOptions& options)
    : scratch_(std::move(*ReplyScratch::create())),
      dns_(answerer_, scratch_, counters_, options.dns) {
    auto parsed = parse_listen_address(address);
    EXPECT_TRUE(parsed) << parsed.error().message;
    auto listener = open_listener(*parsed, 1);
    EXPECT_TRUE(listener) << listener.error().message;
    address_ = listener->address;
    udp_fd_ = listener->udp[0].get();
    auto ring = Ring::create({});
    EXPECT_TRUE(ring) << ring.error().message;
    ring_ = std::move(*ring);
    auto udp = UdpServer::create(*ring_, answerer_, counters_, one_of(listener->udp));
    EXPECT_TRUE(udp) << udp.error().message;
    udp_ = std::move(*udp);
    auto streams = StreamServer::create(*ring_, counters_, streams_, options.streams);
    EXPECT_TRUE(streams) << streams.error().message;
    server_ = std::move(*streams);
    StreamListenerOptions tcp = options.listener;
    if (tcp.protocol == nullptr) tcp.protocol = &dns_;
    EXPECT_TRUE(server_->add_listener(std::move(listener->tcp.at(0)), tcp));
    thread_ = std::thread([this] { run(); });
    while (!serving_) std::this_thread::yield();
}

TestServer::~TestServer() {
    stop_ = true;
    held_ = false;
    thread_.join();
    // The kernel first: nothing may be on its way into what goes now.
    ring_.reset();
}

void TestServer::run() {
    EXPECT_TRUE(ring_->enable());
    uint64_t last_ms = now_ms(), time_ms = last_ms;
    server_->set_time(time_ms);
    udp_->start();
    server_->start();
    ring_->submit();
    serving_ = true;
    while (!stop_) {
        EXPECT_TRUE(ring_->submit_and_wait(1, kTurnNs));
        while (held_) std::this_thread::yield();
        udp_->settle();
        const uint64_t passed_ms = now_ms() - last_ms;
        last_ms += passed_ms;
        if (time_passes_) time_ms += passed_ms;
        server_->set_time(time_ms);
        if (draining_) server_->drain();
        ring_->reap();
        udp_->finish_burst();
        server_->finish_turn();
        ++turns_;
    }
}

Client::Client(int type, const ListenAddress& server, const char* source)
    : fd_(::socket(server.family(), type, 0)) {
    if (source != nullptr) {
        const ListenAddress from = *parse_listen_address(std::string(source) + "@0");
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from.address), from.length),
                  0);
    }
    EXPECT_EQ(
        0, ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&server.address), server.length))
        << std::strerror(errno);
}

void Client::send(const Message& octets) {
    EXPECT_EQ(static_cast<ssize_t>(octets.size()),
              ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL));
}

Message Client::receive(int timeout_ms) {
    if (!wait_readable(fd_.get(), timeout_ms)) return {};
    Message octets(65536);
    ssize_t got = ::recv(fd_.get(), octets.data(), octets.size(), 0);
    octets.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return octets;
}

void Client::send_framed(const Message& message) {
    send(framed(message));
}

Message Client::receive_framed(int timeout_ms) {
    Message frame;
    size_t wanted = 2;
    while (frame.size() < wanted) {
        if (!wait_readable(fd_.get(), timeout_ms)) return {};
        size_t had = frame.size();
        frame.resize(wanted);
        ssize_t got = ::recv(fd_.get(), frame.data() + had, wanted - had, 0);
        if (got <= 0) return {};
        frame.resize(had + static_cast<size_t>(got));
        if (frame.size() == 2) wanted = 2 + size_t{load_be16(frame.data())};
    }
    frame.erase(frame.begin(), frame.begin() + 2);
    return frame;
}

bool Client::is_closed(int timeout_ms) {
    if (!wait_readable(fd_.get(), timeout_ms)) return false;
    uint8_t octet;
    return ::recv(fd_.get(), &octet, 1, MSG_PEEK) <= 0;
}

}  // namespace gatepost::dataplane

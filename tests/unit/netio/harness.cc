#include "tests/unit/netio/harness.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace {
thread_local uint64_t thread_allocations = 0;
}

// The whole test program counts, so that a library's allocation is seen, too.
void* operator new(size_t size) {
    ++thread_allocations;
    void* p = std::malloc(size == 0 ? 1 : size);
    if (p == nullptr) std::abort();
    return p;
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, size_t) noexcept {
    std::free(p);
}

namespace gatepost::dataplane {

namespace {

constexpr uint8_t kQr = 0x80;
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

uint64_t allocations_of_thread() {
    return thread_allocations;
}

Message make_query(uint16_t id, const std::string& label) {
    Message query(12, 0);
    store_be16(query.data(), id);
    query[5] = 1;
    query.push_back(static_cast<uint8_t>(label.size()));
    query.insert(query.end(), label.begin(), label.end());
    for (uint8_t octet : {0, 0, 1, 0, 1}) query.push_back(octet);
    return query;
}

uint16_t id_of(const Message& message) {
    return message.size() < 2 ? 0 : load_be16(message.data());
}

void EchoAnswerer::answer(std::span<Exchange> burst) {
    uint64_t before = thread_allocations;
    bursts.fetch_add(1);
    if (burst.size() > burst_max) burst_max = burst.size();
    for (Exchange& one : burst) {
        std::string_view label;
        if (one.query_length > 13)
            label = {reinterpret_cast<const char*>(one.query) + 13, one.query[12]};
        size_t length = one.query_length;
        if (label == "drop") length = 0;
        if (label.starts_with("pad")) length = std::strtoul(label.substr(3).data(), nullptr, 10);
        length = std::min<size_t>(length, one.reply_capacity);
        size_t echoed = std::min<size_t>(length, one.query_length);
        std::memmove(one.reply, one.query, echoed);
        std::memset(one.reply + echoed, 0xab, length - echoed);
        if (label == "who" && one.client != nullptr) {
            size_t size = one.family == Family::ipv4 ? 4 : 16;
            std::memcpy(one.reply + length, one.client, size);
            length += size;
        }
        if (length >= 3) one.reply[2] |= kQr;
        one.reply_length = static_cast<uint16_t>(length);
    }
    queries.fetch_add(burst.size());
    static thread_local uint64_t last = before;
    allocations.fetch_add(before - last);
    last = thread_allocations;
}

TestServer::TestServer(const std::string& address, TcpServerOptions options) {
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
    auto tcp = TcpServer::create(*ring_, answerer_, counters_, one_of(listener->tcp), options);
    EXPECT_TRUE(tcp) << tcp.error().message;
    tcp_ = std::move(*tcp);
    thread_ = std::thread([this] { run(); });
    while (!serving_) std::this_thread::yield();
}

TestServer::~TestServer() {
    stop_ = true;
    held_ = false;
    thread_.join();
    ring_.reset();
}

void TestServer::run() {
    EXPECT_TRUE(ring_->enable());
    tcp_->set_time(now_ms());
    udp_->start();
    tcp_->start();
    ring_->submit();
    serving_ = true;
    while (!stop_) {
        EXPECT_TRUE(ring_->submit_and_wait(1, kTurnNs));
        while (held_) std::this_thread::yield();
        udp_->settle();
        tcp_->set_time(now_ms());
        ring_->reap();
        udp_->finish_burst();
        tcp_->finish_burst();
    }
}

Client::Client(int type, const ListenAddress& server) : fd_(::socket(server.family(), type, 0)) {
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

Message framed(const Message& message) {
    Message frame(2);
    store_be16(frame.data(), static_cast<uint16_t>(message.size()));
    frame.insert(frame.end(), message.begin(), message.end());
    return frame;
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

// What Stream adds to io_uring: a server that answers lines, once through StreamServer and a
// coroutine over Stream, once with nothing but the ring (raw_echo.h), under the same load. The
// server has one core, its load another; what is compared is the processor time of the server's
// thread per line.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <functional>
#include <thread>

#include "bench/micro/raw_echo.h"
#include "dataplane/netio/listen_socket.h"
#include "dataplane/stream/stream_server.h"

namespace {

using namespace gatepost;
using namespace gatepost::bench;
using dataplane::Ring;
using dataplane::Session;
using dataplane::Stream;
using dataplane::StreamServer;
using dataplane::StreamStatus;
using dataplane::Task;

constexpr uint64_t kTurnNs = 100'000'000;
constexpr uint64_t kIdleMs = 300'000;            // RFC 5321 §4.5.3.2.7
constexpr size_t kUnsentMax = size_t{32} << 10;  // octets

struct Options {
    unsigned connections = 1000;
    std::vector<unsigned> depths = {1, 10};
    double seconds = 3;
    unsigned rounds = 3;
    int server_core = 0;
    int client_core = 1;
    std::string only;
    bool json = false;
};

double now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

uint64_t monotonic_ms() {
    return static_cast<uint64_t>(now(CLOCK_MONOTONIC) * 1e3);
}

void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    GATEPOST_CHECK(::pthread_setaffinity_np(::pthread_self(), sizeof set, &set) == 0);
}

// A protocol as the others are: its deadline, its bound on what waits to be sent.
class EchoProtocol final : public dataplane::StreamProtocol {
  public:
    Task<> serve(Session& session) override {
        Stream& stream = session.stream;
        for (;;) {
            if (!answer(stream)) co_return;
            if (co_await stream.push(kUnsentMax) != StreamStatus::ok) co_return;
            stream.expect_within(kIdleMs);
            if (co_await stream.fill() != StreamStatus::ok) co_return;
        }
    }

  private:
    static bool answer(Stream& stream) {
        const Bytes input = stream.input();
        size_t used = 0;
        while (used < input.size()) {
            const void* end = std::memchr(input.data() + used, '\n', input.size() - used);
            if (end == nullptr) break;
            used = static_cast<size_t>(static_cast<const uint8_t*>(end) - input.data()) + 1;
            if (!stream.append(
                    {reinterpret_cast<const uint8_t*>(kReplyLine.data()), kReplyLine.size()}))
                return false;
        }
        stream.consume(used);
        return true;
    }
};

void serve_raw(UniqueFd listener, const std::atomic<bool>& stop) {
    RawEcho loop(kReplyLine);
    loop.accept_from(listener.get());
    while (!stop.load(std::memory_order_relaxed)) loop.turn();
}

void serve_stream(UniqueFd listener, const std::atomic<bool>& stop) {
    storage::WorkerCounters counters{};
    storage::StreamCounters streams{};
    EchoProtocol protocol;
    auto ring = Ring::create({});
    GATEPOST_CHECK(ring.has_value());
    dataplane::StreamServerOptions options;
    options.connections_max = 65'536;
    options.sources = {.per_address = 0, .per_network = 0};
    options.receive_buffers = kReceiveBuffers;
    static_assert(kReceiveBufferOctets == dataplane::kReceiveBuffer);
    auto server = StreamServer::create(**ring, counters, streams, options);
    GATEPOST_CHECK(server.has_value());
    GATEPOST_CHECK((*server)
                       ->add_listener(std::move(listener), {.protocol = &protocol, .name = "echo"})
                       .has_value());
    GATEPOST_CHECK((*ring)->enable().has_value());
    (*server)->set_time(monotonic_ms());
    (*server)->start();
    while (!stop.load(std::memory_order_relaxed)) {
        GATEPOST_CHECK((*ring)->submit_and_wait(1, kTurnNs).has_value());
        (*server)->set_time(monotonic_ms());
        (*ring)->reap();
        (*server)->finish_turn();
    }
    ring->reset();  // first: its requests name buffers of the server
}

struct Figures {
    double cpu_us = 0;  // of the server's thread, per line
    double rate = 0;    // lines a second
};

UniqueFd connect_to(const dataplane::ListenAddress& address) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    GATEPOST_CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.address),
                             address.length) == 0);
    return fd;
}

// The load runs in this thread.
Figures measure(void (*serve)(UniqueFd, const std::atomic<bool>&), const Options& options,
                unsigned depth) {
    auto address = dataplane::parse_listen_address("127.0.0.1@0");
    GATEPOST_CHECK(address.has_value());
    auto listener = dataplane::open_listener(*address, 1, dataplane::ListenerUse::dns_tls);
    GATEPOST_CHECK(listener.has_value());
    std::atomic<bool> stop = false;
    std::thread server([&] {
        pin(options.server_core);
        serve(std::move(listener->tcp[0]), stop);
    });
    clockid_t clock{};
    GATEPOST_CHECK(::pthread_getcpuclockid(server.native_handle(), &clock) == 0);
    Figures figures;
    {
        RawEcho load(kRequestLine);
        for (unsigned i = 0; i < options.connections; ++i)
            load.add(connect_to(listener->address), depth);
        const auto run = [&](double seconds) {
            const double end = now(CLOCK_MONOTONIC) + seconds;
            while (now(CLOCK_MONOTONIC) < end && !load.broken()) load.turn();
        };
        run(std::min(0.5, options.seconds / 2));
        const double cpu = now(clock);
        const double begin = now(CLOCK_MONOTONIC);
        const uint64_t before = load.lines();
        run(options.seconds);
        const auto lines = static_cast<double>(load.lines() - before);
        figures.cpu_us = (now(clock) - cpu) * 1e6 / lines;
        figures.rate = lines / (now(CLOCK_MONOTONIC) - begin);
        GATEPOST_CHECK(!load.broken() && lines > 0);
    }
    stop = true;
    server.join();
    return figures;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Figures median(const std::vector<Figures>& runs) {
    std::vector<double> cpu;
    std::vector<double> rate;
    for (const Figures& run : runs) {
        cpu.push_back(run.cpu_us);
        rate.push_back(run.rate);
    }
    return {median(cpu), median(rate)};
}

// Of one depth; gives the part of the JSON.
std::string compare(const Options& options, unsigned depth) {
    constexpr std::pair<const char*, void (*)(UniqueFd, const std::atomic<bool>&)> kServers[] = {
        {"raw", serve_raw}, {"stream", serve_stream}};
    std::vector<Figures> runs[2];
    for (unsigned round = 0; round < options.rounds; ++round)
        for (size_t i = 0; i < 2; ++i)
            if (options.only.empty() || options.only == kServers[i].first)
                runs[i].push_back(measure(kServers[i].second, options, depth));
    std::string json;
    for (size_t i = 0; i < 2; ++i) {
        if (runs[i].empty()) continue;
        const Figures figures = median(runs[i]);
        fmt::print(stderr,
                   "depth {:2} {:6}  {:8.0f} lines/s  {:.3f} us of the server's time each\n", depth,
                   kServers[i].first, figures.rate, figures.cpu_us);
        json += fmt::format(R"("{}":{{"cpu_us_per_line":{:.4f},"lines_per_s":{:.0f}}},)",
                            kServers[i].first, figures.cpu_us, figures.rate);
    }
    if (runs[0].empty() || runs[1].empty())
        return fmt::format(R"("{}":{{{}}})", depth, json.substr(0, json.size() - 1));
    const double ratio = median(runs[1]).cpu_us / median(runs[0]).cpu_us;
    fmt::print(stderr, "depth {:2} stream / raw {:.3f}\n", depth, ratio);
    return fmt::format(R"("{}":{{{}"ratio":{:.4f}}})", depth, json, ratio);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Lines answered through Stream and by the raw loop, under the same load.");
    app.add_option("--connections", options.connections)->capture_default_str();
    app.add_option("--depth", options.depths, "lines in flight on each connection, up to 32")
        ->delimiter(',')
        ->check(CLI::Range(1, 32))
        ->capture_default_str();
    app.add_option("--seconds", options.seconds)->capture_default_str();
    app.add_option("--rounds", options.rounds)->check(CLI::PositiveNumber)->capture_default_str();
    app.add_option("--server-core", options.server_core)->capture_default_str();
    app.add_option("--client-core", options.client_core)->capture_default_str();
    app.add_option("--only", options.only, "one of them, for a profile")
        ->check(CLI::IsMember({"raw", "stream"}));
    app.add_flag("--json", options.json, "the figures on standard output");
    CLI11_PARSE(app, argc, argv);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    pin(options.client_core);
    std::string json;
    for (unsigned depth : options.depths)
        json += (json.empty() ? "" : ",") + compare(options, depth);
    if (options.json) fmt::print("{{{}}}\n", json);
    return 0;
}

// tls_clients: many connections to one server, one after the other (handshakes) or all at once (a
// crowd that stays). Prints JSON; the caller measures what it costs the server.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <memory>

#include "bench/compare/tls_client.h"
#include "storage/base/check.h"

namespace {

using namespace gatepost;
using namespace gatepost::bench;
using Clock = std::chrono::steady_clock;
using State = TlsClient::State;

struct Options {
    std::string server = "127.0.0.1";
    uint16_t port = 853;
    std::string query;
    unsigned in_flight = 64;
    unsigned hold = 0;
    double seconds = 3;
    double patience_s = 60;  // for a crowd to gather
};

struct Tally {
    uint64_t over = 0;
    uint64_t resumed = 0;
    uint64_t failed = 0;
    unsigned held = 0;
    unsigned closed_by_server = 0;  // of those that were held
    std::string first_failure;
};

class Crowd {
  public:
    explicit Crowd(ClientSide& side) : side_(side), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        GATEPOST_CHECK(epoll_);
    }

    // False: not even the attempt could be made.
    bool add() {
        auto client = std::make_unique<TlsClient>(side_);
        ++begun_;
        if (!client->open(static_cast<unsigned>(begun_))) {
            note_failure(*client);
            return false;
        }
        const size_t place = take_place();
        epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                          .data = {.u64 = place}};
        GATEPOST_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, client->fd(), &event) == 0);
        places_[place] = {std::move(client), false};
        ++under_way_;
        return true;
    }

    // Gives how many connections something happened on.
    int turn(int wait_ms) {
        epoll_event events[256];
        const int count = ::epoll_wait(epoll_.get(), events, std::size(events), wait_ms);
        for (int i = 0; i < count; ++i) advance(events[i].data.u64);
        return count;
    }

    size_t under_way() const { return under_way_; }
    uint64_t begun() const { return begun_; }
    const Tally& tally() const { return tally_; }

  private:
    struct Place {
        std::unique_ptr<TlsClient> client;
        bool held = false;
    };

    size_t take_place() {
        if (free_.empty()) {
            places_.emplace_back();
            return places_.size() - 1;
        }
        const size_t place = free_.back();
        free_.pop_back();
        return place;
    }

    void note_failure(const TlsClient& client) {
        if (++tally_.failed == 1) tally_.first_failure = client.failure();
    }

    void advance(size_t index) {
        Place& place = places_[index];
        if (!place.client) return;
        const State state = place.client->advance();
        if (state == State::under_way) return;
        if (!place.held) {
            --under_way_;
            tally_.resumed += place.client->resumed() ? 1 : 0;
        }
        if (state == State::held) {
            if (!place.held) ++tally_.held;
            place.held = true;
            return;
        }
        if (state == State::failed) {
            note_failure(*place.client);
        } else if (place.held) {
            --tally_.held;
            ++tally_.closed_by_server;
        } else {
            ++tally_.over;
        }
        place = {};
        free_.push_back(index);
    }

    ClientSide& side_;
    UniqueFd epoll_;
    std::vector<Place> places_;
    std::vector<size_t> free_;
    size_t under_way_ = 0;
    uint64_t begun_ = 0;
    Tally tally_;
};

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double own_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

// Only text of ours and of the library's goes in: nothing that needs escaping.
std::string json(const Tally& tally, double seconds, double cpu) {
    return fmt::format(
        R"({{"over":{},"resumed":{},"failed":{},"held":{},"closed_by_server":{},"seconds":{:.4f},)"
        R"("client_cpu_s":{:.4f},"first_failure":"{}"}})",
        tally.over, tally.resumed, tally.failed, tally.held, tally.closed_by_server, seconds, cpu,
        tally.first_failure);
}

// One connection to its end, for the ticket. With a query: some servers send tickets with their
// first octets only.
bool get_ticket(ClientSide& side, const std::string& name) {
    side.resume = false;
    if (!name.empty()) side.set_query(name);
    Crowd crowd(side);
    crowd.add();
    const auto begin = Clock::now();
    while (crowd.under_way() != 0 && seconds_since(begin) < 5) crowd.turn(100);
    side.resume = true;
    side.set_query("");
    return side.ticket() != nullptr;
}

int run_handshakes(ClientSide& side, const Options& options) {
    Crowd crowd(side);
    const double cpu = own_seconds();
    const auto begin = Clock::now();
    const auto fill = [&] {
        while (crowd.under_way() < options.in_flight && crowd.add()) continue;
    };
    while (seconds_since(begin) < options.seconds) {
        fill();
        crowd.turn(10);
    }
    const double seconds = seconds_since(begin);
    const auto grace = Clock::now();
    while (crowd.under_way() != 0 && seconds_since(grace) < 5) crowd.turn(10);
    fmt::print("{}\n", json(crowd.tally(), seconds, own_seconds() - cpu));
    return 0;
}

int run_crowd(ClientSide& side, const Options& options) {
    Crowd crowd(side);
    const double cpu = own_seconds();
    const auto begin = Clock::now();
    while ((crowd.begun() < options.hold || crowd.under_way() != 0) &&
           seconds_since(begin) < options.patience_s) {
        while (crowd.begun() < options.hold && crowd.under_way() < options.in_flight && crowd.add())
            continue;
        crowd.turn(10);
    }
    fmt::print("{}\n", json(crowd.tally(), seconds_since(begin), own_seconds() - cpu));
    std::fflush(stdout);
    // Until the caller has seen enough.
    char octet;
    while (::read(STDIN_FILENO, &octet, 1) > 0) continue;
    while (crowd.turn(0) > 0) continue;
    fmt::print("{}\n", json(crowd.tally(), seconds_since(begin), own_seconds() - cpu));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::signal(SIGPIPE, SIG_IGN);
    Options options;
    ClientSide side;
    CLI::App app("Connections to a server, one after the other or all at once.");
    app.add_option("port", options.port, "at 127.0.0.1")->required();
    app.add_option("--in-flight", options.in_flight, "connections being made at once")
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "how long connections are made and closed")
        ->capture_default_str();
    app.add_option("--hold", options.hold,
                   "make so many and keep them until the end of standard input, instead");
    app.add_option("--patience", options.patience_s, "seconds that these may take")
        ->capture_default_str();
    app.add_option("--sources", side.sources, "addresses of 127.0.1.0/24 to come from")
        ->check(CLI::Range(1, 254))
        ->capture_default_str();
    app.add_option("--query", options.query, "a host name to ask for on each connection");
    app.add_flag("--plain", side.plain, "without TLS");
    app.add_flag("--resume", side.resume,
                 "with a ticket that a first connection got, the only one with a query then");
    CLI11_PARSE(app, argc, argv);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    side.server.sin_family = AF_INET;
    side.server.sin_port = htons(options.port);
    side.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!side.resume) side.set_query(options.query);
    if (side.resume && !get_ticket(side, options.query)) {
        fmt::print(stderr, "tls_clients: the server gives no ticket\n");
        return 3;
    }
    if (options.hold == 0) return run_handshakes(side, options);
    side.hold = true;
    return run_crowd(side, options);
}

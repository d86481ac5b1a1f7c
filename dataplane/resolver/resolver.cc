#include "dataplane/resolver/resolver.h"

#include <ares.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <latch>
#include <map>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>

#include "dataplane/resolver/answer_cache.h"
#include "dataplane/resolver/resolver_port.h"
#include "storage/base/check.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

namespace {

constexpr int kTries = 2;             // of each server
constexpr int kUdpPayloadMax = 1232;  // octets; RFC 9715 §3: passes without fragments
constexpr int kAskedClass = 1;
constexpr int kIdleMs = 60'000;  // nothing is waited for

uint64_t monotonic_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 +
           static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
}

void count(std::atomic<uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// What belongs to the thread, and the queue that leads to it.
class Resolver::Loop {
  public:
    Loop(const ResolverOptions& options, ResolverCounters& counters)
        : options_(options), counters_(counters), cache_(options.cache_max) {}
    ~Loop();

    Status open();
    void start();
    void submit(DnsLookup& lookup);
    void withdraw(ResolverPort& port);

  private:
    // One that is under way. Their numbers are in the order of their deadlines.
    struct Active {
        DnsLookup* lookup = nullptr;
        uint64_t deadline_ms = 0;
        size_t left = 0;  // questions without an answer
    };
    struct Waiter {
        uint64_t active = 0;  // its number; it may be gone
        size_t index = 0;     // of the question
    };
    // A question that was sent; several may wait for it.
    struct Sent {
        Loop* loop = nullptr;
        DnsQuestion question;
        std::vector<Waiter> waiters;
    };

    void serve();
    void ring();
    bool take_incoming();  // false: it is the end
    void begin(DnsLookup& lookup);
    void ask(const Waiter& waiter, const DnsQuestion& question);
    void wait();
    void expire();
    void answer(const Waiter& waiter, const DnsAnswer& answer);
    void drop(const ResolverPort& port);
    static void socket_changed(void* loop, int fd, int readable, int writable);
    static void answered(void* sent, int status, int timeouts, unsigned char* reply, int length);

    const ResolverOptions& options_;
    ResolverCounters& counters_;
    ares_channel channel_ = nullptr;
    UniqueFd doorbell_;  // eventfd(2), not blocking
    std::thread thread_;

    std::mutex mutex_;
    std::condition_variable settled_;  // withdrawing_ has become shorter
    std::vector<DnsLookup*> incoming_;
    std::vector<ResolverPort*> withdrawing_;
    bool stop_ = false;

    // Of the thread alone.
    AnswerCache cache_;
    std::map<uint64_t, Active> active_;
    std::unordered_map<std::string, std::unique_ptr<Sent>> sent_;
    uint64_t next_number_ = 0;
    std::vector<pollfd> sockets_;  // the doorbell first
    uint64_t now_ms_ = 0;
};

Status Resolver::Loop::open() {
    doorbell_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!doorbell_)
        return fail(ErrorCode::refused, "making the resolver's doorbell (eventfd): {}",
                    std::strerror(errno));
    sockets_.push_back({doorbell_.get(), POLLIN, 0});
    ares_options about{};
    about.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
    about.timeout = static_cast<int>(options_.first_try_ms);
    about.tries = kTries;
    about.ednspsz = kUdpPayloadMax;
    about.sock_state_cb = socket_changed;
    about.sock_state_cb_data = this;
    char dns_only[] = "b";
    about.lookups = dns_only;
    int error = ::ares_library_init(ARES_LIB_INIT_ALL);
    if (error == ARES_SUCCESS)
        error =
            ::ares_init_options(&channel_, &about,
                                ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                    ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS);
    if (error != ARES_SUCCESS)
        return fail(ErrorCode::refused, "making the resolver: {}", ::ares_strerror(error));
    if (options_.servers.empty()) return {};
    error = ::ares_set_servers_ports_csv(channel_, options_.servers.c_str());
    if (error != ARES_SUCCESS)
        return fail(ErrorCode::invalid,
                    "the servers of the resolver, '{}': {}; give addresses between commas",
                    options_.servers, ::ares_strerror(error));
    return {};
}

Resolver::Loop::~Loop() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    if (thread_.joinable()) {
        ring();
        thread_.join();
    }
    active_.clear();
    // Tells of everything that is still under way, which nobody waits for any more.
    if (channel_ != nullptr) ::ares_destroy(channel_);
    ::ares_library_cleanup();
}

void Resolver::Loop::start() {
    std::latch ready(1);
    thread_ = std::thread([this, &ready] {
        ::pthread_setname_np(::pthread_self(), "resolver");
        ready.count_down();
        serve();
    });
    ready.wait();
}

void Resolver::Loop::ring() {
    const uint64_t one = 1;
    const ssize_t written = ::write(doorbell_.get(), &one, sizeof one);
    GATEPOST_CHECK(written == sizeof one || errno == EAGAIN);
}

void Resolver::Loop::submit(DnsLookup& lookup) {
    bool silent;
    {
        std::lock_guard lock(mutex_);
        silent = incoming_.empty();
        incoming_.push_back(&lookup);
    }
    if (silent) ring();
}

void Resolver::Loop::withdraw(ResolverPort& port) {
    std::unique_lock lock(mutex_);
    std::erase_if(incoming_, [&](const DnsLookup* lookup) { return lookup->port_ == &port; });
    if (!thread_.joinable()) return;
    withdrawing_.push_back(&port);
    ring();
    settled_.wait(lock,
                  [&] { return std::ranges::find(withdrawing_, &port) == withdrawing_.end(); });
}

void Resolver::Loop::serve() {
    for (;;) {
        now_ms_ = monotonic_ms();
        if (!take_incoming()) return;
        expire();
        wait();
    }
}

bool Resolver::Loop::take_incoming() {
    std::vector<DnsLookup*> incoming;
    {
        std::lock_guard lock(mutex_);
        if (stop_) return false;
        incoming = std::exchange(incoming_, {});
        // Under the lock: withdraw() has already taken what it found in the queue.
        for (const ResolverPort* port : withdrawing_) drop(*port);
        if (!withdrawing_.empty()) {
            withdrawing_.clear();
            settled_.notify_all();
        }
    }
    for (DnsLookup* lookup : incoming) begin(*lookup);
    return true;
}

void Resolver::Loop::drop(const ResolverPort& port) {
    std::erase_if(active_, [&](const auto& one) { return one.second.lookup->port_ == &port; });
}

void Resolver::Loop::begin(DnsLookup& lookup) {
    const uint64_t number = next_number_++;
    const size_t questions = lookup.questions.size();
    active_.emplace(number, Active{&lookup, now_ms_ + options_.limit_ms, questions});
    // The last answer ends the lookup, which is not to be touched then.
    for (size_t i = 0; i < questions; ++i) ask({number, i}, lookup.questions[i]);
}

void Resolver::Loop::ask(const Waiter& waiter, const DnsQuestion& question) {
    count(counters_.questions);
    if (!is_dns_name(question.name)) return answer(waiter, {.status = DnsAnswer::Status::none});
    if (const DnsAnswer* known = cache_.find(question, now_ms_)) {
        count(counters_.cached);
        return answer(waiter, *known);
    }
    std::string key = AnswerCache::key(question);
    if (const auto found = sent_.find(key); found != sent_.end()) {
        count(counters_.joined);
        found->second->waiters.push_back(waiter);
        return;
    }
    if (sent_.size() >= options_.questions_max) {
        count(counters_.busy);
        return answer(waiter, {});
    }
    auto sent = std::make_unique<Sent>(Sent{this, question, {waiter}});
    Sent* about = sent.get();
    sent_.emplace(std::move(key), std::move(sent));
    // May have its answer at once, an error.
    ::ares_query(channel_, about->question.name.c_str(), kAskedClass,
                 static_cast<int>(about->question.type), answered, about);
}

void Resolver::Loop::answered(void* sent, int status, int, unsigned char* reply, int length) {
    auto* about = static_cast<Sent*>(sent);
    Loop& loop = *about->loop;
    const auto found = loop.sent_.find(AnswerCache::key(about->question));
    GATEPOST_CHECK(found != loop.sent_.end() && found->second.get() == about);
    const std::unique_ptr<Sent> kept = std::move(found->second);
    loop.sent_.erase(found);
    if (status == ARES_EDESTRUCTION) return;
    DnsAnswer answer;
    if ((status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND) &&
        reply != nullptr && length > 0)
        answer = parse_dns_reply({reply, static_cast<size_t>(length)}, kept->question.type);
    if (answer.status == DnsAnswer::Status::failed) count(loop.counters_.failed);
    loop.cache_.put(kept->question, answer, loop.now_ms_);
    for (const Waiter& waiter : kept->waiters) loop.answer(waiter, answer);
}

void Resolver::Loop::answer(const Waiter& waiter, const DnsAnswer& answer) {
    const auto found = active_.find(waiter.active);
    if (found == active_.end()) return;  // it was given up
    Active& active = found->second;
    active.lookup->answers[waiter.index] = answer;
    if (--active.left != 0) return;
    DnsLookup& lookup = *active.lookup;
    active_.erase(found);
    finish(lookup);
}

void Resolver::Loop::expire() {
    while (!active_.empty() && active_.begin()->second.deadline_ms <= now_ms_) {
        const auto first = active_.begin();
        counters_.late.fetch_add(first->second.left, std::memory_order_relaxed);
        DnsLookup& lookup = *first->second.lookup;  // what has no answer is `failed`
        active_.erase(first);
        finish(lookup);
    }
}

void Resolver::Loop::socket_changed(void* loop, int fd, int readable, int writable) {
    auto& sockets = static_cast<Loop*>(loop)->sockets_;
    std::erase_if(sockets, [fd](const pollfd& socket) { return socket.fd == fd; });
    const int events = (readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0);
    if (events != 0) sockets.push_back({fd, static_cast<int16_t>(events), 0});
}

void Resolver::Loop::wait() {
    int wait_ms = kIdleMs;
    if (!active_.empty()) wait_ms = static_cast<int>(active_.begin()->second.deadline_ms - now_ms_);
    timeval most{wait_ms / 1000, (wait_ms % 1000) * 1000};
    timeval buffer{};
    const timeval* until = ::ares_timeout(channel_, &most, &buffer);
    wait_ms = static_cast<int>(until->tv_sec * 1000 + (until->tv_usec + 999) / 1000);
    std::vector<pollfd> sockets = sockets_;
    const int ready = ::poll(sockets.data(), sockets.size(), wait_ms);
    now_ms_ = monotonic_ms();
    if (ready > 0) {
        uint64_t rings = 0;
        if (sockets.front().revents != 0)
            (void)!::read(doorbell_.get(), &rings, sizeof rings);  // how often does not matter
        for (const pollfd& socket : std::span(sockets).subspan(1)) {
            if (socket.revents == 0) continue;
            const bool writable = (socket.revents & POLLOUT) != 0;
            const bool readable = (socket.revents & ~POLLOUT) != 0;  // or an error, to be read
            ::ares_process_fd(channel_, readable ? socket.fd : ARES_SOCKET_BAD,
                              writable ? socket.fd : ARES_SOCKET_BAD);
        }
    }
    ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // what has waited too long
}

Resolver::Resolver(const ResolverOptions& options)
    : options_(options), loop_(std::make_unique<Loop>(options_, counters_)) {}

Resolver::~Resolver() = default;

Result<std::unique_ptr<Resolver>> Resolver::open(const ResolverOptions& options) {
    std::unique_ptr<Resolver> resolver(new Resolver(options));
    if (Status opened = resolver->loop_->open(); !opened) return tl::unexpected(opened.error());
    return resolver;
}

void Resolver::start() {
    loop_->start();
}

void Resolver::submit(DnsLookup& lookup) {
    loop_->submit(lookup);
}

void Resolver::withdraw(ResolverPort& port) {
    loop_->withdraw(port);
}

void Resolver::finish(DnsLookup& lookup) {
    lookup.port_->finished(lookup);
}

}  // namespace gatepost::dataplane

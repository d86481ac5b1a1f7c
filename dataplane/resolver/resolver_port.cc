#include "dataplane/resolver/resolver_port.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatepost::dataplane {

Result<std::unique_ptr<ResolverPort>> ResolverPort::create(Ring& ring, Resolver& resolver) {
    // Blocking: the ring's read is to wait.
    UniqueFd doorbell(::eventfd(0, EFD_CLOEXEC));
    if (!doorbell)
        return fail(ErrorCode::refused, "making the resolver's doorbell (eventfd): {}",
                    std::strerror(errno));
    return std::unique_ptr<ResolverPort>(new ResolverPort(ring, resolver, std::move(doorbell)));
}

ResolverPort::~ResolverPort() {
    close();
}

Task<std::vector<DnsAnswer>> ResolverPort::ask(std::vector<DnsQuestion> questions) {
    DnsLookup lookup;
    lookup.questions = std::move(questions);
    lookup.answers.resize(lookup.questions.size());
    if (!lookup.questions.empty()) co_await ResolverRun(*this, lookup);
    co_return std::move(lookup.answers);
}

void ResolverPort::close() {
    if (std::exchange(closed_, true)) return;
    resolver_.withdraw(*this);
    // Finished ones that nobody has been told of: their coroutines will be destroyed.
    std::lock_guard lock(mutex_);
    done_.clear();
    under_way_ = 0;
}

void ResolverPort::listen() {
    io_uring_sqe* request = ring_.next_request();
    ::io_uring_prep_read(request, doorbell_.get(), &rings_, sizeof rings_, 0);
    Ring::route(request, *this);
}

void ResolverPort::complete(const Completion& completion) {
    if (closed_) return;
    GATEPOST_CHECK(completion.result == static_cast<int32_t>(sizeof rings_) ||
                   completion.result == -EINTR || completion.result == -EAGAIN);
    listen();
    std::vector<DnsLookup*> done;
    {
        std::lock_guard lock(mutex_);
        done = std::exchange(done_, {});
    }
    // One that is resumed may end, ask again, or close() this.
    for (DnsLookup* lookup : done) {
        if (closed_) return;
        --under_way_;
        ResolverRun& waiting = *std::exchange(lookup->waiting_, nullptr);
        std::exchange(waiting.waiter_, nullptr).resume();
    }
}

void ResolverPort::finished(DnsLookup& lookup) {
    bool silent;
    {
        std::lock_guard lock(mutex_);
        silent = done_.empty();
        done_.push_back(&lookup);
    }
    // Who finds something in the list knows that the bell has been rung for it.
    if (!silent) return;
    const uint64_t one = 1;
    const ssize_t written = ::write(doorbell_.get(), &one, sizeof one);
    GATEPOST_CHECK(written == sizeof one);
}

bool ResolverPort::hand_over(ResolverRun& run, DnsLookup& lookup) {
    if (closed_) return false;
    lookup.port_ = this;
    lookup.waiting_ = &run;
    ++under_way_;
    resolver_.submit(lookup);
    return true;
}

bool ResolverRun::await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;  // before: it can be done at once
    if (port_.hand_over(*this, lookup_)) return true;
    waiter_ = nullptr;
    return false;
}

}  // namespace gatepost::dataplane

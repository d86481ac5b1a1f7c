// A worker's end of the resolver. Of the worker's thread, but for what the resolver does under its
// mutex.
//
// A coroutine whose questions are under way must not be destroyed (GATEPOST_CHECK), as with a
// request of the ring: it is to be resumed, and ends then. At the worker's end close() comes first;
// afterwards no coroutine is resumed, and those that wait can be destroyed.
#pragma once

#include <coroutine>
#include <memory>
#include <mutex>

#include "dataplane/reactor/ring.h"
#include "dataplane/resolver/dns_client.h"
#include "dataplane/resolver/resolver.h"
#include "storage/base/check.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class ResolverPort final : public DnsClient, private Operation {
  public:
    // `ring` takes IORING_OP_READ; both outlive the port, but for the ring at the worker's end: it
    // goes first, being what still knows the port's buffer.
    static Result<std::unique_ptr<ResolverPort>> create(Ring& ring, Resolver& resolver);
    ~ResolverPort();

    // In the ring's thread, once the ring is enabled.
    void start() { listen(); }
    // After close() every answer is `failed`.
    Task<std::vector<DnsAnswer>> ask(std::vector<DnsQuestion> questions) override;
    void close();

    size_t under_way() const { return under_way_; }  // coroutines

  private:
    friend class Resolver;
    friend class ResolverRun;
    ResolverPort(Ring& ring, Resolver& resolver, UniqueFd doorbell)
        : ring_(ring), resolver_(resolver), doorbell_(std::move(doorbell)) {}

    void complete(const Completion& completion) override;
    void listen();
    bool hand_over(ResolverRun& run, DnsLookup& lookup);
    void finished(DnsLookup& lookup);  // in the resolver's thread

    Ring& ring_;
    Resolver& resolver_;
    UniqueFd doorbell_;   // eventfd(2)
    uint64_t rings_ = 0;  // what is read from it
    size_t under_way_ = 0;
    bool closed_ = false;
    std::mutex mutex_;
    std::vector<DnsLookup*> done_;  // under mutex_
};

// Waits for one lookup.
class [[nodiscard]] ResolverRun {
  public:
    ResolverRun(ResolverPort& port, DnsLookup& lookup) : port_(port), lookup_(lookup) {}
    ResolverRun(const ResolverRun&) = delete;
    ResolverRun& operator=(const ResolverRun&) = delete;
    ~ResolverRun() { GATEPOST_CHECK(!waiter_ || port_.closed_); }

    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const {}

  private:
    friend class ResolverPort;

    ResolverPort& port_;
    DnsLookup& lookup_;
    std::coroutine_handle<> waiter_;
};

}  // namespace gatepost::dataplane

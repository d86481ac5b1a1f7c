// Questions to the resolver of this host (resolv.conf, or as the configuration says), from a thread
// of its own: the workers have no socket for them, and wait for nobody.
//
// It is opened while files can still be read: nothing is read again afterwards, so that a change of
// resolv.conf counts from the next start. Behind the system-call filter its thread makes socket (of
// AF_INET and AF_INET6), connect, setsockopt, getsockname, sendto, recvfrom, close, fcntl, poll,
// read and write; the library is c-ares, which has no cryptography of its own.
//
// Answers are believed as they come: DNSSEC is the business of the server that is asked, which
// should be one of this host or of its network.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/resolver/dns_answer.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

class ResolverPort;
class ResolverRun;

struct ResolverOptions {
    std::string servers = {};       // "192.0.2.1,[2001:db8::1]:5353"; "": those of resolv.conf
    uint32_t limit_ms = 2000;       // for all the questions of one coroutine
    uint32_t first_try_ms = 600;    // then another server, or the same again
    uint32_t questions_max = 2048;  // under way; the others fail at once
    size_t cache_max = 16'384;      // answers
};

// Written by the resolver's thread, read by any.
struct ResolverCounters {
    std::atomic<uint64_t> questions{0};  // all
    std::atomic<uint64_t> cached{0};     // of which answered from the cache
    std::atomic<uint64_t> joined{0};     // of which another one was under way for the same
    std::atomic<uint64_t> failed{0};     // without an answer from a server
    std::atomic<uint64_t> late{0};       // no answer within the limit
    std::atomic<uint64_t> busy{0};       // refused, too many being under way
};

// The questions of one coroutine, in its frame.
struct DnsLookup {
    std::vector<DnsQuestion> questions;
    std::vector<DnsAnswer> answers;  // as many, once it is done

  private:
    friend class Resolver;
    friend class ResolverPort;
    friend class ResolverRun;
    ResolverPort* port_ = nullptr;
    ResolverRun* waiting_ = nullptr;
};

class Resolver {
  public:
    // Reads what has to be read. Refused: no memory, or servers that are no addresses.
    static Result<std::unique_ptr<Resolver>> open(const ResolverOptions& options);
    // After all ports are gone.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Its thread; once privileges are given up, and before the system-call filter.
    void start();
    const ResolverCounters& counters() const { return counters_; }

  private:
    friend class ResolverPort;
    class Loop;

    explicit Resolver(const ResolverOptions& options);
    void submit(DnsLookup& lookup);
    // Afterwards the thread knows nothing of that port any more.
    void withdraw(ResolverPort& port);
    // Of the thread.
    static void finish(DnsLookup& lookup);

    const ResolverOptions options_;
    ResolverCounters counters_;
    std::unique_ptr<Loop> loop_;
};

}  // namespace gatepost::dataplane

#include "dataplane/worker/seccomp.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace gatepost::dataplane {

namespace {

// The workers make io_uring_enter (the ring itself is restricted to socket operations), and
// getpeername and shutdown for each TCP connection; the main thread waits on its descriptors,
// receives arenas and maps them; both use the C++ library's memory.
constexpr int kAllowed[] = {
    // workers
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(getpeername),
    SCMP_SYS(shutdown),
    SCMP_SYS(fstatfs),  // how full the disk of the message log is
    // main thread: channel, signals, log
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fcntl),
    // memory
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    // threads: locks, joining, ending
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    // time, where it is not read without a call
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(restart_syscall),
    // abort(): a broken invariant must leave its message and its signal
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(getrandom),
    SCMP_SYS(writev),
    // a thread's first memory of its own
    SCMP_SYS(sched_getaffinity),
};

// What the workers' drivers do for a burst (AF_XDP: send and receive on their sockets), their
// counters, and the thread that DPDK has for interrupts.
constexpr int kAllowedInPollMode[] = {
    SCMP_SYS(sendto),    SCMP_SYS(recvfrom),    SCMP_SYS(getsockopt), SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(readv),      SCMP_SYS(pread64),
};

// An AF_XDP queue leaves the XDP program's map before the worker ends. No other use of bpf(2).
constexpr uint64_t kBpfMapDeleteElem = 3;

int allow_poll_mode(scmp_filter_ctx filter) {
    int error = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
                                   SCMP_A0(SCMP_CMP_EQ, kBpfMapDeleteElem));
    for (int call : kAllowedInPollMode) {
        if (error == 0) error = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
    return error;
}

// What the resolver's thread does with its sockets (dataplane/resolver/resolver.h).
constexpr int kAllowedForResolver[] = {
    SCMP_SYS(connect),    SCMP_SYS(sendto),      SCMP_SYS(recvfrom),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
};

int allow_resolver(scmp_filter_ctx filter) {
    int error = 0;
    // No sockets of other families: not of this host's own services, nor of packets.
    for (const uint64_t family : {AF_INET, AF_INET6})
        error |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                    SCMP_A0(SCMP_CMP_EQ, family));
    for (int call : kAllowedForResolver) {
        if (error == 0) error = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
    return error;
}

int allow_memory(scmp_filter_ctx filter) {
    // New memory may be anything but executable.
    int error = 0;
    for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
        error |= ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    return error;
}

// When a thread other than the main one gives back much memory, glibc's allocator wants to read,
// once, /proc/sys/vm/overcommit_memory, in these very words. Told no, it gives it back without
// having asked. Nobody else opens anything, and whoever does so for other ends gets no further
// either.
int refuse_allocator(scmp_filter_ctx filter) {
    return ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                              SCMP_A2(SCMP_CMP_EQ, O_RDONLY | O_CLOEXEC));
}

}  // namespace

Status install_seccomp(SeccompMode mode, const SeccompUses& uses) {
    if (mode == SeccompMode::off) return {};
    uint32_t otherwise = mode == SeccompMode::on ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG;
    std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(::seccomp_init(otherwise),
                                                            ::seccomp_release);
    if (filter == nullptr) return fail(ErrorCode::refused, "preparing the seccomp filter failed");
    int error = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
    for (int call : kAllowed) {
        if (error == 0) error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    }
    if (error == 0) error = allow_memory(filter.get());
    if (error == 0 && mode == SeccompMode::on) error = refuse_allocator(filter.get());
    if (error == 0 && uses.poll_mode) error = allow_poll_mode(filter.get());
    if (error == 0 && uses.resolver) error = allow_resolver(filter.get());
    if (error == 0) error = ::seccomp_load(filter.get());
    if (error != 0)
        return fail(ErrorCode::refused,
                    "switching the seccomp filter on: {}; --seccomp=off serves without it",
                    std::strerror(error < 0 ? -error : EINVAL));
    return {};
}

}  // namespace gatepost::dataplane

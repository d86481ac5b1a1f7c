#include "dataplane/reactor/ring.h"

#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace gatepost::dataplane {

namespace {

constexpr unsigned kSubmitTriesMax =
    1000;  // the kernel takes less than all only when out of memory

// liburing 2.3 declares the calls for restrictions and for enabling but does not export them.
int register_with(io_uring& ring, unsigned operation, void* argument, unsigned count) {
    long done = ::syscall(__NR_io_uring_register, ring.ring_fd, operation, argument, count);
    return done < 0 ? errno : 0;
}

std::string kernel_release() {
    utsname about{};
    return ::uname(&about) == 0 ? about.release : "unknown";
}

tl::unexpected<Error> explain(int error) {
    switch (error) {
        case EPERM:
            return fail(
                ErrorCode::refused,
                "io_uring is switched off on this system; Gatepost needs it: set "
                "kernel.io_uring_disabled to 0, and let a container's seccomp profile pass it");
        case ENOMEM:
            return fail(
                ErrorCode::refused,
                "io_uring could not get memory for its queues: raise the locked-memory limit "
                "(ulimit -l, LimitMEMLOCK=)");
        case EMFILE:
        case ENFILE:
            return fail(ErrorCode::refused,
                        "io_uring could not get a file descriptor: raise the limit on open files "
                        "(ulimit -n, LimitNOFILE=)");
        default:
            return fail(
                ErrorCode::refused,
                "io_uring with deferred task work is not available ({}): Gatepost needs Linux "
                "6.1 or newer (this is {})",
                std::strerror(error), kernel_release());
    }
}

}  // namespace

Result<std::unique_ptr<Ring>> Ring::create(const RingOptions& options) {
    std::unique_ptr<Ring> ring(new Ring);
    io_uring_params params{};
    // SUBMIT_ALL: one request that the kernel refuses must not hold back those behind it.
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
    params.cq_entries = options.completions;
    int made = ::io_uring_queue_init_params(options.submissions, &ring->ring_, &params);
    if (made < 0) return explain(-made);
    ring->open_ = true;
    if (!options.operations.empty()) {
        if (Status limited = ring->restrict_to(options.operations); !limited)
            return tl::unexpected(limited.error());
    }
    return ring;
}

Ring::~Ring() {
    if (open_) ::io_uring_queue_exit(&ring_);
}

Status Ring::restrict_to(std::span<const uint8_t> operations) {
    std::vector<io_uring_restriction> rules;
    for (uint8_t operation : operations) {
        io_uring_restriction rule{};
        rule.opcode = IORING_RESTRICTION_SQE_OP;
        rule.sqe_op = operation;
        rules.push_back(rule);
    }
    io_uring_restriction flags{};
    flags.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    flags.sqe_flags = IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
    rules.push_back(flags);
    // Nothing may be registered once the ring is enabled, but for enabling it.
    io_uring_restriction enabling{};
    enabling.opcode = IORING_RESTRICTION_REGISTER_OP;
    enabling.register_op = IORING_REGISTER_ENABLE_RINGS;
    rules.push_back(enabling);
    int error = register_with(ring_, IORING_REGISTER_RESTRICTIONS, rules.data(),
                              static_cast<unsigned>(rules.size()));
    if (error != 0)
        return fail(ErrorCode::refused, "restricting the io_uring: {}", std::strerror(error));
    return {};
}

Status Ring::enable() {
    int error = register_with(ring_, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    if (error != 0)
        return fail(ErrorCode::refused, "enabling the io_uring: {}", std::strerror(error));
    return {};
}

void Ring::submit() {
    for (unsigned tries = 0; ::io_uring_sq_ready(&ring_) != 0; ++tries) {
        GATEPOST_CHECK(tries < kSubmitTriesMax);
        ::io_uring_submit(&ring_);
    }
}

Status Ring::submit_and_wait(unsigned completions_min, uint64_t timeout_ns) {
    __kernel_timespec timeout{};
    timeout.tv_sec = static_cast<int64_t>(timeout_ns / 1'000'000'000);
    timeout.tv_nsec = static_cast<long long>(timeout_ns % 1'000'000'000);
    io_uring_cqe* first = nullptr;
    int waited =
        ::io_uring_submit_and_wait_timeout(&ring_, &first, completions_min, &timeout, nullptr);
    switch (waited < 0 ? -waited : 0) {
        case 0:
        case ETIME:   // time over
        case EINTR:   // a signal
        case EAGAIN:  // out of memory for the moment, or completions to be reaped first
        case EBUSY:
            break;
        default:
            return fail(ErrorCode::refused, "waiting on the io_uring: {}", std::strerror(-waited));
    }
    submit();  // what the wait may have left
    return {};
}

unsigned Ring::reap() {
    unsigned head;
    unsigned count = 0;
    io_uring_cqe* entry;
    io_uring_for_each_cqe(&ring_, head, entry) {
        ++count;
        auto* operation =
            reinterpret_cast<Operation*>(entry->user_data & ((uint64_t{1} << kAddressBits) - 1));
        operation->complete(Completion{entry->res, entry->flags,
                                       static_cast<uint16_t>(entry->user_data >> kAddressBits)});
    }
    ::io_uring_cq_advance(&ring_, count);
    return count;
}

}  // namespace gatepost::dataplane

#include "bench/micro/raw_echo.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <cstring>

#include "storage/base/check.h"

namespace gatepost::bench {

namespace {

constexpr unsigned kKindBits = 2;
constexpr uint16_t kGroup = 1;
constexpr unsigned kSubmissions = 1024;
constexpr unsigned kCompletions = 4096;
constexpr long long kTurnNs = 100'000'000;

size_t count_lines(const char* octets, size_t length) {
    const char* const end = octets + length;
    size_t count = 0;
    for (;;) {
        const auto left = static_cast<size_t>(end - octets);
        const auto* found = static_cast<const char*>(std::memchr(octets, '\n', left));
        if (found == nullptr) return count;
        ++count;
        octets = found + 1;
    }
}

}  // namespace

RawEcho::RawEcho(std::string_view line)
    : line_(line), memory_(new char[size_t{kReceiveBuffers} * kReceiveBufferOctets]) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletions;
    GATEPOST_CHECK(::io_uring_queue_init_params(kSubmissions, &ring_, &params) == 0);
    const size_t size = kReceiveBuffers * sizeof(io_uring_buf);
    void* entries =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    GATEPOST_CHECK(entries != MAP_FAILED);
    buffers_ = static_cast<io_uring_buf_ring*>(entries);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uintptr_t>(entries);
    registration.ring_entries = kReceiveBuffers;
    registration.bgid = kGroup;
    GATEPOST_CHECK(::io_uring_register_buf_ring(&ring_, &registration, 0) == 0);
    ::io_uring_buf_ring_init(buffers_);
    for (unsigned id = 0; id < kReceiveBuffers; ++id) give_back(id);
}

RawEcho::~RawEcho() {
    ::io_uring_queue_exit(&ring_);
    ::munmap(buffers_, kReceiveBuffers * sizeof(io_uring_buf));
}

void RawEcho::give_back(unsigned buffer) {
    ::io_uring_buf_ring_add(buffers_, memory_.get() + size_t{buffer} * kReceiveBufferOctets,
                            kReceiveBufferOctets, static_cast<uint16_t>(buffer),
                            kReceiveBuffers - 1, staged_++);
}

io_uring_sqe* RawEcho::request(Kind kind, size_t place) {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    if (entry == nullptr) {
        ::io_uring_submit(&ring_);
        entry = ::io_uring_get_sqe(&ring_);
        GATEPOST_CHECK(entry != nullptr);
    }
    switch (kind) {
        case kAccept:
            ::io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr, 0);
            break;
        case kReceive:
            ::io_uring_prep_recv_multishot(entry, places_[place]->fd.get(), nullptr, 0, 0);
            entry->flags |= IOSQE_BUFFER_SELECT;
            entry->buf_group = kGroup;
            break;
        case kSend:
            ::io_uring_prep_send(entry, places_[place]->fd.get(), places_[place]->out,
                                 places_[place]->sending, MSG_NOSIGNAL);
            break;
    }
    entry->user_data = (uint64_t{place} << kKindBits) | kind;
    return entry;
}

void RawEcho::accept_from(int listener) {
    listener_ = listener;
    request(kAccept, 0);
}

void RawEcho::add(UniqueFd fd, unsigned first) {
    places_.push_back(std::make_unique<Place>());
    places_.back()->fd = std::move(fd);
    request(kReceive, places_.size() - 1);
    if (first != 0) queue(places_.size() - 1, first);
}

void RawEcho::queue(size_t place, size_t count) {
    Place& at = *places_[place];
    for (; count != 0; --count) {
        GATEPOST_CHECK(at.queued + line_.size() <= kOutMax);
        std::memcpy(at.out + at.queued, line_.data(), line_.size());
        at.queued += line_.size();
    }
    if (at.sending != 0) return;
    at.sending = at.queued;
    request(kSend, place);
}

void RawEcho::turn() {
    __kernel_timespec timeout{.tv_sec = 0, .tv_nsec = kTurnNs};
    io_uring_cqe* first = nullptr;
    ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    unsigned head;
    unsigned count = 0;
    io_uring_cqe* entry;
    io_uring_for_each_cqe(&ring_, head, entry) {
        ++count;
        complete(*entry);
    }
    ::io_uring_cq_advance(&ring_, count);
    ::io_uring_buf_ring_advance(buffers_, staged_);
    staged_ = 0;
}

void RawEcho::complete(const io_uring_cqe& entry) {
    const size_t place = entry.user_data >> kKindBits;
    switch (static_cast<Kind>(entry.user_data & ((1U << kKindBits) - 1))) {
        case kAccept:
            if (entry.res >= 0) add(UniqueFd(entry.res), 0);
            return;
        case kReceive:
            return received(place, entry);
        case kSend:
            return sent(place, entry.res);
    }
}

void RawEcho::received(size_t place, const io_uring_cqe& entry) {
    if (entry.res <= 0 && entry.res != -ENOBUFS) {
        broken_ = true;
        places_[place]->fd.reset();
        return;
    }
    if (entry.res > 0) {
        const unsigned buffer = entry.flags >> IORING_CQE_BUFFER_SHIFT;
        const size_t count = count_lines(memory_.get() + size_t{buffer} * kReceiveBufferOctets,
                                         static_cast<size_t>(entry.res));
        give_back(buffer);
        lines_ += count;
        if (count != 0) queue(place, count);
    }
    if ((entry.flags & IORING_CQE_F_MORE) == 0) request(kReceive, place);
}

void RawEcho::sent(size_t place, int result) {
    Place& at = *places_[place];
    if (result <= 0) {
        broken_ = true;
        return;
    }
    at.queued -= static_cast<size_t>(result);
    std::memmove(at.out, at.out + result, at.queued);
    at.sending = at.queued;
    if (at.queued != 0) request(kSend, place);
}

}  // namespace gatepost::bench

// The least that exchanging lines over io_uring takes: multishot receives into provided buffers,
// one send at a time per connection, and neither limits nor deadlines nor coroutines. stream_echo
// measures Stream against it, and loads both with it.
#pragma once

#include <liburing.h>
#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "storage/base/unique_fd.h"

namespace gatepost::bench {

inline constexpr std::string_view kRequestLine = "MAIL FROM:<someone@example.org> SIZE=4711\r\n";
inline constexpr std::string_view kReplyLine = "250 2.1.0 Ok\r\n";
// The same for both servers.
inline constexpr unsigned kReceiveBuffers = 1024;  // a power of two
inline constexpr unsigned kReceiveBufferOctets = 4096;

class RawEcho {
  public:
    // For each line that comes, `line` goes out.
    explicit RawEcho(std::string_view line);
    ~RawEcho();
    RawEcho(const RawEcho&) = delete;
    RawEcho& operator=(const RawEcho&) = delete;

    // In the thread that calls turn().
    void accept_from(int listener);
    // Connected; `first` lines go out at once.
    void add(UniqueFd fd, unsigned first);
    // Sends what is to be sent, waits for something to happen and works it off.
    void turn();

    uint64_t lines() const { return lines_; }  // that came
    bool broken() const { return broken_; }    // a connection has ended

  private:
    static constexpr size_t kOutMax = 2048;  // octets; 32 lines in flight have room
    struct Place {
        UniqueFd fd;
        size_t queued = 0;   // octets of `out`
        size_t sending = 0;  // of these, on their way
        char out[kOutMax];
    };
    enum Kind : uint64_t { kAccept, kReceive, kSend };

    io_uring_sqe* request(Kind kind, size_t place);
    void receive(size_t place);
    void send(size_t place);
    void queue(size_t place, size_t count);
    void give_back(unsigned buffer);
    void complete(const io_uring_cqe& entry);
    void received(size_t place, const io_uring_cqe& entry);
    void sent(size_t place, int result);

    std::string_view line_;
    io_uring ring_{};
    io_uring_buf_ring* buffers_ = nullptr;
    std::unique_ptr<char[]> memory_;
    int staged_ = 0;
    std::vector<std::unique_ptr<Place>> places_;
    int listener_ = -1;
    uint64_t lines_ = 0;
    bool broken_ = false;
};

}  // namespace gatepost::bench

// One DNS connection over TCP: frames in, replies out in the order of the queries (RFC 7766 allows
// any).
//
// Input and output lie in two fixed areas of the server's pool, each as large as the largest
// message with its length. At most one receive and one send are under way. Queries are taken while
// there is room for replies; when the client does not read, the connection stops receiving, and TCP
// slows the client down.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/dns/responder.h"
#include "dataplane/reactor/ring.h"
#include "storage/base/bytes.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class TcpServer;

inline constexpr size_t kTcpLengthSize = 2;                // RFC 1035 §4.2.2
inline constexpr size_t kTcpMessageMax = 65'535;           // octets
inline constexpr size_t kTcpAreaSize = 17 * size_t{4096};  // the least whole pages for one message

class TcpConnection final : public Operation {
  public:
    TcpConnection() = default;

    // Where it lives: `memory` is two areas of kTcpAreaSize.
    void place(TcpServer& server, uint8_t* memory);
    void open(UniqueFd fd, Family family);
    bool is_open() const { return static_cast<bool>(fd_); }
    Family family() const { return family_; }
    // Its address in network order; nullptr: not known.
    const uint8_t* client() const { return client_known_ ? client_ : nullptr; }

    void complete(const Completion& completion) override;

    // The frame at `offset` of the input; the octets stay until after_burst().
    Bytes frame(size_t offset) const;
    // The reply to the frame at `offset`; empty: none is sent. Where it does not fit behind the
    // replies that still wait, this frame and those behind it are taken again once they have gone.
    void take_reply(size_t offset, Bytes reply);
    // Every frame taken has had its reply. To be called at least once for each connection of a
    // burst.
    void after_burst();

    // Closes the connection if it kept the server waiting for too long.
    void check_time(uint64_t now_ms, uint64_t idle_ms, uint64_t frame_ms);
    void close();

  private:
    enum Tag : uint16_t { kReceive, kSend, kCancel };

    void ask_client();
    void on_receive(int32_t result);
    void on_send(int32_t result);
    void take_queries();
    void rest();
    void erase_taken();
    void receive();
    void send();
    void finish_close();
    bool holds_back() const;
    bool kept_waiting(uint64_t now_ms, uint64_t idle_ms, uint64_t frame_ms) const;

    TcpServer* server_ = nullptr;
    uint8_t* input_ = nullptr;
    uint8_t* output_ = nullptr;
    UniqueFd fd_;
    Family family_ = Family::ipv4;
    bool client_known_ = false;
    uint8_t client_[16] = {};
    bool receiving_ = false;  // a receive is under way
    bool sending_ = false;    // a send is under way
    bool taking_ = false;     // inside take_queries()
    bool blocked_ = false;    // a reply did not fit
    bool broken_ = false;     // the framing cannot be followed any more
    bool peer_done_ = false;  // the client has closed its side
    bool closing_ = false;
    uint16_t in_burst_ = 0;       // frames in the server's burst
    uint32_t input_length_ = 0;   // octets
    uint32_t input_high_ = 0;     // most octets ever, since open()
    uint32_t taken_ = 0;          // octets of the input that have gone to the server
    uint32_t output_length_ = 0;  // octets; a send under way has the first of them
    uint32_t output_high_ = 0;
    uint64_t active_ms_ = 0;         // last query or progress of a reply
    uint64_t frame_started_ms_ = 0;  // since when a frame is incomplete; 0: none is
};

}  // namespace gatepost::dataplane

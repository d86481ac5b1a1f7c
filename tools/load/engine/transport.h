// What carries queries to the server and brings its answers, in bursts: frames of a network device,
// or the kernel's sockets. A flow is one source address and port, known by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "storage/base/bytes.h"

namespace gatepost::tools {

inline constexpr size_t kBurstMax = 64;  // queries, answers

struct Outgoing {
    uint32_t query = 0;  // its number in the set of templates
    uint32_t flow = 0;
    uint16_t id = 0;  // of the DNS message
};

struct Incoming {
    uint32_t flow = 0;
    Bytes message;
};

// What came in and was no answer to look at.
struct TransportCounters {
    uint64_t truncated_frames = 0;  // shorter than its headers say
    uint64_t not_ours = 0;          // other traffic: protocol, addresses, ports
    uint64_t bad_checksum = 0;
    uint64_t unreachable = 0;  // the server's host says that nobody listens (ICMP)
    uint64_t neighbors = 0;    // ARP requests and neighbor solicitations answered
};

class Transport {
  public:
    virtual ~Transport() = default;

    // At most kBurstMax. Gives how many went out, from the front.
    virtual size_t send(std::span<const Outgoing> queries) = 0;
    // At most kBurstMax; the messages are valid until the next call of receive(). `more`: something
    // was taken from the device, were it only other traffic, and more may be there.
    struct Received {
        size_t answers = 0;
        bool more = false;
    };
    virtual Received receive(std::span<Incoming> into) = 0;
    // Sleeps until something has come, or the time is over; returns at once where the transport
    // cannot tell.
    virtual void wait(uint32_t timeout_us) = 0;

    // How many successive queries should share a flow: 1 where that costs nothing.
    virtual unsigned flow_block() const = 0;
    virtual uint32_t flows() const = 0;
    virtual std::string name() const = 0;
    const TransportCounters& counters() const { return counters_; }

  protected:
    TransportCounters counters_;
};

}  // namespace gatepost::tools

// DNS messages for tests of servers, and an answerer that sends queries back.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "dataplane/dns/answerer.h"

namespace gatepost::dataplane {

using Message = std::vector<uint8_t>;

// A query with the id whose first label is `label`; the answerer obeys labels:
//   "drop"  no reply;   "padN"  a reply of N octets;   "who"  the query, with QR set, and the
//   client's address;   anything else  the query, with QR set
Message make_query(uint16_t id, const std::string& label);
uint16_t id_of(const Message& message);
// With its length in front (RFC 1035 §4.2.2).
Message framed(const Message& message);

class EchoAnswerer final : public BurstAnswerer {
  public:
    void answer(std::span<Exchange> burst) override;
    std::atomic<uint64_t> queries{0};
    std::atomic<uint64_t> bursts{0};
    std::atomic<uint64_t> burst_max{0};
    // Heap allocations between bursts, of the server's thread.
    std::atomic<uint64_t> allocations{0};
};

}  // namespace gatepost::dataplane

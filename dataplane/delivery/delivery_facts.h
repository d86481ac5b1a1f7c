// What delivery tells the database about a message beside its envelope: worked out while it comes
// in, or from the message log where it was accepted by an earlier process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

struct DeliveryFacts {
    std::vector<uint8_t> summary;  // of the message's structure, encoded
    std::string message_id;        // as in the header; "" without
    std::string subject;           // decoded (RFC 2047)
    std::string from;
};

// Reads one message.
class FactsParser {
  public:
    virtual ~FactsParser() = default;
    virtual void add(Bytes octets) = 0;
    virtual DeliveryFacts finish() = 0;
};

class FactsMaker {
  public:
    virtual ~FactsMaker() = default;
    virtual std::unique_ptr<FactsParser> begin() = 0;
};

}  // namespace gatepost::dataplane

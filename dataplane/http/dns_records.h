// Walks through the records of a DNS message.
#pragma once

#include <cstdint>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

enum class DnsSection : uint8_t { answer, authority, additional };

struct DnsRecord {
    DnsSection section = DnsSection::answer;
    size_t owner = 0;  // offset in the message
    uint16_t type = 0;
    uint16_t record_class = 0;
    uint32_t ttl = 0;
    size_t rdata = 0;  // offset in the message
    uint16_t rdata_length = 0;
};

class DnsRecords {
  public:
    // At the first record, behind the questions.
    explicit DnsRecords(Bytes message);

    bool next(DnsRecord& record);
    bool ok() const { return ok_; }  // false: the message is malformed

  private:
    bool skip_name();

    Bytes message_;
    size_t at_ = 0;
    uint16_t counts_[3] = {};
    bool ok_ = false;
};

}  // namespace gatepost::dataplane

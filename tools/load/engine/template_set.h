// All queries of a run, ready to be sent: each message with room in front of it for the headers of
// a frame, which frame_headers.h writes there. What differs from one sending to the next (message
// id, source port and address, checksums) is patched into the copy.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/bytes.h"
#include "tools/load/query/query_list.h"
#include "tools/load/query/query_message.h"

namespace gatepost::tools {

struct QueryTemplate {
    uint32_t at = 0;               // of the frame in the set, in units of 64 octets
    uint16_t length = 0;           // octets of the frame
    uint16_t question_length = 0;  // octets: name, type, class
    // What the checksums cover, without what is patched in.
    uint32_t udp_sum = 0;
    uint32_t ip_sum = 0;
};

class TemplateSet {
  public:
    // `header_length`: octets in front of each message, zero at first.
    TemplateSet(const QueryList& queries, const QueryMessageOptions& options, size_t header_length);

    size_t size() const { return templates_.size(); }
    size_t header_length() const { return header_length_; }
    const QueryTemplate& operator[](size_t i) const { return templates_[i]; }
    QueryTemplate& edit(size_t i) { return templates_[i]; }
    // Up to the next multiple of 128 octets behind its end may be read, too.
    const uint8_t* frame(const QueryTemplate& query) const {
        return octets_.data() + first_ + size_t{query.at} * kAlign;
    }
    uint8_t* edit_frame(const QueryTemplate& query) {
        return octets_.data() + first_ + size_t{query.at} * kAlign;
    }
    Bytes message(const QueryTemplate& query) const {
        return {frame(query) + header_length_, query.length - header_length_};
    }
    Bytes question(const QueryTemplate& query) const {
        return {frame(query) + header_length_ + kDnsHeaderLength, query.question_length};
    }

  private:
    static constexpr size_t kAlign = 64;  // octets: a line of the processor's cache

    size_t header_length_;
    size_t first_ = 0;  // octets up to the first multiple of kAlign
    std::vector<uint8_t> octets_;
    std::vector<QueryTemplate> templates_;
};

}  // namespace gatepost::tools

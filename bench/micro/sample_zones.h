// Zones and queries for the micro-benchmarks, made without files or a database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/arena/qsbr.h"
#include "storage/zone_index/image.h"
#include "storage/zone_index/writer.h"

namespace gatepost::bench {

// An arena with its one reader mapping.
struct SampleArena {
    std::unique_ptr<storage::Qsbr> qsbr;
    std::unique_ptr<storage::ZoneIndexWriter> writer;
    storage::Image image;
    storage::ZoneIndex zone = 0;
};

// example.com with h0 … h<names-1> A; 1,000 each of delegations with glue, wildcards, MX, CNAME.
SampleArena make_flat_zone(size_t names);
// z0.example … : each zone with SOA, NS × 2, apex A, AAAA, MX, TXT, www, mail, _dmarc: 9 records.
SampleArena make_many_zones(size_t zones);

// Messages of one question, RD clear, no EDNS, laid end to end at a fixed stride as received
// packets are.
class QuerySet {
  public:
    void add(const std::string& name, uint16_t type);
    size_t size() const { return lengths_.size(); }
    const uint8_t* message(size_t i) const { return octets_.data() + i * kStride; }
    uint16_t length(size_t i) const { return lengths_[i]; }

  private:
    static constexpr size_t kStride = 128;  // octets
    std::vector<uint8_t> octets_;
    std::vector<uint16_t> lengths_;
};

}  // namespace gatepost::bench

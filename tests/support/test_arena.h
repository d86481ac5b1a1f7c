// A zones arena for tests, filled from lines of text, with reader mappings as a dataplane has them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/arena/qsbr.h"
#include "storage/zone_index/image.h"
#include "storage/zone_index/writer.h"

namespace gatepost::tests {

class TestArena {
  public:
    explicit TestArena(size_t size = size_t{64} << 20);

    // Adds a zone with a SOA of serial 1, minimum 300, TTL 3600.
    storage::ZoneIndex add_zone(const std::string& apex);
    // "owner ttl type value": relative names belong to the zone; several lines of one owner and
    // type make one RRset. '|' separates several values in one line.
    void put(const std::string& apex, const std::vector<std::string>& lines);
    Status try_put(const std::string& apex, const std::string& line);
    void remove(const std::string& apex, const std::string& owner, const std::string& type);
    void publish(uint64_t lsn = 1);

    storage::ZoneIndexWriter& writer() { return *writer_; }
    storage::Qsbr& qsbr() { return *qsbr_; }
    const storage::Image& image() const { return image_; }
    storage::ZoneIndex zone(const std::string& apex) const { return zones_.at(apex); }

  private:
    std::unique_ptr<storage::Qsbr> qsbr_;
    std::unique_ptr<storage::ZoneIndexWriter> writer_;
    storage::Image image_;
    std::map<std::string, storage::ZoneIndex> zones_;
};

storage::Dname dname(const std::string& text, const std::string& origin = ".");
storage::SoaFields sample_soa(const std::string& apex, uint32_t serial = 1);

}  // namespace gatepost::tests

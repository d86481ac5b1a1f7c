// All records of a zone as RRsets in canonical order (RFC 4034 §6.1: owners; then by type), as an
// import checks, compares and stores them. Owners are lower-cased; names inside the data keep their
// case.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/master_file.h"
#include "storage/zone/rrset.h"
#include "storage/zone/soa.h"

namespace gatepost::storage {

// Records of one RRset that did not agree in their TTL (RFC 2181 §5.2): the lowest is used.
struct TtlConflict {
    Dname owner;
    RRType type{};
    uint32_t lowest = 0;   // seconds
    uint32_t highest = 0;  // seconds
    std::string place;     // file:line, or empty
};

class ZoneData {
  public:
    DnameView apex() const { return apex_; }
    // The SOA of the apex, which a good zone has exactly one record of. nullptr: there is none.
    const RRset* soa_rrset() const { return soa_ ? &*soa_ : nullptr; }
    // The fields of its first record, with the TTL; none where there is no SOA.
    std::optional<Soa> soa() const;
    // Every RRset but the SOA of the apex. Data in each is in canonical order (RFC 4034 §6.3),
    // without duplicates. All RRSIGs of an owner are one RRset here; the TTL of each is its
    // Original TTL field (RFC 4034 §3.1.4), that of the RRset the lowest of them.
    std::span<const RRset> rrsets() const { return rrsets_; }

    uint64_t record_count() const { return record_count_; }        // the SOA included
    uint64_t duplicate_count() const { return duplicate_count_; }  // records that were there twice
    std::span<const TtlConflict> ttl_conflicts() const { return ttl_conflicts_; }

    // "file:line" of the RRset's first record; empty where it came from no file.
    std::string place(const RRset& rrset) const;

    // The same apex, SOA and RRsets.
    bool operator==(const ZoneData& other) const;

  private:
    friend class ZoneDataBuilder;
    Dname apex_;
    std::optional<RRset> soa_;
    std::vector<RRset> rrsets_;
    std::vector<TtlConflict> ttl_conflicts_;
    std::vector<std::string> files_;
    uint64_t record_count_ = 0;
    uint64_t duplicate_count_ = 0;
};

// Collects records in any order.
class ZoneDataBuilder {
  public:
    // Without an apex, the owner of the first SOA is it.
    explicit ZoneDataBuilder(std::optional<Dname> apex = {}) : apex_(apex) {}

    // The data must be well-formed (rdata_check).
    void add(const MasterRecord& record);
    size_t record_count() const { return entries_.size(); }

    // Sorts and groups. Fails only where no SOA names the apex. The builder is empty afterwards.
    Result<ZoneData> finish();

  private:
    // One record. Its octets are in octets_: sort key, owner, data.
    struct Entry {
        uint64_t key_prefix =
            0;  // the key's octets behind what all keys share, to compare most keys by
        uint64_t offset = 0;
        uint32_t ttl = 0;
        uint32_t line = 0;
        uint16_t file = 0;
        uint16_t rdata_length = 0;
        uint16_t key_length = 0;
        uint8_t owner_length = 0;
        RRType type{};
    };

    Bytes key(const Entry& entry) const { return {&octets_[entry.offset], entry.key_length}; }
    DnameView owner(const Entry& entry) const {
        return {&octets_[entry.offset + entry.key_length], entry.owner_length};
    }
    Bytes rdata(const Entry& entry) const {
        return {octets_.data() + entry.offset + entry.key_length + entry.owner_length,
                entry.rdata_length};
    }
    uint16_t file_number(const std::string* file);
    void sort();
    bool same_owner(const Entry& a, const Entry& b) const;
    size_t shared_key_octets() const;
    void group(std::span<const Entry> entries, ZoneData& zone);
    RRset make_rrset(std::span<const Entry> entries, ZoneData& zone);

    std::optional<Dname> apex_;
    std::vector<std::string> files_;
    std::vector<Entry> entries_;
    std::vector<uint8_t> octets_;
};

// Reads a master file into a zone. `apex` as of ZoneDataBuilder.
Result<ZoneData> read_zone_file(const std::string& path, const MasterFileOptions& options,
                                std::optional<Dname> apex = {});

}  // namespace gatepost::storage

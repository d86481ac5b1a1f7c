// An RRset (RFC 2181 §5): the records of one owner and type, which share their TTL. Owner and data
// lie in one buffer, because a bulk import holds millions of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/zone/dname.h"
#include "storage/zone/rdata.h"
#include "storage/zone/rrtype.h"

namespace gatepost::storage {

// The data of an RRset's records, each behind its length in 16 bits. Refers to the RRset's buffer.
class RdataRange {
  public:
    class Iterator {
      public:
        using value_type = Bytes;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        explicit Iterator(const uint8_t* at) : at_(at) {}
        Bytes operator*() const {
            uint16_t length;
            std::memcpy(&length, at_, sizeof length);
            return {at_ + sizeof length, length};
        }
        Iterator& operator++() {
            at_ += sizeof(uint16_t) + (**this).size();
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const uint8_t* at_ = nullptr;
    };

    RdataRange(const uint8_t* begin, const uint8_t* end) : begin_(begin), end_(end) {}
    Iterator begin() const { return Iterator(begin_); }
    Iterator end() const { return Iterator(end_); }

  private:
    const uint8_t* begin_;
    const uint8_t* end_;
};

class RRset {
  public:
    RRset(DnameView owner, RRType type, uint32_t ttl)
        : octets_(owner.data(), owner.data() + owner.length()),
          ttl_(ttl),
          type_(type),
          owner_length_(static_cast<uint8_t>(owner.length())) {}

    // `rdata` is well-formed, uncompressed wire data of the type.
    void add(Bytes rdata) {
        GATEPOST_CHECK(rdata.size() <= kRdataLengthMax);
        auto length = static_cast<uint16_t>(rdata.size());
        const auto* length_octets = reinterpret_cast<const uint8_t*>(&length);
        octets_.insert(octets_.end(), length_octets, length_octets + sizeof length);
        octets_.insert(octets_.end(), rdata.begin(), rdata.end());
        ++count_;
    }
    // Room for `count` records of `octets` of data altogether, to spare the buffer from growing in
    // steps.
    void reserve(size_t count, size_t octets) {
        octets_.reserve(octets_.size() + count * sizeof(uint16_t) + octets);
    }

    DnameView owner() const { return {octets_.data(), owner_length_}; }
    RRType type() const { return type_; }
    uint32_t ttl() const { return ttl_; }  // seconds
    void set_ttl(uint32_t ttl) { ttl_ = ttl; }
    size_t count() const { return count_; }  // of records
    RdataRange rdatas() const {
        return {octets_.data() + owner_length_, octets_.data() + octets_.size()};
    }
    // Of all records, without their lengths.
    size_t rdata_octets() const {
        return octets_.size() - owner_length_ - count_ * sizeof(uint16_t);
    }
    // The data as a list, the form in which an index takes it. `out` is cleared first.
    void list_rdatas(std::vector<Bytes>& out) const {
        out.clear();
        for (Bytes rdata : rdatas()) out.push_back(rdata);
    }

    // Where the first record stood: a file by number (see ZoneData::place) and a line. Line 0: in
    // no file.
    void set_place(uint16_t file, uint32_t line) {
        file_ = file;
        line_ = line;
    }
    uint16_t file() const { return file_; }
    uint32_t line() const { return line_; }

    // The same owner (octet by octet), type, TTL and data in the same order; places do not count.
    bool operator==(const RRset& other) const {
        return type_ == other.type_ && ttl_ == other.ttl_ && count_ == other.count_ &&
               owner_length_ == other.owner_length_ && octets_ == other.octets_;
    }

  private:
    std::vector<uint8_t> octets_;  // the owner, then each record's data behind its length
    uint32_t ttl_;
    uint32_t count_ = 0;
    uint32_t line_ = 0;
    uint16_t file_ = 0;
    RRType type_;
    uint8_t owner_length_;
};

}  // namespace gatepost::storage

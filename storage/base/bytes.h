// Bounds-checked cursors over wire data. A reader never passes its end: a short read sets a flag
// that stays set, reads give zero from then on, and the caller checks ok() once.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace gatepost {

using Bytes = std::span<const uint8_t>;

inline uint16_t load_be16(const uint8_t* p) {
    uint16_t v;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}
inline uint32_t load_be32(const uint8_t* p) {
    uint32_t v;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}
inline uint64_t load_be64(const uint8_t* p) {
    uint64_t v;
    std::memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}
inline void store_be16(uint8_t* p, uint16_t v) {
    v = __builtin_bswap16(v);
    std::memcpy(p, &v, sizeof v);
}
inline void store_be32(uint8_t* p, uint32_t v) {
    v = __builtin_bswap32(v);
    std::memcpy(p, &v, sizeof v);
}
inline void store_be64(uint8_t* p, uint64_t v) {
    v = __builtin_bswap64(v);
    std::memcpy(p, &v, sizeof v);
}

class ByteReader {
  public:
    explicit ByteReader(Bytes bytes)
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    bool ok() const { return ok_; }
    size_t left() const { return static_cast<size_t>(end_ - at_); }
    size_t position() const { return static_cast<size_t>(at_ - begin_); }
    bool at_end() const { return at_ == end_; }

    uint8_t u8() { return need(1) ? *at_++ : 0; }
    uint16_t u16() { return need(2) ? load_be16(advance(2)) : 0; }
    uint32_t u32() { return need(4) ? load_be32(advance(4)) : 0; }
    uint64_t u64() { return need(8) ? load_be64(advance(8)) : 0; }
    // Empty, and ok() false, where fewer than `count` octets are left.
    Bytes bytes(size_t count) { return need(count) ? Bytes(advance(count), count) : Bytes(); }
    void fail() {
        ok_ = false;
        at_ = end_;
    }

  private:
    bool need(size_t count) {
        if (left() >= count) [[likely]]
            return true;
        fail();
        return false;
    }
    const uint8_t* advance(size_t count) {
        const uint8_t* p = at_;
        at_ += count;
        return p;
    }

    const uint8_t* begin_;
    const uint8_t* at_;
    const uint8_t* end_;
    bool ok_ = true;
};

// Appends big-endian values to a growing buffer. For control-plane and text work; the packet path
// writes into fixed buffers instead.
class ByteWriter {
  public:
    explicit ByteWriter(std::vector<uint8_t>& out) : out_(out) {}

    void u8(uint8_t v) { out_.push_back(v); }
    void u16(uint16_t v) { store_be16(grow(2), v); }
    void u32(uint32_t v) { store_be32(grow(4), v); }
    void u64(uint64_t v) { store_be64(grow(8), v); }
    void bytes(Bytes b) { out_.insert(out_.end(), b.begin(), b.end()); }
    size_t position() const { return out_.size(); }

  private:
    uint8_t* grow(size_t count) {
        out_.resize(out_.size() + count);
        return out_.data() + out_.size() - count;
    }
    std::vector<uint8_t>& out_;
};

}  // namespace gatepost

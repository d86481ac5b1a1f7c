// Octets that nobody is to find in memory afterwards: wiped when they go.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::controlplane {

class SecretBytes {
  public:
    SecretBytes() = default;
    explicit SecretBytes(size_t size) : octets_(size) {}
    explicit SecretBytes(Bytes octets) : octets_(octets.begin(), octets.end()) {}
    SecretBytes(SecretBytes&& other) noexcept : octets_(std::move(other.octets_)) {
        other.octets_.clear();
    }
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        octets_.swap(other.octets_);
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(0); }

    uint8_t* data() { return octets_.data(); }
    size_t size() const { return octets_.size(); }
    Bytes bytes() const { return octets_; }
    // Never to grow: that would leave a copy behind.
    void shrink(size_t size) {
        wipe(size);
        octets_.resize(size);
    }

  private:
    void wipe(size_t begin) {
        if (begin < octets_.size())
            ::explicit_bzero(octets_.data() + begin, octets_.size() - begin);
    }

    std::vector<uint8_t> octets_;
};

}  // namespace gatepost::controlplane

// Copies one published version of an arena into fresh memory, compact and free of history, while
// its writer goes on. The caller is an online QSBR reader for as long as the copier lives: what it
// sees stays in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/zone_index/view.h"

namespace gatepost::storage {

class ImageCopier {
  public:
    explicit ImageCopier(const uint8_t* source);

    size_t size() const { return size_; }  // octets that copy_to writes
    // `target` is zeroed memory of size() octets.
    void copy_to(uint8_t* target) const;

  private:
    template <typename Visit>
    void for_each_name(Visit visit) const;
    void copy_zones(uint8_t* target, size_t at) const;
    void copy_cookie_secrets(uint8_t* target, size_t at) const;
    // Lays the canonical orders out from `at` on; all names are in the copy already.
    void copy_orders(uint8_t* target, size_t at) const;
    bool owns_nsec(const Node* newest, uint32_t zone) const;

    ZoneView view_;
    size_t size_ = 0;
    size_t slots_ = 0;  // of the copy's table
    uint32_t zone_capacity_ = 0;
    struct Order {
        uint32_t zone;
        Ref table;
    };
    std::vector<Order> orders_;  // as they were when the size was taken
    const CookieSecretSet* cookie_secrets_ = nullptr;
};

}  // namespace gatepost::storage

// Short texts by the id of a row, without an allocation for each: what the sync path keeps of
// millions of rows to know what one was when nothing but its id comes.
#pragma once

#include <memory>
#include <string_view>

#include "controlplane/directory/id_table.h"

namespace gatepost::controlplane {

class IdTexts {
  public:
    // Valid until the next change.
    std::optional<std::string_view> find(int64_t id) const;
    // Sets or replaces; `text` is none of this object's own.
    void put(int64_t id, std::string_view text);
    void erase(int64_t id);

    size_t size() const { return places_.size(); }
    // Of the heap.
    size_t size_bytes() const;

  private:
    struct Block {
        std::unique_ptr<char[]> octets;
        size_t size = 0;
    };

    std::string_view text_at(uint64_t place) const;
    uint64_t append(std::string_view text);
    // Leaves out what is no longer referred to, once that is half of it.
    void compact();

    IdTable places_;  // block number and offset in it
    std::vector<Block> blocks_;
    size_t filled_ = 0;       // octets of the last block
    size_t live_bytes_ = 0;   // of texts that are there
    size_t total_bytes_ = 0;  // and of those that were
};

}  // namespace gatepost::controlplane

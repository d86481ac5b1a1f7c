// Puts one node together: a list of RRsets that are edited, then laid out in a block of the arena.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/zone_index/layout.h"

namespace gatepost::storage {

class NodeBuilder {
  public:
    // One RRset to be; the octets are borrowed until lay_out.
    struct Part {
        uint16_t type = 0;
        uint16_t count = 0;
        uint8_t flags = 0;
        uint16_t signature_count = 0;
        Bytes data;
        Bytes signatures;
    };

    // An empty node of that name (lower-cased wire form, borrowed).
    void reset(Bytes name, uint8_t labels, uint32_t zone, uint8_t zone_labels);
    // What `node` holds: to be changed and laid out as its replacement.
    void load(const Node& node);

    // Sets the records of a type and keeps its signatures. No records: see remove.
    void set_records(uint16_t type, uint16_t count, uint8_t flags, Bytes data);
    void remove_records(uint16_t type);
    // Signatures are kept apart from records: they may come first, and stay where those go.
    void clear_signatures();
    void set_signatures(uint16_t type, uint16_t count, Bytes data);

    bool empty() const { return parts_.empty(); }
    uint8_t zone_labels() const { return zone_labels_; }
    size_t size() const;  // octets that lay_out needs
    // `version`, `previous` and `shallower` are left to the caller.
    void lay_out(Node* node) const;

    uint32_t children = 0;
    bool apex = false;
    bool wildcard_child = false;

  private:
    Part& part(uint16_t type);
    void drop_if_bare(uint16_t type);
    uint8_t flags() const;

    Bytes name_;
    uint8_t labels_ = 0;
    uint32_t zone_ = 0;
    uint8_t zone_labels_ = 0;
    std::vector<Part> parts_;  // types ascend
};

}  // namespace gatepost::storage

#include "dataplane/dns/additional.h"

#include <algorithm>

#include "dataplane/dns/target_name.h"
#include "storage/base/bytes.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::HashedName;
using storage::Node;
using storage::RRsetEntry;
using storage::RRType;
using storage::ZoneView;

using storage::kRRFixedSize;
constexpr RRType kAddressTypes[] = {RRType::A, RRType::AAAA};

// Whether `name` ends in the last `labels` labels of the node's name.
bool ends_in(const HashedName& name, const Node& node, size_t labels) {
    if (name.labels < labels) return false;
    const uint8_t* tail = node.name();
    for (size_t skip = node.labels - labels; skip > 0; --skip) tail += *tail + 1;
    size_t length = node.name_length - static_cast<size_t>(tail - node.name());
    storage::DnameView suffix = name.suffix(labels);
    return suffix.length() == length && storage::equal_padded(tail, suffix.data(), length);
}

const Node* find_in_zone(const ZoneView& view, HashedName& name, uint32_t zone) {
    name.hash(view.secret());
    const Node* node = view.find(name, name.labels);
    while (node != nullptr && node->zone != zone)
        node = node->shallower == 0 ? nullptr : view.at<Node>(node->shallower);
    return node;
}

bool add_node(const Node& node, uint16_t name_at, AnswerWriter& writer, bool signatures) {
    bool fits = true;
    for (RRType type : kAddressTypes)
        if (const RRsetEntry* rrset = node.find(static_cast<uint16_t>(type)); rrset != nullptr)
            fits &= writer.add(Section::additional, node, *rrset, {.at = name_at}, signatures);
    return fits;
}

}  // namespace

bool add_addresses(const ZoneView& view, const Node& node, const RRsetEntry& rrset,
                   uint16_t first_rdata, AnswerWriter& writer, bool signatures) {
    const Node* added[kAdditionalTargetsMax];
    size_t count = 0;
    bool complete = true;
    HashedName target;
    uint16_t offset = target_offset(rrset.type);
    size_t at = 0;  // of the record's RDATA, from the first one's
    const uint8_t* data = node.data(rrset) + kRRFixedSize;
    for (uint16_t i = 0; i < rrset.count && count < kAdditionalTargetsMax; ++i) {
        auto target_at = static_cast<uint16_t>(first_rdata + at + offset);
        expand_target(node, data + at + offset, target);
        at += load_be16(data + at - 2) + kRRFixedSize;
        if (!ends_in(target, node, node.zone_labels)) continue;
        const Node* found = find_in_zone(view, target, node.zone);
        if (found == nullptr || std::find(added, added + count, found) != added + count) continue;
        added[count++] = found;
        if (add_node(*found, target_at, writer, signatures)) continue;
        if (node.has(storage::kNodeCut) && ends_in(target, node, node.labels)) complete = false;
    }
    return complete;
}

}  // namespace gatepost::dataplane

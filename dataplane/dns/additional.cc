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

// One name to look up. All are hashed first, then their slots and nodes are fetched, then read: the
// misses of a referral's servers overlap.
struct Target {
    uint32_t tag;
    uint16_t at;     // offset of the name in the message
    uint8_t length;  // octets
    bool needed;     // a referral leads nowhere without its addresses
    uint8_t octets[storage::kDnameLengthMax + storage::kNamePadding];
};

const Node* find_in_zone(const ZoneView& view, const Target& target, uint32_t zone) {
    const Node* node = view.find(target.tag, target.octets, target.length);
    while (node != nullptr && node->zone != zone)
        node = node->shallower == 0 ? nullptr : view.at<Node>(node->shallower);
    return node;
}

// The targets that lie in the node's zone. Gives their count.
size_t collect_targets(const ZoneView& view, const Node& node, const RRsetEntry& rrset,
                       uint16_t first_rdata, Target (&targets)[kAdditionalTargetsMax]) {
    HashedName name;
    size_t count = 0;
    size_t at = 0;  // of the record's RDATA, from the first one's
    const uint8_t* data = node.data(rrset) + kRRFixedSize;
    uint16_t offset = target_offset(rrset.type);
    for (uint16_t i = 0; i < rrset.count && count < kAdditionalTargetsMax; ++i) {
        auto target_at = static_cast<uint16_t>(first_rdata + at + offset);
        expand_target(node, data + at + offset, name);
        at += load_be16(data + at - 2) + kRRFixedSize;
        if (!ends_in(name, node, node.zone_labels)) continue;
        name.hash(view.secret());
        Target& target = targets[count++];
        target.tag = name.tag(name.labels);
        target.at = target_at;
        target.length = name.length;
        target.needed = node.has(storage::kNodeCut) && ends_in(name, node, node.labels);
        std::memcpy(target.octets, name.octets, name.length);
        view.table().prefetch(target.tag);
    }
    return count;
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
    Target targets[kAdditionalTargetsMax];
    size_t count = collect_targets(view, node, rrset, first_rdata, targets);
    for (size_t i = 0; i < count; ++i)
        if (storage::Ref ref = view.candidate(targets[i].tag); ref != 0)
            __builtin_prefetch(view.at<uint8_t>(ref));
    const Node* added[kAdditionalTargetsMax];
    size_t added_count = 0;
    bool complete = true;
    for (size_t i = 0; i < count; ++i) {
        const Node* found = find_in_zone(view, targets[i], node.zone);
        if (found == nullptr || std::find(added, added + added_count, found) != added + added_count)
            continue;
        added[added_count++] = found;
        if (!add_node(*found, targets[i].at, writer, signatures) && targets[i].needed)
            complete = false;
    }
    return complete;
}

}  // namespace gatepost::dataplane

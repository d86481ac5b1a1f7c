#include "dataplane/dns/locate.h"

#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::HashedName;
using storage::Node;
using storage::RRType;
using storage::ZoneView;

const Node* side_of(const ZoneView& view, const Node* node, uint32_t zone) {
    for (; node->zone != zone; node = view.at<Node>(node->shallower))
        if (node->shallower == 0) return nullptr;
    return node;
}

// The deepest name from `depth` upwards that lies in the zone; its apex at the latest.
const Node* deepest_in_zone(const ZoneView& view, const HashedName& name, size_t depth,
                            const Node* apex) {
    for (; depth > apex->labels; --depth) {
        const Node* node = view.find(name, depth);
        if (node == nullptr) continue;
        if (const Node* side = side_of(view, node, apex->zone); side != nullptr) return side;
    }
    return apex;
}

// The first zone cut or DNAME between the zone's apex and `node`, or `node`. Where the apex of a
// deeper zone lies between, the walk goes on in that zone, with its own deepest name.
const Node* first_division(const ZoneView& view, const HashedName& name, const Node* node) {
    for (size_t depth = size_t{node->zone_labels} + 1; depth < node->labels; ++depth) {
        if (!view.may_divide(node->zone, depth)) continue;
        const Node* above = view.find(name, depth);
        if (above == nullptr) continue;
        if (above->zone_labels > node->zone_labels) {
            node = deepest_in_zone(view, name, node->labels - size_t{1}, above);
            depth = node->zone_labels;
            continue;
        }
        if (above->has(storage::kNodeCut) || above->has(storage::kNodeDname)) return above;
    }
    return node;
}

const Node* find_wildcard(const ZoneView& view, const HashedName& name, const Node* encloser) {
    constexpr size_t kWildcardLabel = 2;  // octets of "\001*"
    size_t suffix = encloser->name_length;
    if (suffix + kWildcardLabel > storage::kDnameLengthMax) return nullptr;
    uint8_t octets[storage::kDnameLengthMax + storage::kNamePadding];
    octets[0] = 1;
    octets[1] = '*';
    std::memcpy(octets + kWildcardLabel, encloser->name(), suffix);
    uint64_t state = storage::hash_label(view.secret(), name.hashes[encloser->labels], octets);
    const Node* node = view.find(storage::hash_tag(state), octets, suffix + kWildcardLabel);
    return node == nullptr ? nullptr : side_of(view, node, encloser->zone);
}

// DS at a zone's apex is asked of the parent, where that is served here too.
const Node* parent_side(const ZoneView& view, const Node* node) {
    return node->shallower == 0 ? nullptr : view.at<Node>(node->shallower);
}

}  // namespace

Location locate(const ZoneView& view, const HashedName& name, const Node* exact, uint16_t type) {
    const Node* node = exact;
    size_t depth = name.labels;
    while (node == nullptr) {
        if (depth == 0) return {};
        --depth;
        if (storage::depth_test(view.header().name_depths, depth)) node = view.find(name, depth);
    }
    bool is_exact = node == exact;
    bool asks_parent = type == static_cast<uint16_t>(RRType::DS) && is_exact;
    if (asks_parent && node->has(storage::kNodeApex))
        if (const Node* parent = parent_side(view, node); parent != nullptr) node = parent;
    if (depth > node->zone_labels + size_t{1}) [[unlikely]] {
        const Node* division = first_division(view, name, node);
        if (division != node) {
            node = division;
            depth = node->labels;
            is_exact = false;
            asks_parent = false;
        }
    }
    auto at = static_cast<uint8_t>(depth);
    if (node->has(storage::kNodeCut) && !asks_parent) return {Place::cut, at, node};
    if (is_exact) return {Place::exact, at, node};
    if (node->has(storage::kNodeDname)) return {Place::dname, at, node};
    if (node->has(storage::kNodeWildcard))
        if (const Node* wildcard = find_wildcard(view, name, node); wildcard != nullptr)
            return {Place::wildcard, at, wildcard};
    return {Place::missing, at, node};
}

}  // namespace gatepost::dataplane

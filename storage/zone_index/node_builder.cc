#include "storage/zone_index/node_builder.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "storage/zone/rrtype.h"

namespace gatepost::storage {

namespace {

size_t padded(size_t value, size_t unit) {
    return (value + unit - 1) / unit * unit;
}

size_t data_start(size_t name_length, size_t parts) {
    return sizeof(Node) + padded(name_length, 8) + parts * sizeof(RRsetEntry);
}

}  // namespace

void NodeBuilder::reset(Bytes name, uint8_t labels, uint32_t zone, uint8_t zone_labels) {
    name_ = name;
    labels_ = labels;
    zone_ = zone;
    zone_labels_ = zone_labels;
    parts_.clear();
    children = 0;
    apex = labels == zone_labels;
    wildcard_child = false;
}

void NodeBuilder::load(const Node& node) {
    reset({node.name(), node.name_length}, node.labels, node.zone, node.zone_labels);
    children = node.children.load(std::memory_order_relaxed);
    wildcard_child = node.has(kNodeWildcard);
    for (uint16_t i = 0; i < node.rrset_count; ++i) {
        const RRsetEntry& rrset = node.rrsets()[i];
        const uint8_t* data = node.data(rrset);
        parts_.push_back({rrset.type,
                          rrset.count,
                          rrset.flags,
                          rrset.signature_count,
                          {data, rrset.length},
                          {data + rrset.length, rrset.signature_length}});
    }
}

NodeBuilder::Part& NodeBuilder::part(uint16_t type) {
    auto it = std::lower_bound(parts_.begin(), parts_.end(), type,
                               [](const Part& p, uint16_t t) { return p.type < t; });
    if (it == parts_.end() || it->type != type) it = parts_.insert(it, Part{.type = type});
    return *it;
}

void NodeBuilder::drop_if_bare(uint16_t type) {
    std::erase_if(parts_, [type](const Part& p) {
        return p.type == type && p.count == 0 && p.signature_count == 0;
    });
}

void NodeBuilder::set_records(uint16_t type, uint16_t count, uint8_t flags, Bytes data) {
    Part& p = part(type);
    p.count = count;
    p.flags = flags;
    p.data = data;
}

void NodeBuilder::remove_records(uint16_t type) {
    Part& p = part(type);
    p.count = 0;
    p.flags = 0;
    p.data = {};
    drop_if_bare(type);
}

void NodeBuilder::clear_signatures() {
    for (Part& p : parts_) {
        p.signature_count = 0;
        p.signatures = {};
    }
    std::erase_if(parts_, [](const Part& p) { return p.count == 0; });
}

void NodeBuilder::set_signatures(uint16_t type, uint16_t count, Bytes data) {
    Part& p = part(type);
    p.signature_count = count;
    p.signatures = data;
}

size_t NodeBuilder::size() const {
    size_t size = data_start(name_.size(), parts_.size());
    for (const Part& p : parts_) size += p.data.size() + p.signatures.size();
    return padded(size, kRefUnit);
}

uint8_t NodeBuilder::flags() const {
    bool any = false;
    uint8_t flags = 0;
    for (const Part& p : parts_) {
        if (p.count == 0) continue;
        any = true;
        if (p.type == static_cast<uint16_t>(RRType::NS) && !apex) flags |= kNodeCut;
        if (p.type == static_cast<uint16_t>(RRType::DNAME)) flags |= kNodeDname;
        if (p.type == static_cast<uint16_t>(RRType::CNAME)) flags |= kNodeCname;
    }
    if (apex) flags |= kNodeApex;
    if (!any) flags |= kNodeEmpty;
    if (wildcard_child) flags |= kNodeWildcard;
    return flags;
}

void NodeBuilder::lay_out(Node* block) const {
    Node* node = new (block) Node{};
    node->zone = zone_;
    node->size = static_cast<uint32_t>(size());
    node->children.store(children, std::memory_order_relaxed);
    node->name_length = static_cast<uint8_t>(name_.size());
    node->labels = labels_;
    node->zone_labels = zone_labels_;
    node->flags.store(flags(), std::memory_order_relaxed);
    node->rrset_count = static_cast<uint16_t>(parts_.size());
    auto* octets = reinterpret_cast<uint8_t*>(node);
    std::memcpy(octets + sizeof(Node), name_.data(), name_.size());
    auto* entry = const_cast<RRsetEntry*>(node->rrsets());
    size_t at = data_start(name_.size(), parts_.size());
    for (const Part& p : parts_) {
        *entry++ = {p.type,
                    p.count,
                    static_cast<uint32_t>(at),
                    static_cast<uint16_t>(p.data.size()),
                    p.signature_count,
                    static_cast<uint16_t>(p.signatures.size()),
                    p.flags,
                    0};
        if (!p.data.empty()) std::memcpy(octets + at, p.data.data(), p.data.size());
        at += p.data.size();
        if (!p.signatures.empty())
            std::memcpy(octets + at, p.signatures.data(), p.signatures.size());
        at += p.signatures.size();
    }
}

}  // namespace gatepost::storage

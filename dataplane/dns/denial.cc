#include "dataplane/dns/denial.h"

#include <cstring>

#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

using storage::DnameView;
using storage::Node;

void Denial::add(const Node& node, DnameView name, uint16_t apex_at) {
    const Node* owner = view_.nsec_for(node.zone, name);
    if (owner == nullptr || count_ == kProofsMax) return;
    for (size_t i = 0; i < count_; ++i)
        if (proofs_[i].node == owner) return;
    proofs_[count_++] = {owner, apex_at};
}

void Denial::add_wildcard(const Node& encloser, uint16_t apex_at) {
    constexpr size_t kWildcardLabel = 2;  // octets of "\001*"
    if (encloser.name_length + kWildcardLabel > storage::kDnameLengthMax) return;
    uint8_t wildcard[storage::kDnameLengthMax] = {1, '*'};
    std::memcpy(wildcard + kWildcardLabel, encloser.name(), encloser.name_length);
    add(encloser, {wildcard, kWildcardLabel + encloser.name_length}, apex_at);
}

bool Denial::write(AnswerWriter& writer) {
    for (size_t i = 0; i < count_; ++i) {
        const Node& node = *proofs_[i].node;
        const auto* nsec = node.find(static_cast<uint16_t>(storage::RRType::NSEC));
        const uint8_t* apex = node.name();
        for (size_t skip = size_t{node.labels} - node.zone_labels; skip > 0; --skip)
            apex += *apex + 1;
        size_t apex_length = node.name_length - static_cast<size_t>(apex - node.name());
        if (!writer.add_named(Section::authority, node, *nsec, proofs_[i].apex_at, apex_length))
            return false;
    }
    count_ = 0;
    return true;
}

}  // namespace gatepost::dataplane

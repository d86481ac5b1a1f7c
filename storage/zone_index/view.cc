#include "storage/zone_index/view.h"

#include "storage/zone/rrtype.h"

namespace gatepost::storage {

const Node* ZoneView::nsec_for(uint32_t zone, DnameView name) const {
    Ref ref = zones_[zone].order.load(std::memory_order_acquire);
    if (ref == 0) return nullptr;
    const auto* order = at<OrderTable>(ref);
    auto node_at = [&](uint32_t i) {
        return at<Node>(order->names()[i].load(std::memory_order_acquire));
    };
    uint32_t low = 0;
    uint32_t high = order->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const Node* node = node_at(middle);
        if (dname_compare({node->name(), node->name_length}, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0) {
        const Node* node = visible(node_at(--low));
        if (node != nullptr) node = side(node, zone);
        if (node != nullptr && node->find(static_cast<uint16_t>(RRType::NSEC)) != nullptr)
            return node;
    }
    return nullptr;
}

}  // namespace gatepost::storage

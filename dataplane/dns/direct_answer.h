// The answer to most queries: the name is there and has the type, nothing divides the zone above
// it, no other name comes into play. What is special in any way is resolution.h's business.
#pragma once

#include "dataplane/dns/answer_writer.h"
#include "dataplane/dns/query.h"
#include "storage/zone/rrtype.h"
#include "storage/zone_index/view.h"

namespace gatepost::dataplane {

enum class DirectAnswer : uint8_t {
    not_possible,  // nothing was written: resolve() it
    written,
    does_not_fit,  // nothing was written, and nothing else would be
};

// `exact` is what the index has for the question's whole name, or nullptr.
inline DirectAnswer answer_directly(const storage::ZoneView& view, const Query& query,
                                    const storage::Node* exact, AnswerWriter& writer) {
    using storage::RRType;
    if (exact == nullptr || exact->has(storage::kNodeCut)) return DirectAnswer::not_possible;
    // Asked of the parent side, or not a type that an RRset has.
    if (query.type == static_cast<uint16_t>(RRType::DS) ||
        query.type == static_cast<uint16_t>(RRType::RRSIG) ||
        query.type == static_cast<uint16_t>(RRType::ANY))
        return DirectAnswer::not_possible;
    for (size_t depth = size_t{exact->zone_labels} + 1; depth < exact->labels; ++depth)
        if (view.may_divide(exact->zone, depth)) return DirectAnswer::not_possible;
    const storage::RRsetEntry* rrset = exact->find(query.type);
    if (rrset == nullptr || (rrset->flags & storage::kRRsetAdditional))
        return DirectAnswer::not_possible;
    return writer.add_answer(*exact, *rrset, query.dnssec_ok) ? DirectAnswer::written
                                                              : DirectAnswer::does_not_fit;
}

}  // namespace gatepost::dataplane

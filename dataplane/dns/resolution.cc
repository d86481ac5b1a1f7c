#include "dataplane/dns/resolution.h"

#include <algorithm>

#include "dataplane/dns/additional.h"
#include "dataplane/dns/denial.h"
#include "dataplane/dns/target_name.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::HashedName;
using storage::Node;
using storage::RRsetEntry;
using storage::RRType;
using storage::ZoneView;

constexpr uint16_t kTypeNs = static_cast<uint16_t>(RRType::NS);
constexpr uint16_t kTypeDs = static_cast<uint16_t>(RRType::DS);
constexpr uint16_t kTypeAny = static_cast<uint16_t>(RRType::ANY);
constexpr uint16_t kTypeCname = static_cast<uint16_t>(RRType::CNAME);
constexpr uint16_t kTypeDname = static_cast<uint16_t>(RRType::DNAME);
constexpr uint16_t kTypeRrsig = static_cast<uint16_t>(RRType::RRSIG);
constexpr uint16_t kTypeNsec = static_cast<uint16_t>(RRType::NSEC);

// One name on the way of a chain of CNAMEs, and where it stands in the message.
class Resolver {
  public:
    Resolver(const ZoneView& view, const Query& query, AnswerWriter& writer)
        : view_(view), query_(query), writer_(writer), name_(&query.name), denial_(view) {}

    Resolution run(const Node* exact);

  private:
    enum class Next : uint8_t { done, follow };

    Next step(const Location& location);
    Next answer(const Node& node, Owner owner);
    void answer_signatures(const Node& node, Owner owner);
    Next follow_cname(const Node& node, const RRsetEntry& cname, Owner owner);
    Next follow_dname(const Node& node);
    void refer(const Node& cut);
    void deny(const Node& node, Rcode rcode);
    Owner suffix_owner(size_t depth) const;
    void truncate() { result_.truncated = true; }

    const ZoneView& view_;
    const Query& query_;
    AnswerWriter& writer_;
    const HashedName* name_;
    uint16_t name_at_ = storage::kQuestionOffset;
    HashedName chased_;
    const Node* dnames_[kChainMax];  // those in the answer
    size_t dname_count_ = 0;
    Denial denial_;
    Resolution result_;
};

Resolution Resolver::run(const Node* exact) {
    uint64_t visited[kChainMax];
    for (size_t steps = 0; steps < kChainMax; ++steps) {
        visited[steps] = name_->hashes[name_->labels];
        if (step(locate(view_, *name_, exact, query_.type)) == Next::done) break;
        chased_.hash(view_.secret());
        // A chain that comes back to one of its names: what would follow is in the answer already.
        uint64_t* end = visited + steps + 1;
        if (std::find(visited, end, chased_.hashes[chased_.labels]) != end) break;
        name_at_ = writer_.first_rdata();
        name_ = &chased_;
        exact = view_.find(chased_, chased_.labels);
    }
    if (!result_.truncated && !denial_.write(writer_)) truncate();
    return result_;
}

Owner Resolver::suffix_owner(size_t depth) const {
    return {.at = writer_.suffix_at(name_at_, name_->offsets[depth])};
}

Resolver::Next Resolver::step(const Location& location) {
    bool first = name_ == &query_.name;
    switch (location.place) {
        case Place::outside:
            // A chain may lead out of what is served here: the resolver goes on from there.
            if (first) {
                result_.rcode = Rcode::refused;
                result_.extended_error = ExtendedError::not_authoritative;
            }
            return Next::done;
        case Place::cut:
            if (first) result_.authoritative = false;
            refer(*location.node);
            return Next::done;
        case Place::dname:
            result_.authoritative = true;
            return follow_dname(*location.node);
        case Place::missing:
            result_.authoritative = true;
            deny(*location.node, Rcode::nxdomain);
            return Next::done;
        case Place::exact:
            result_.authoritative = true;
            return answer(*location.node, {.at = name_at_});
        case Place::wildcard:
            break;
    }
    result_.authoritative = true;
    // RFC 4035 §3.1.3.3: that no closer name exists.
    if (query_.dnssec_ok)
        denial_.add(*location.node, name_->suffix(name_->labels),
                    suffix_owner(location.node->zone_labels).at);
    auto longer = static_cast<int16_t>(int{name_->length} - int{location.node->name_length});
    return answer(*location.node, {.at = name_at_, .longer = longer});
}

Resolver::Next Resolver::answer(const Node& node, Owner owner) {
    const RRsetEntry* rrset = node.find(query_.type);
    if (rrset == nullptr) {
        if (node.has(storage::kNodeCname) && query_.type != kTypeRrsig)
            return follow_cname(node, *node.find(kTypeCname), owner);
        if (query_.type == kTypeRrsig) {
            answer_signatures(node, owner);
            return Next::done;
        }
        // RFC 8482 §4.1: one RRset answers ANY.
        if (query_.type == kTypeAny && !node.has(storage::kNodeEmpty))
            for (rrset = node.rrsets(); rrset->count == 0 || rrset->type == kTypeNsec;) {
                if (++rrset == node.rrsets() + node.rrset_count) {
                    rrset = nullptr;
                    break;
                }
            }
        if (rrset == nullptr) {
            deny(node, Rcode::noerror);
            return Next::done;
        }
    }
    if (!writer_.add(Section::answer, node, *rrset, owner, query_.dnssec_ok)) {
        truncate();
        return Next::done;
    }
    uint16_t first = writer_.first_rdata();
    if (!denial_.write(writer_)) {
        truncate();
        return Next::done;
    }
    if (rrset->flags & storage::kRRsetAdditional)
        add_addresses(view_, node, *rrset, first, writer_, query_.dnssec_ok);
    return Next::done;
}

void Resolver::answer_signatures(const Node& node, Owner owner) {
    bool any = false;
    for (uint16_t i = 0; i < node.rrset_count; ++i) {
        const RRsetEntry& rrset = node.rrsets()[i];
        if (rrset.signature_count == 0) continue;
        any = true;
        if (!writer_.add_signatures(Section::answer, node, rrset, owner)) return truncate();
    }
    if (!any) deny(node, Rcode::noerror);
}

Resolver::Next Resolver::follow_cname(const Node& node, const RRsetEntry& cname, Owner owner) {
    if (!writer_.add(Section::answer, node, cname, owner, query_.dnssec_ok)) {
        truncate();
        return Next::done;
    }
    expand_target(node, node.data(cname) + storage::kRRFixedSize, chased_);
    // RFC 8482: what ANY asked for is given.
    return query_.type == kTypeAny ? Next::done : Next::follow;
}

Resolver::Next Resolver::follow_dname(const Node& node) {
    const RRsetEntry* dname = node.find(kTypeDname);
    // A chain may pass the same DNAME again, for another name below it.
    const Node** end = dnames_ + dname_count_;
    if (std::find(dnames_, end, &node) == end) {
        if (!writer_.add(Section::answer, node, *dname, suffix_owner(node.labels),
                         query_.dnssec_ok)) {
            truncate();
            return Next::done;
        }
        *end = &node;
        ++dname_count_;
    }
    const uint8_t* record = node.data(*dname);
    size_t target_length = load_be16(record + 10);
    size_t prefix = name_->offsets[node.labels];
    if (prefix + target_length > storage::kDnameLengthMax) {  // RFC 6672 §2.2
        result_.rcode = Rcode::yxdomain;
        return Next::done;
    }
    uint8_t target[storage::kDnameLengthMax + storage::kNamePadding] = {};
    std::memcpy(target, name_->octets, prefix);
    std::memcpy(target + prefix, record + storage::kRRFixedSize, target_length);
    if (!writer_.add_cname({.at = name_at_}, load_be32(record + 6), target,
                           prefix + target_length)) {
        truncate();
        return Next::done;
    }
    storage::lower_copy(chased_.octets, target, prefix + target_length);
    chased_.length = static_cast<uint8_t>(prefix + target_length);
    chased_.index_labels();
    return query_.type == kTypeCname || query_.type == kTypeAny ? Next::done : Next::follow;
}

void Resolver::refer(const Node& cut) {
    Owner owner = suffix_owner(cut.labels);
    const RRsetEntry* ns = cut.find(kTypeNs);
    if (!writer_.add(Section::authority, cut, *ns, owner, false)) return truncate();
    uint16_t first_ns = writer_.first_rdata();
    if (query_.dnssec_ok) {
        // RFC 4035 §3.1.4: the DS, or the proof that there is none.
        const RRsetEntry* proof = cut.find(kTypeDs);
        if (proof == nullptr) proof = cut.find(kTypeNsec);
        if (proof != nullptr && !writer_.add(Section::authority, cut, *proof, owner, true))
            return truncate();
    }
    if (!denial_.write(writer_)) return truncate();
    if (!add_addresses(view_, cut, *ns, first_ns, writer_, query_.dnssec_ok)) truncate();
}

void Resolver::deny(const Node& node, Rcode rcode) {
    result_.rcode = rcode;
    const Node* apex = node.has(storage::kNodeApex) ? &node : view_.apex(node.zone);
    if (apex == nullptr) return;
    if (!writer_.add_negative_soa(*apex, suffix_owner(node.zone_labels), query_.dnssec_ok))
        return truncate();
    if (!query_.dnssec_ok) return;
    uint16_t apex_at = suffix_owner(node.zone_labels).at;
    if (rcode == Rcode::nxdomain) {
        denial_.add(node, name_->suffix(name_->labels), apex_at);
        denial_.add_wildcard(node, apex_at);
    } else {
        denial_.add(node, {node.name(), node.name_length}, apex_at);
    }
}

}  // namespace

Resolution resolve(const ZoneView& view, const Query& query, const Node* exact,
                   AnswerWriter& writer) {
    return Resolver(view, query, writer).run(exact);
}

}  // namespace gatepost::dataplane

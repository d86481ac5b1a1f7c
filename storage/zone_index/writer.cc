#include "storage/zone_index/writer.h"

#include <sys/random.h>

#include <algorithm>

#include "storage/base/check.h"
#include "storage/zone_index/writer_state.h"

namespace gatepost::storage {

namespace {

constexpr uint16_t kTypeSoa = static_cast<uint16_t>(RRType::SOA);

Status no_zone(ZoneIndex zone) {
    return fail(ErrorCode::refused, "the index has no zone number {}", zone);
}

}  // namespace

ZoneIndexWriter::ZoneIndexWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZoneIndexWriter::~ZoneIndexWriter() = default;

Result<std::unique_ptr<ZoneIndexWriter>> ZoneIndexWriter::create(Segment segment, Qsbr& qsbr,
                                                                 uint64_t generation,
                                                                 size_t names_expected) {
    auto state = std::make_unique<State>(std::move(segment), qsbr, generation);
    if (::getrandom(state->header->hash_secret, sizeof state->header->hash_secret, 0) !=
        static_cast<ssize_t>(sizeof state->header->hash_secret))
        return fail(ErrorCode::refused, "the kernel gives no random octets for the index's hash");
    state->secret = {state->header->hash_secret[0], state->header->hash_secret[1]};
    if (Status ok = state->lay_out_empty(names_expected); !ok) return tl::unexpected(ok.error());
    return std::unique_ptr<ZoneIndexWriter>(new ZoneIndexWriter(std::move(state)));
}

Result<ZoneIndex> ZoneIndexWriter::add_zone(DnameView apex, const SoaFields& soa) {
    State& s = *state_;
    s.hashed.assign(apex, s.secret);
    uint8_t labels = s.hashed.labels;
    Ref head = s.head(s.hashed, labels);
    if (head != 0 && s.at<Node>(head)->has(kNodeApex) && !s.at<Node>(head)->has(kNodeAbsent))
        return fail(ErrorCode::conflict, "zone {} is there already", dname_to_text(apex));
    auto zone = s.take_zone();
    if (!zone) return zone;
    std::vector<uint8_t> rdata;
    soa_to_rdata(soa, rdata);
    const Bytes rdatas[] = {rdata};
    DnameView name = s.hashed.suffix(labels);
    if (Status ok = compile_rrset(name, RRType::SOA, soa.ttl, rdatas, s.compiled); !ok)
        return tl::unexpected(ok.error());
    s.builder.reset(name.wire(), labels, *zone, labels);
    s.builder.set_records(kTypeSoa, 1, s.compiled.flags, s.compiled.data);
    if (Status ok = s.replace_side(s.hashed, labels, *zone, &s.builder); !ok)
        return tl::unexpected(ok.error());
    return zone;
}

Status ZoneIndexWriter::set_soa(ZoneIndex zone, const SoaFields& soa) {
    State& s = *state_;
    if (zone >= s.zones_used || s.zone_entry(zone).apex.load() == 0) return no_zone(zone);
    const Node* apex = s.apex_of(zone);
    Dname owner(DnameView(apex->name(), apex->name_length));
    std::vector<uint8_t> rdata;
    soa_to_rdata(soa, rdata);
    const Bytes rdatas[] = {rdata};
    if (Status ok = compile_rrset(owner, RRType::SOA, soa.ttl, rdatas, s.compiled); !ok) return ok;
    return s.put_part(zone, owner, kTypeSoa);
}

// Lays the zone's node of that owner out anew with what `compiled` holds.
Status ZoneIndexWriter::State::put_part(uint32_t zone, DnameView owner, uint16_t type) {
    uint8_t zone_labels = apex_of(zone)->labels;
    hashed.assign(owner, secret);
    Node* node = side(hashed, hashed.labels, zone);
    if (node != nullptr) {
        builder.load(*node);
    } else {
        if (Status ok = ensure_ancestors(hashed, zone, zone_labels); !ok) return ok;
        builder.reset(hashed.suffix(hashed.labels).wire(), hashed.labels, zone, zone_labels);
    }
    builder.set_records(type, compiled.count, compiled.flags, compiled.data);
    return replace_side(hashed, hashed.labels, zone, &builder);
}

Status ZoneIndexWriter::State::ensure_ancestors(const HashedName& name, uint32_t zone,
                                                uint8_t zone_labels) {
    // Upwards to the first that is there, then down again: a parent is there before its child
    // counts on it.
    size_t depth = name.labels;
    while (depth > zone_labels + size_t{1} && side(name, depth - 1, zone) == nullptr) --depth;
    for (; depth < name.labels; ++depth) {
        NodeBuilder empty;
        empty.reset(name.suffix(depth).wire(), static_cast<uint8_t>(depth), zone, zone_labels);
        if (Status ok = replace_side(name, depth, zone, &empty); !ok) return ok;
    }
    return {};
}

Status ZoneIndexWriter::State::prune(const HashedName& name, uint32_t zone, uint8_t zone_labels) {
    for (size_t depth = name.labels; depth > zone_labels; --depth) {
        const Node* node = side(name, depth, zone);
        if (node == nullptr || node->rrset_count != 0 ||
            node->children.load(std::memory_order_relaxed) != 0)
            return {};
        if (Status ok = replace_side(name, depth, zone, nullptr); !ok) return ok;
    }
    return {};
}

namespace {

// Distributes the RRSIGs of a row over what they cover.
Status set_signatures(DnameView owner, std::span<const Bytes> rdatas, std::vector<uint8_t>& buffer,
                      NodeBuilder& builder) {
    struct Signature {
        uint16_t type;
        size_t start;
        size_t end;
    };
    std::vector<Signature> all;
    std::vector<uint8_t> unsorted;
    for (Bytes rdata : rdatas) {
        size_t start = unsorted.size();
        auto covered = compile_signature(rdata, unsorted);
        if (!covered) return wrap(fmt::format("{} RRSIG", dname_to_text(owner)), covered.error());
        all.push_back({*covered, start, unsorted.size()});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Signature& a, const Signature& b) { return a.type < b.type; });
    buffer.clear();
    buffer.reserve(unsorted.size());  // the builder borrows from it
    builder.clear_signatures();
    for (size_t i = 0; i < all.size();) {
        size_t start = buffer.size();
        uint16_t count = 0;
        uint16_t type = all[i].type;
        for (; i < all.size() && all[i].type == type; ++i, ++count)
            buffer.insert(buffer.end(), unsorted.begin() + static_cast<ptrdiff_t>(all[i].start),
                          unsorted.begin() + static_cast<ptrdiff_t>(all[i].end));
        if (buffer.size() - start > kRRsetSizeMax)
            return fail(ErrorCode::invalid,
                        "{} has more RRSIGs of {} than fit into a DNS message: take some out",
                        dname_to_text(owner), rrtype_to_text(RRType{type}));
        builder.set_signatures(type, count, Bytes(buffer).subspan(start));
    }
    return {};
}

}  // namespace

Status ZoneIndexWriter::put_rrset(ZoneIndex zone, DnameView owner, RRType type, uint32_t ttl,
                                  std::span<const Bytes> rdatas) {
    State& s = *state_;
    if (zone >= s.zones_used || s.zone_entry(zone).apex.load() == 0) return no_zone(zone);
    const Node* apex = s.apex_of(zone);
    DnameView zone_name(apex->name(), apex->name_length);
    if (!dname_is_subdomain(owner, zone_name))
        return fail(ErrorCode::invalid, "{} {} is outside of its zone {}", dname_to_text(owner),
                    rrtype_to_text(type), dname_to_text(zone_name));
    if (type == RRType::SOA)
        return fail(ErrorCode::invalid, "the SOA of {} is kept with the zone, not as a record",
                    dname_to_text(zone_name));
    Dname lower = dname_lower(owner);
    if (type != RRType::RRSIG) {
        if (Status ok = compile_rrset(lower, type, ttl, rdatas, s.compiled); !ok) return ok;
        return s.put_part(zone, lower, static_cast<uint16_t>(type));
    }
    uint8_t zone_labels = apex->labels;
    s.hashed.assign(lower, s.secret);
    if (Node* node = s.side(s.hashed, s.hashed.labels, zone); node != nullptr) {
        s.builder.load(*node);
    } else {
        if (Status ok = s.ensure_ancestors(s.hashed, zone, zone_labels); !ok) return ok;
        s.builder.reset(s.hashed.suffix(s.hashed.labels).wire(), s.hashed.labels, zone,
                        zone_labels);
    }
    if (Status ok = set_signatures(lower, rdatas, s.signatures, s.builder); !ok) return ok;
    return s.replace_side(s.hashed, s.hashed.labels, zone, &s.builder);
}

Status ZoneIndexWriter::remove_rrset(ZoneIndex zone, DnameView owner, RRType type) {
    State& s = *state_;
    if (zone >= s.zones_used || s.zone_entry(zone).apex.load() == 0) return no_zone(zone);
    if (type == RRType::SOA)
        return fail(ErrorCode::invalid, "a zone cannot be without its SOA: remove the zone");
    uint8_t zone_labels = s.apex_of(zone)->labels;
    s.hashed.assign(owner, s.secret);
    if (s.hashed.labels < zone_labels) return {};
    Node* node = s.side(s.hashed, s.hashed.labels, zone);
    if (node == nullptr) return {};
    s.builder.load(*node);
    if (type == RRType::RRSIG)
        s.builder.clear_signatures();
    else
        s.builder.remove_records(static_cast<uint16_t>(type));
    if (Status ok = s.replace_side(s.hashed, s.hashed.labels, zone, &s.builder); !ok) return ok;
    return s.prune(s.hashed, zone, zone_labels);
}

void ZoneIndexWriter::remove_zone(ZoneIndex zone) {
    State& s = *state_;
    if (zone >= s.zones_used || s.zone_entry(zone).apex.load() == 0) return;
    Ref apex = s.zone_entry(zone).apex.load();
    if (s.at<Node>(apex)->has(kNodeAbsent)) return;
    std::vector<Ref> heads;
    if (s.at<Node>(apex)->children.load(std::memory_order_relaxed) != 0) {
        const SlotTable& table = s.slots.table();
        for (size_t i = 0; i <= table.mask; ++i) {
            Slot slot = table.slots()[i].load(std::memory_order_relaxed);
            if (!is_filled(slot) || slot_ref(slot) == apex) continue;
            heads.push_back(slot_ref(slot));
        }
    }
    heads.push_back(apex);
    // Children before their parents, so that each parent's count is right whenever this is taken
    // back.
    std::stable_sort(heads.begin(), heads.end(),
                     [&s](Ref a, Ref b) { return s.at<Node>(a)->labels > s.at<Node>(b)->labels; });
    for (Ref ref : heads) {
        const Node* node = s.at<Node>(ref);
        s.hashed.assign({node->name(), node->name_length}, s.secret);
        if (s.side(s.hashed, s.hashed.labels, zone) == nullptr) continue;
        // Room for a tombstone is the only thing that can be missing; the zone then goes with the
        // next rebuild.
        if (!s.replace_side(s.hashed, s.hashed.labels, zone, nullptr)) return;
    }
    s.zones_removed.push_back(zone);
}

void ZoneIndexWriter::begin_zone() {
    state_->zone_mark = state_->mark();
}

Status ZoneIndexWriter::finish_zone() {
    State& s = *state_;
    for (size_t i = s.zone_mark.undo; i < s.undo.size(); ++i) {
        const Node* node = s.at<Node>(s.undo[i].after);
        if (node->has(kNodeAbsent)) continue;
        for (;; node = s.at<Node>(node->shallower)) {
            if (Status ok = s.check_rules(*node); !ok) {
                rollback_zone();
                return ok;
            }
            if (node->shallower == 0) break;
        }
    }
    s.zone_mark = s.mark();
    return {};
}

Status ZoneIndexWriter::State::check_rules(const Node& node) const {
    if (!node.has(kNodeCname) && !node.has(kNodeDname)) return {};
    std::string owner = dname_to_text({node.name(), node.name_length});
    const RRsetEntry* dname = node.find(static_cast<uint16_t>(RRType::DNAME));
    // RFC 6672 §2.4.
    if (dname != nullptr && dname->count > 1)
        return fail(ErrorCode::invalid, "{} has {} DNAME records: a name can have one", owner,
                    dname->count);
    if (dname != nullptr && node.has(kNodeCut))
        return fail(ErrorCode::invalid, "{} has a DNAME beside NS records: a zone cut cannot",
                    owner);
    if (!node.has(kNodeCname)) return {};
    const RRsetEntry* cname = node.find(static_cast<uint16_t>(RRType::CNAME));
    if (cname->count > 1)
        return fail(ErrorCode::invalid, "{} has {} CNAME records: a name can have one", owner,
                    cname->count);
    for (uint16_t i = 0; i < node.rrset_count; ++i) {
        const RRsetEntry& other = node.rrsets()[i];
        RRType type{other.type};
        // RFC 1034 §3.6.2: no other data beside a CNAME.
        if (other.count != 0 && type != RRType::CNAME && !rrtype_allowed_beside_cname(type))
            return fail(ErrorCode::invalid,
                        "{} has a CNAME beside {}: a CNAME must be alone at its name", owner,
                        rrtype_to_text(type));
    }
    return {};
}

void ZoneIndexWriter::rollback_zone() {
    state_->roll_back_to(state_->zone_mark);
}

Status ZoneIndexWriter::set_cookie_secrets(const CookieSecretSet& secrets) {
    State& s = *state_;
    s.discard_cookie_secrets();
    Ref block = s.blocks.allocate(sizeof(CookieSecretSet));
    if (block == 0)
        return fail(ErrorCode::refused,
                    "the index arena is full at {} MiB: raise [controlplane] arena_size_max",
                    s.segment.size() >> 20);
    new (s.at<CookieSecretSet>(block)) CookieSecretSet(secrets);
    s.cookie_secrets_next = block;
    return {};
}

void ZoneIndexWriter::publish(ArenaOrigin origin) {
    state_->publish(origin);
}

void ZoneIndexWriter::abort() {
    state_->zone_mark = {};
    state_->roll_back_to({});
    state_->discard_cookie_secrets();
}

void ZoneIndexWriter::reclaim() {
    state_->reclaim();
}

ArenaStats ZoneIndexWriter::stats() const {
    const State& s = *state_;
    return {.version = s.header->version.load(std::memory_order_relaxed),
            .zones = s.zone_count,
            .names = s.name_count,
            .rrsets = s.rrset_count,
            .used_bytes = s.blocks.used_bytes(),
            .free_bytes = s.blocks.free_bytes(),
            .retired_bytes = s.blocks.retired_bytes(),
            .size_max_bytes = s.segment.size()};
}

const Segment& ZoneIndexWriter::segment() const {
    return state_->segment;
}
uint64_t ZoneIndexWriter::generation() const {
    return state_->header->generation;
}

}  // namespace gatepost::storage

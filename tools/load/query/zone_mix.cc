#include "tools/load/query/zone_mix.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <unordered_set>
#include <vector>

namespace gatepost::tools {

using storage::Dname;
using storage::DnameView;
using storage::RRset;
using storage::RRType;

namespace {

constexpr std::array<std::string_view, kQueryKinds> kNames = {"address",  "other",    "nodata",
                                                              "nxdomain", "wildcard", "referral"};

std::string_view key_of(DnameView name) {
    return {reinterpret_cast<const char*>(name.data()), name.length()};
}

// What can be asked for, sorted by kind. Views refer to the zone.
class Catalog {
  public:
    explicit Catalog(const storage::ZoneData& zone) : apex_(zone.apex()) {
        add_name(apex_, {});
        std::span<const RRset> rrsets = zone.rrsets();
        while (!rrsets.empty()) {
            size_t count = 1;
            while (count < rrsets.size() &&
                   storage::dname_equal(rrsets[count].owner(), rrsets[0].owner()))
                ++count;
            add_owner(rrsets.first(count));
            rrsets = rrsets.subspan(count);
        }
        // Only now are all wildcards known: below which names a new one does not exist.
        for (DnameView name : parents_)
            if (under_wildcard_.find(key_of(name)) == under_wildcard_.end()) open_.push_back(name);
    }

    bool has(QueryKind kind) const {
        if (kind == QueryKind::nxdomain) return !open_.empty();
        return !of_kind_[static_cast<size_t>(kind)].empty();
    }

    // False where the name would be too long, or is there: another draw may do.
    bool draw(QueryKind kind, std::mt19937_64& random, QueryList& out) const {
        if (kind == QueryKind::nxdomain) {
            DnameView parent = open_[random() % open_.size()];
            return add_below(parent, "nx", random, RRType::A, out);
        }
        const auto& questions = of_kind_[static_cast<size_t>(kind)];
        const Question& question = questions[random() % questions.size()];
        if (kind == QueryKind::referral)
            return add_below(question.name, "r", random, question.type, out);
        if (kind == QueryKind::wildcard)
            return add_below(question.name.parent(), "w", random, question.type, out);
        out.add(question.name, question.type);
        return true;
    }

  private:
    void add(QueryKind kind, DnameView name, RRType type) {
        of_kind_[static_cast<size_t>(kind)].push_back({name, type});
    }

    // Owners come in canonical order: what is below a cut comes right behind it.
    void add_owner(std::span<const RRset> rrsets) {
        DnameView owner = rrsets[0].owner();
        if (cut_ && storage::dname_is_subdomain(owner, *cut_)) return;
        cut_.reset();
        const auto has_type = [&](RRType type) {
            return std::any_of(rrsets.begin(), rrsets.end(),
                               [&](const RRset& rrset) { return rrset.type() == type; });
        };
        bool is_apex = storage::dname_equal(owner, apex_);
        if (has_type(RRType::NS) && !is_apex) {
            cut_ = owner;
            add(QueryKind::referral, owner, RRType::A);
            names_.insert(key_of(owner));
            return;
        }
        if (has_type(RRType::DNAME)) cut_ = owner;  // what is below is not served as it stands
        if (!is_apex) add_name(owner, cut_);
        add_rrsets(rrsets, has_type(RRType::CNAME));
    }

    void add_rrsets(std::span<const RRset> rrsets, bool is_alias) {
        DnameView owner = rrsets[0].owner();
        bool address[2] = {false, false};
        for (const RRset& rrset : rrsets) {
            if (owner.is_wildcard()) {
                if (rrset.type() != RRType::NSEC && rrset.type() != RRType::RRSIG)
                    add(QueryKind::wildcard, owner, is_alias ? RRType::A : rrset.type());
                continue;
            }
            bool is_address = rrset.type() == RRType::A || rrset.type() == RRType::AAAA;
            if (is_address) address[rrset.type() == RRType::AAAA ? 1 : 0] = true;
            // Signatures and denials are asked for by their own name hardly ever.
            if (rrset.type() == RRType::RRSIG || rrset.type() == RRType::NSEC) continue;
            add(is_address ? QueryKind::address : QueryKind::other, owner,
                rrset.type() == RRType::CNAME ? RRType::A : rrset.type());
        }
        if (owner.is_wildcard() || is_alias) return;
        if (!address[1]) add(QueryKind::nodata, owner, RRType::AAAA);
        if (!address[0]) add(QueryKind::nodata, owner, RRType::A);
    }

    void add_name(DnameView owner, const std::optional<DnameView>& dname) {
        names_.insert(key_of(owner));
        if (owner.is_wildcard())
            under_wildcard_.insert(key_of(owner.parent()));
        else if (!dname)
            parents_.push_back(owner);
    }

    bool add_below(DnameView parent, std::string_view prefix, std::mt19937_64& random, RRType type,
                   QueryList& out) const {
        std::string label = fmt::format("{}{:010x}", prefix, random() & 0xff'ffff'ffff);
        auto name = storage::dname_from_text(label, parent);
        if (!name || names_.find(key_of(*name)) != names_.end()) return false;
        out.add(*name, type);
        return true;
    }

    DnameView apex_;
    std::array<std::vector<Question>, kQueryKinds> of_kind_;
    std::unordered_set<std::string_view> names_;
    std::unordered_set<std::string_view> under_wildcard_;  // the parents of wildcards
    std::vector<DnameView> parents_;
    std::vector<DnameView> open_;
    std::optional<DnameView> cut_;
};

}  // namespace

std::string_view query_kind_to_text(QueryKind kind) {
    return kNames[static_cast<size_t>(kind)];
}

Result<MixWeights> mix_from_text(std::string_view text) {
    MixWeights mix{{}, true};
    uint64_t sum = 0;
    while (!text.empty()) {
        size_t comma = std::min(text.find(','), text.size());
        std::string_view part = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        size_t equals = std::min(part.find('='), part.size());
        const auto* found = std::find(kNames.begin(), kNames.end(), part.substr(0, equals));
        std::string_view digits = part.substr(std::min(equals + 1, part.size()));
        uint32_t weight = 0;
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), weight);
        if (found == kNames.end() || error != std::errc() || digits.empty() ||
            end != digits.data() + digits.size() || weight > 1'000'000)
            return fail(ErrorCode::usage,
                        "\"{}\" is not a part of a mix, expected one such as nxdomain=10; kinds "
                        "are address, other, nodata, nxdomain, wildcard and referral",
                        part);
        mix.of_kind[static_cast<size_t>(found - kNames.begin())] = weight;
        sum += weight;
    }
    if (sum == 0)
        return fail(ErrorCode::usage, "a mix needs at least one kind with a weight above 0");
    return mix;
}

Result<QueryList> queries_from_zone(const storage::ZoneData& zone, const MixOptions& options) {
    Catalog catalog(zone);
    std::array<uint32_t, kQueryKinds> weights = options.weights.of_kind;
    for (size_t i = 0; i < kQueryKinds; ++i) {
        auto kind = static_cast<QueryKind>(i);
        if (weights[i] == 0 || catalog.has(kind)) continue;
        if (options.weights.strict)
            return fail(ErrorCode::invalid, "the zone has no name for queries of kind {}",
                        kNames[i]);
        weights[i] = 0;
    }
    if (std::all_of(weights.begin(), weights.end(), [](uint32_t w) { return w == 0; }))
        return fail(ErrorCode::invalid, "the zone has no name to ask for");
    std::mt19937_64 random(options.seed);
    std::discrete_distribution<unsigned> kinds(weights.begin(), weights.end());
    QueryList list;
    // Names near the length limit do not take a label more: bounded, so that a zone of nothing but
    // those ends in an error.
    for (size_t tries = 0; list.size() < options.count; ++tries) {
        if (tries > 16 * options.count + 1000)
            return fail(ErrorCode::invalid, "the zone's names leave no room for new labels");
        catalog.draw(static_cast<QueryKind>(kinds(random)), random, list);
    }
    return list;
}

}  // namespace gatepost::tools

// The rules about single names: aliases, delegations, targets.
#include "storage/zone/zone_check_rules.h"

#include <algorithm>

#include "storage/zone/master_file_fields.h"
#include "storage/zone/rdata.h"

namespace gatepost::storage {

namespace {

bool is_signing_type(RRType type) {
    return type == RRType::RRSIG || type == RRType::NSEC || type == RRType::NSEC3;
}

// What a parent holds at a cut beside glue (RFC 4035 §2.2 to §2.4).
bool belongs_at_cut(RRType type) {
    return type == RRType::NS || type == RRType::DS || type == RRType::RRSIG ||
           type == RRType::NSEC;
}

bool is_address(RRType type) {
    return type == RRType::A || type == RRType::AAAA;
}

// RFC 7208 §4.5: the first string of the data begins with the version, alone or before a space.
bool is_spf(Bytes txt) {
    constexpr std::string_view kVersion = "v=spf1";
    if (txt.empty()) return false;
    std::string_view first(reinterpret_cast<const char*>(txt.data()) + 1, txt[0]);
    return equal_without_case(first.substr(0, kVersion.size()), kVersion) &&
           (first.size() == kVersion.size() || first[kVersion.size()] == ' ');
}

}  // namespace

void ZoneChecker::check_cname(const ZoneName& name) {
    const RRset* cname = name.find(RRType::CNAME);
    if (cname == nullptr) return;
    if (cname->count() > 1)
        tell(Severity::error, "cname-multiple", *cname,
             fmt::format("{} CNAME records at one name, expected one (RFC 2181 §10.1)",
                         cname->count()));
    auto extra = std::ranges::find_if(name.rrsets, [](const RRset& rrset) {
        return rrset.type() != RRType::CNAME && !rrtype_allowed_beside_cname(rrset.type());
    });
    bool beside_soa = is_apex(name) && zone_.soa_rrset() != nullptr;
    if (extra == name.rrsets.end() && !beside_soa) return;
    tell(Severity::error, "cname-extra", *cname,
         fmt::format("{} exists beside the CNAME, expected the CNAME alone (RFC 1034 §3.6.2)",
                     rrtype_to_text(beside_soa ? RRType::SOA : extra->type())));
}

void ZoneChecker::check_dname(const ZoneName& name) {
    // RFC 6672 §2.4. NSEC3 names stand one label below the apex, whatever is there (RFC 5155 §3).
    auto child = std::ranges::find_if(
        name.rrsets, [](const RRset& rrset) { return !is_signing_type(rrset.type()); });
    if (name.below_dname && child != name.rrsets.end())
        tell(Severity::error, "dname-children", *child,
             "a record exists below a DNAME, expected none: the DNAME answers for all names below "
             "it (RFC 6672 §2.4)");
    const RRset* dname = name.find(RRType::DNAME);
    if (dname == nullptr || name.standing == Standing::occluded) return;
    if (dname->count() > 1)
        tell(Severity::error, "dname-multiple", *dname,
             fmt::format("{} DNAME records at one name, expected one (RFC 6672 §2.4)",
                         dname->count()));
    if (name.standing == Standing::cut)
        tell(Severity::error, "dname-extra-ns", *dname,
             "an NS exists beside the DNAME, expected that only at the zone apex (RFC 6672 §2.3)");
}

void ZoneChecker::check_delegation(const ZoneName& name) {
    const RRset* ns = name.find(RRType::NS);
    if (ns != nullptr && name.name.is_wildcard())
        tell(Severity::warning, "ns-wildcard", *ns,
             "an NS at a wildcard, expected a name: servers and resolvers differ in what it means "
             "(RFC 4592 §4.2)");
    const RRset* ds = name.find(RRType::DS);
    if (ds == nullptr) return;
    if (is_apex(name))
        tell(Severity::error, "ds-at-apex", *ds,
             "a DS at the zone apex, expected it in the parent zone (RFC 4035 §2.4)");
    else if (ns == nullptr)
        tell(Severity::warning, "ds-without-ns", *ds,
             "a DS without NS, expected it at a delegation only (RFC 4035 §2.4)");
}

// RFC 2181 §6: below a cut, and at it, a parent has nothing but what the delegation takes.
void ZoneChecker::check_occluded(const ZoneName& name) {
    auto hidden = std::ranges::find_if(name.rrsets, [&](const RRset& rrset) {
        if (name.is_ns_target && is_address(rrset.type())) return false;
        return name.standing == Standing::occluded || !belongs_at_cut(rrset.type());
    });
    if (hidden == name.rrsets.end()) return;
    tell(Severity::warning, "occluded", *hidden,
         name.standing == Standing::cut
             ? "data at a zone cut that is neither delegation nor glue: it is never answered"
             : "data below a zone cut that is not the glue of a name server: it is never answered");
}

void ZoneChecker::check_ns_targets(const ZoneName& name) {
    const RRset* ns = name.find(RRType::NS);
    if (ns == nullptr) return;
    for (Bytes rdata : ns->rdatas()) {
        DnameView target(rdata.data(), rdata.size());
        // RFC 1034 §4.2.1: a server inside the child is reached only by the addresses that the
        // parent gives.
        if (name.standing == Standing::cut && dname_is_subdomain(target, name.name)) {
            const ZoneName* glue = names_.find(target);
            if (glue == nullptr || !glue->has_address())
                tell(Severity::error, "glue-missing", *ns,
                     fmt::format("missing glue record, expected an A or AAAA of {}",
                                 dname_to_text(target)));
            continue;
        }
        ZoneNames::Target found = names_.resolve(target);
        if (found == ZoneNames::Target::alias)
            tell(Severity::error, "ns-cname", *ns,
                 fmt::format("the name server {} is a CNAME, expected a name with addresses (RFC "
                             "2181 §10.3)",
                             dname_to_text(target)));
        if (found == ZoneNames::Target::nowhere)
            tell(Severity::error, "ns-no-address", *ns,
                 fmt::format(
                     "the name server {} has no address in the zone, expected an A or AAAA of it",
                     dname_to_text(target)));
    }
}

// RFC 2181 §10.3 and RFC 2782 forbid an alias as a target; senders mostly cope, so that these are
// warnings.
void ZoneChecker::check_targets(const ZoneName& name, RRType type, std::string_view alias_rule,
                                std::string_view nowhere_rule) {
    const RRset* rrset = name.find(type);
    if (rrset == nullptr) return;
    for (Bytes rdata : rrset->rdatas()) {
        RdataName names[kRdataNamesMax];
        if (rdata_names(type, rdata, names) == 0) continue;
        DnameView target(rdata.data() + names[0].offset, names[0].length);
        // RFC 7505 §3 and RFC 2782: the root says that there is no such service.
        if (target.is_root()) continue;
        ZoneNames::Target found = names_.resolve(target);
        if (found == ZoneNames::Target::alias)
            tell(Severity::warning, alias_rule, *rrset,
                 fmt::format("the target {} is a CNAME, expected a name with addresses",
                             dname_to_text(target)));
        if (found == ZoneNames::Target::nowhere)
            tell(
                Severity::warning, nowhere_rule, *rrset,
                fmt::format("the target {} has no address in the zone, expected an A or AAAA of it",
                            dname_to_text(target)));
    }
}

void ZoneChecker::check_spf(const ZoneName& name) {
    const RRset* txt = name.find(RRType::TXT);
    if (txt == nullptr) return;
    RdataRange rdatas = txt->rdatas();
    auto count = std::count_if(rdatas.begin(), rdatas.end(), is_spf);
    if (count > 1)
        tell(Severity::warning, "spf-multiple", *txt,
             fmt::format("{} SPF policies at one name, expected one: receivers refuse to choose "
                         "(RFC 7208 §3.2)",
                         count));
}

}  // namespace gatepost::storage

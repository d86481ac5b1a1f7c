#include "storage/zone/zone_check.h"

#include <algorithm>

#include "storage/zone/zone_check_rules.h"

namespace gatepost::storage {

namespace {

// What an answer with the RRset has beside it: header, a question of any name, an OPT record
// without options.
constexpr size_t kRRsetOctetsMax = 65535 - 12 - (kDnameLengthMax + 4) - 11;
constexpr size_t kRRFixedOctets = 12;  // owner as a pointer, type, class, TTL, RDLENGTH

constexpr uint32_t kMinimumMax =
    86400;  // seconds; RFC 2308 §5: more than a day has proved troublesome

}  // namespace

std::string Finding::text() const {
    return fmt::format("{}{}{}: {} {}: {} [{}]", place, place.empty() ? "" : ": ",
                       severity == Severity::error ? "error" : "warning", dname_to_text(owner),
                       rrtype_to_text(type), message, rule);
}

Status ZoneCheckReport::status() const {
    if (ok()) return {};
    std::string lines;
    size_t told = 0;
    for (const Finding& finding : findings) {
        if (finding.severity != Severity::error) continue;
        if (told++ > 0) lines += '\n';
        lines += finding.text();
    }
    if (told < error_count) lines += fmt::format("\n(and {} more errors)", error_count - told);
    return fail(ErrorCode::invalid, "{}", lines);
}

ZoneCheckReport check_zone(const ZoneData& zone, const ZoneCheckOptions& options) {
    return ZoneChecker(zone, options).run();
}

ZoneCheckReport ZoneChecker::run() {
    check_apex();
    for (const ZoneName& name : names_.all()) check_name(name);
    check_ttls();
    std::ranges::stable_sort(report_.findings, {}, &Finding::severity);
    return std::move(report_);
}

void ZoneChecker::tell(Severity severity, std::string_view rule, const RRset& rrset,
                       std::string message) {
    tell(severity, rule, rrset.owner(), rrset.type(), zone_.place(rrset), std::move(message));
}

void ZoneChecker::tell(Severity severity, std::string_view rule, DnameView owner, RRType type,
                       std::string place, std::string message) {
    ++(severity == Severity::error ? report_.error_count : report_.warning_count);
    if (report_.findings.size() == options_.findings_max) {
        // An error is worth more than a warning that was found earlier.
        if (severity != Severity::error) return;
        auto warning = std::ranges::find(report_.findings, Severity::warning, &Finding::severity);
        if (warning == report_.findings.end()) return;
        report_.findings.erase(warning);
    }
    report_.findings.push_back(
        {severity, rule, Dname(owner), type, std::move(message), std::move(place)});
}

void ZoneChecker::check_apex() {
    const RRset* soa = zone_.soa_rrset();
    if (soa == nullptr)
        tell(Severity::error, "soa-missing", zone_.apex(), RRType::SOA, "",
             "missing SOA at the zone apex, expected exactly one");
    else
        check_soa(*soa);
    const ZoneName* apex = names_.find(zone_.apex());
    if (apex == nullptr || apex->find(RRType::NS) == nullptr)
        tell(Severity::error, "ns-missing", zone_.apex(), RRType::NS, "",
             "missing NS at the zone apex, expected the zone's name servers (RFC 1035 §5.2)");
}

void ZoneChecker::check_soa(const RRset& rrset) {
    if (rrset.count() > 1)
        tell(Severity::error, "soa-multiple", rrset,
             fmt::format("{} SOA records, expected exactly one (RFC 1035 §5.2)", rrset.count()));
    if (std::optional<Soa> soa = zone_.soa()) check_soa_times(rrset, *soa);
}

// RFC 1912 §2.2 gives the reasons.
void ZoneChecker::check_soa_times(const RRset& rrset, const Soa& soa) {
    auto warn = [&](std::string message) {
        tell(Severity::warning, "soa-times", rrset, std::move(message));
    };
    if (soa.refresh == 0 || soa.retry == 0)
        warn(
            "a refresh or retry time of 0, expected some minutes: secondaries would ask without a "
            "pause");
    else if (soa.retry >= soa.refresh)
        warn(fmt::format(
            "the retry time {} is not below the refresh time {}, expected a fraction of it",
            soa.retry, soa.refresh));
    if (soa.expire <= uint64_t{soa.refresh} + soa.retry)
        warn(fmt::format(
            "the expire time {} is not above refresh and retry together ({}), expected weeks: a "
            "secondary would drop the zone after one missed refresh",
            soa.expire, uint64_t{soa.refresh} + soa.retry));
    if (soa.minimum > kMinimumMax)
        warn(fmt::format(
            "the TTL of negative answers is {} seconds, expected at most a day (RFC 2308 §5)",
            soa.minimum));
}

void ZoneChecker::check_ttls() {
    for (const TtlConflict& conflict : zone_.ttl_conflicts())
        tell(
            Severity::warning, "ttl-differs", conflict.owner, conflict.type, conflict.place,
            fmt::format(
                "TTLs from {} to {} in one RRset, expected one (RFC 2181 §5.2); the lowest is used",
                conflict.lowest, conflict.highest));
}

void ZoneChecker::check_name(const ZoneName& name) {
    if (name.standing == Standing::outside) {
        for (const RRset& rrset : name.rrsets)
            tell(Severity::error, "out-of-zone", rrset,
                 fmt::format("data out of the zone, expected an owner at or below {}",
                             dname_to_text(zone_.apex())));
        return;
    }
    check_sizes(name);
    if (const RRset* soa = name.find(RRType::SOA))
        tell(Severity::error, "soa-misplaced", *soa,
             fmt::format("an SOA below the zone apex, expected it only at {}",
                         dname_to_text(zone_.apex())));
    check_dname(name);
    if (name.standing == Standing::occluded) return check_occluded(name);
    check_cname(name);
    check_delegation(name);
    check_ns_targets(name);
    if (name.standing == Standing::cut) return check_occluded(name);
    check_spf(name);
    check_targets(name, RRType::MX, "mx-cname", "mx-no-address");
    check_targets(name, RRType::SRV, "srv-cname", "srv-no-address");
}

// RFC 1035 §4.2.2: a message has at most 65535 octets, and an RRset is in it as a whole or not at
// all (RFC 2181 §5). Signatures go out with what they cover, not as a set.
void ZoneChecker::check_sizes(const ZoneName& name) {
    for (const RRset& rrset : name.rrsets) {
        size_t octets = rrset.count() * kRRFixedOctets + rrset.rdata_octets();
        if (octets > kRRsetOctetsMax && rrset.type() != RRType::RRSIG)
            tell(
                Severity::error, "rrset-too-large", rrset,
                fmt::format(
                    "{} records of {} octets do not fit into a message, expected at most {} octets",
                    rrset.count(), octets, kRRsetOctetsMax));
    }
}

}  // namespace gatepost::storage

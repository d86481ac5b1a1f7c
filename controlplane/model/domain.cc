#include "controlplane/model/domain.h"

#include <algorithm>
#include <map>

#include "controlplane/model/audit.h"
#include "controlplane/model/host_name.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/model/names.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

using storage::Dname;
using storage::RRType;

// The RRsets besides NS that are wanted, by owner and type.
using Wanted = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;

Status want(Wanted& wanted, const Dname& apex, const std::string& name, const std::string& type,
            const std::vector<std::string>& texts) {
    auto owner = owner_name(name, apex);
    if (!owner) return tl::unexpected(std::move(owner).error());
    auto rrtype = rrset_type(type);
    if (!rrtype) return tl::unexpected(std::move(rrtype).error());
    auto& list = wanted[{storage::dname_to_text(*owner), storage::rrtype_to_text(*rrtype)}];
    list.insert(list.end(), texts.begin(), texts.end());
    auto values = canonical_values(*rrtype, list, apex);
    if (!values) return tl::unexpected(std::move(values).error());
    list = std::move(*values);
    return {};
}

Result<Wanted> wanted_rrsets(const NewDomain& domain, const Dname& apex) {
    Wanted wanted;
    for (const std::string& address : domain.addresses) {
        const char* type = address.find(':') == std::string::npos ? "A" : "AAAA";
        if (Status added = want(wanted, apex, "@", type, {address}); !added)
            return tl::unexpected(std::move(added).error());
    }
    for (const ExtraRecord& extra : domain.extras)
        if (Status added = want(wanted, apex, extra.name, extra.type, extra.values); !added)
            return tl::unexpected(std::move(added).error());
    return wanted;
}

Result<bool> ensure_domain(Connection& connection, const std::string& name,
                           const std::string& actor) {
    auto row = connection.exec_params(
        "INSERT INTO gatepost.domains (name, created_by) VALUES ($1, coalesce(nullif($2, ''), "
        "session_user)) "
        "ON CONFLICT (name) DO NOTHING RETURNING id",
        {name, actor});
    if (!row) return tl::unexpected(std::move(row).error());
    return !row->empty();
}

Result<bool> ensure_zone(Connection& connection, const NewZone& zone, const std::string& name) {
    auto there = connection.exec_params("SELECT FROM gatepost.zones WHERE name = $1", {name});
    if (!there) return tl::unexpected(std::move(there).error());
    if (!there->empty()) return false;
    auto id = zone_insert_row(connection, zone);
    if (!id) return tl::unexpected(std::move(id).error());
    return true;
}

// Brings the row of an existing zone to what is asked; says whether that changed anything.
Result<bool> update_soa(Connection& connection, const Zone& row, const NewZone& zone) {
    auto mname = absolute_name(zone.name_servers.front());
    if (!mname) return wrap("name server", std::move(mname).error());
    Result<Dname> rname =
        zone.email.empty() ? absolute_name(row.rname) : rname_from_text(zone.email);
    if (!rname) return wrap("mail address", std::move(rname).error());
    const auto& timers = zone.timers;
    auto updated = connection.exec_params(
        "UPDATE gatepost.zones SET mname = $2, rname = $3, refresh = $4, retry = $5, expire = $6, "
        "minimum = $7, "
        "soa_ttl = $8, default_ttl = $9, domain_id = (SELECT id FROM gatepost.domains WHERE name = "
        "$10) "
        "WHERE id = $1 AND (mname, rname, refresh, retry, expire, minimum, soa_ttl, default_ttl, "
        "domain_id) "
        "IS DISTINCT FROM ($2, $3, $4::integer, $5::integer, $6::integer, $7::integer, "
        "$8::integer, "
        "$9::integer, (SELECT id FROM gatepost.domains WHERE name = $10))",
        {row.id, storage::dname_to_text(*mname), storage::dname_to_text(*rname),
         timers.refresh.value_or(row.refresh), timers.retry.value_or(row.retry),
         timers.expire.value_or(row.expire), timers.minimum.value_or(row.minimum),
         timers.ttl.value_or(row.soa_ttl), timers.ttl.value_or(row.default_ttl), row.name});
    if (!updated) return tl::unexpected(std::move(updated).error());
    return updated->affected() > 0;
}

Status write_rrsets(Connection& connection, const Zone& row, const NewDomain& domain,
                    const Wanted& wanted, std::vector<RRsetChange>& changes) {
    auto servers = zone_write_name_servers(connection, row, domain.zone);
    if (!servers) return tl::unexpected(std::move(servers).error());
    changes.push_back(std::move(*servers));
    for (const auto& [key, values] : wanted) {
        auto current = rrset_read(connection, row.id, key.first, key.second);
        if (!current) return tl::unexpected(std::move(current).error());
        const uint32_t ttl_now = *current ? (*current)->ttl : row.default_ttl;
        auto change = rrset_write(connection, row.id, key.first, key.second,
                                  RRsetValues{domain.zone.timers.ttl.value_or(ttl_now), values});
        if (!change) return tl::unexpected(std::move(change).error());
        changes.push_back(std::move(*change));
    }
    return {};
}

// The delegation as the parent zone needs it (RFC 1034 §4.2.1).
Status describe_delegation(Connection& connection, DomainResult& result) {
    result.name_servers = result.write.changes.front().after->values;
    auto rows = connection.exec_params(
        "SELECT r.name || ' ' || v FROM gatepost.rrsets r, unnest(r.rdata) v WHERE r.zone_id = $1 "
        "AND r.name = "
        "ANY (SELECT lower(n) FROM unnest($2::text[]) n) AND r.type IN ('A', 'AAAA') ORDER BY "
        "r.name, r.type, v",
        {result.zone.id, text_array_to_literal(result.name_servers)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row) result.glue.push_back(rows->text(row, 0));
    return {};
}

// The domain of mail addresses that a zone's name is; empty for reverse zones, and for names that
// no address can have.
std::string mail_name_of(const std::string& zone) {
    const std::string name = zone.substr(0, zone.size() - 1);
    const bool reverse = name.ends_with(".in-addr.arpa") || name.ends_with(".ip6.arpa");
    return is_host_name(name) && !name.starts_with('*') && !reverse ? name : "";
}

Status ensure_mail(Connection& connection, const std::string& zone, DomainResult& result) {
    const std::string name = mail_name_of(zone);
    if (name.empty()) return {};
    auto made = mail_domain_ensure(connection, name);
    if (!made) return tl::unexpected(std::move(made).error());
    result.mail_created = *made;
    return {};
}

// All that happens between BEGIN and COMMIT.
Status create(Connection& connection, const NewDomain& domain, const Dname& apex,
              const WriteOptions& options, DomainResult& result) {
    auto wanted = wanted_rrsets(domain, apex);
    if (!wanted) return tl::unexpected(std::move(wanted).error());
    const std::string name = storage::dname_to_text(apex);
    auto domain_created = ensure_domain(connection, name, options.actor);
    if (!domain_created) return tl::unexpected(std::move(domain_created).error());
    auto zone_created = ensure_zone(connection, domain.zone, name);
    if (!zone_created) return tl::unexpected(std::move(zone_created).error());
    result.domain_created = *domain_created;
    result.zone_created = *zone_created;

    auto row = zone_lock(connection, name, *zone_created ? WriteOptions{} : options);
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*zone_created) {
        auto soa_changed = update_soa(connection, *row, domain.zone);
        if (!soa_changed) return tl::unexpected(std::move(soa_changed).error());
        result.soa_changed = *soa_changed;
        if (*soa_changed) row = zone_lock(connection, name, {});
        if (!row) return tl::unexpected(std::move(row).error());
    }
    if (Status written = write_rrsets(connection, *row, domain, *wanted, result.write.changes);
        !written)
        return written;
    auto serial = zone_serial(connection, row->id);
    if (!serial) return tl::unexpected(std::move(serial).error());
    row->serial = *serial;
    result.write.serial = *serial;
    result.zone = std::move(*row);
    if (Status described = describe_delegation(connection, result); !described) return described;
    if (!domain.mail) return {};
    if (Status made = ensure_mail(connection, name, result); !made) return made;
    // The last thing, for the lock that it takes.
    return result.mail_created ? audit_write(connection, "mail_domain.create", mail_name_of(name))
                               : Status();
}

}  // namespace

Result<DomainResult> domain_create(Connection& connection, const NewDomain& domain,
                                   const WriteOptions& options) {
    auto apex = absolute_name(domain.zone.name);
    if (!apex) return tl::unexpected(std::move(apex).error());
    if (domain.zone.name_servers.empty())
        return fail(ErrorCode::usage,
                    "domain {} needs at least one name server (--ns); where its DNS is somebody "
                    "else's, say --no-zone",
                    domain.zone.name);
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    DomainResult result;
    if (Status done = create(connection, domain, *apex, options, result); !done)
        return tl::unexpected(std::move(done).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    const bool changed = result.domain_created || result.zone_created || result.soa_changed ||
                         result.mail_created ||
                         std::any_of(result.write.changes.begin(), result.write.changes.end(),
                                     [](const RRsetChange& change) { return change.changed(); });
    result.write.lsn = changed ? *lsn : 0;
    return result;
}

Result<MailDomainResult> domain_create_for_mail(Connection& connection, std::string_view name,
                                                const WriteOptions& options) {
    MailDomainResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto domain = ensure_domain(connection, fmt::format("{}.", name), options.actor);
        if (!domain) return domain;
        auto made = mail_domain_ensure(connection, name);
        if (!made) return made;
        auto after = mail_domain_get(connection, name);
        if (!after) return tl::unexpected(std::move(after).error());
        if (!*made) result.before = *after;
        result.after = std::move(*after);
        if (*made)
            if (Status told = audit_write(connection, "mail_domain.create", name); !told)
                return tl::unexpected(std::move(told).error());
        return *domain || *made;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<std::vector<Domain>> domain_list(Connection& connection) {
    auto rows = connection.exec(
        "SELECT coalesce(d.name, m.name || '.'), to_char(coalesce(d.created_at, m.created_at) AT "
        "TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), coalesce(d.created_by, "
        "m.created_by), ARRAY(SELECT z.name FROM gatepost.zones z WHERE z.domain_id = d.id ORDER "
        "BY z.name) FROM gatepost.domains d FULL JOIN gatepost.mail_domains m ON m.name || '.' = "
        "d.name ORDER BY 1");
    if (!rows) return tl::unexpected(std::move(rows).error());
    auto mail = mail_domain_list(connection);
    if (!mail) return tl::unexpected(std::move(mail).error());
    std::map<std::string, MailDomain> mail_by_name;
    for (MailDomain& domain : *mail) mail_by_name.emplace(domain.name + ".", std::move(domain));
    std::vector<Domain> domains;
    for (int row = 0; row < rows->rows(); ++row) {
        auto zones = text_array_from_literal(rows->view(row, 3));
        if (!zones) return wrap(rows->text(row, 0), std::move(zones).error());
        domains.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2),
                           std::move(*zones), std::nullopt});
        if (const auto found = mail_by_name.find(domains.back().name); found != mail_by_name.end())
            domains.back().mail = std::move(found->second);
    }
    return domains;
}

}  // namespace gatepost::controlplane

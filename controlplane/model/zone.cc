#include "controlplane/model/zone.h"

#include <fmt/format.h>

#include "controlplane/model/names.h"

namespace gatepost::controlplane {
namespace {

using storage::dname_to_text;

std::string select_zone(std::string_view counts, std::string_view from) {
    return fmt::format(
        "SELECT z.id, z.name, coalesce(d.name, ''), z.mname, z.rname, z.serial, z.refresh, "
        "z.retry, z.expire, "
        "z.minimum, z.soa_ttl, z.default_ttl, "
        "to_char(z.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
        "to_char(z.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), {} "
        "FROM {} LEFT JOIN gatepost.domains d ON d.id = z.domain_id ",
        counts, from);
}

Zone zone_from_row(const PgResult& rows, int row) {
    const auto number = [&](int column) {
        return static_cast<uint32_t>(rows.integer(row, column));
    };
    Zone zone;
    zone.id = rows.integer(row, 0);
    zone.name = rows.text(row, 1);
    zone.domain = rows.text(row, 2);
    zone.mname = rows.text(row, 3);
    zone.rname = rows.text(row, 4);
    zone.serial = number(5);
    zone.refresh = number(6);
    zone.retry = number(7);
    zone.expire = number(8);
    zone.minimum = number(9);
    zone.soa_ttl = number(10);
    zone.default_ttl = number(11);
    zone.created_at = rows.text(row, 12);
    zone.updated_at = rows.text(row, 13);
    zone.rrset_count = rows.unsigned_integer(row, 14);
    zone.record_count = rows.unsigned_integer(row, 15);
    return zone;
}

Result<Zone> select_one(Connection& connection, std::string_view name, const std::string& sql) {
    auto canonical = absolute_name(name);
    if (!canonical) return tl::unexpected(std::move(canonical).error());
    const std::string text = dname_to_text(*canonical);
    auto rows = connection.exec_params(sql, {text});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty())
        return fail(ErrorCode::refused,
                    "there is no zone {}: `gatepost zone list` shows what there is, `gatepost zone "
                    "import` and "
                    "`gatepost domain create` make one",
                    text);
    return zone_from_row(*rows, 0);
}

constexpr std::string_view kCountsOfOne =
    "1 + (SELECT count(*) FROM gatepost.rrsets r WHERE r.zone_id = z.id), "
    "1 + (SELECT coalesce(sum(cardinality(r.rdata)), 0) FROM gatepost.rrsets r WHERE r.zone_id = "
    "z.id)";
// Where all zones are wanted, one pass over the RRsets is cheaper than a look per zone.
constexpr size_t kPageMax = 1000;

}  // namespace

Result<Zone> zone_get(Connection& connection, std::string_view name) {
    return select_one(connection, name,
                      select_zone(kCountsOfOne, "gatepost.zones z") + "WHERE z.name = $1");
}

Result<int64_t> zone_get_id(Connection& connection, std::string_view name) {
    auto zone =
        select_one(connection, name, select_zone("0, 0", "gatepost.zones z") + "WHERE z.name = $1");
    if (!zone) return tl::unexpected(std::move(zone).error());
    return zone->id;
}

Result<std::vector<Zone>> zone_list(Connection& connection, const ZoneListOptions& options) {
    const bool page = options.limit > 0 && options.limit <= kPageMax;
    std::string sql =
        "WITH z AS MATERIALIZED (SELECT * FROM gatepost.zones WHERE ($1 = '' OR "
        "strpos(name, lower($1)) > 0) AND ($2 = '' OR name > $2) ORDER BY name";
    if (options.limit > 0) sql += fmt::format(" LIMIT {}", options.limit);
    sql += ") ";
    if (!options.counts)
        sql += select_zone("0, 0", "z");
    else if (page)
        sql += select_zone(kCountsOfOne, "z");
    else
        sql += select_zone(
            "1 + coalesce(c.rrsets, 0), 1 + coalesce(c.records, 0)",
            "z LEFT JOIN (SELECT zone_id, count(*) AS rrsets, sum(cardinality(rdata)) AS "
            "records FROM gatepost.rrsets GROUP BY zone_id) c ON c.zone_id = z.id");
    auto rows = connection.exec_params(sql + "ORDER BY z.name", {options.contains, options.after});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<Zone> zones;
    zones.reserve(static_cast<size_t>(rows->rows()));
    for (int row = 0; row < rows->rows(); ++row) zones.push_back(zone_from_row(*rows, row));
    return zones;
}

Result<Zone> zone_lock(Connection& connection, std::string_view name, const WriteOptions& options) {
    auto zone = select_one(
        connection, name,
        select_zone("0, 0", "gatepost.zones z") + "WHERE z.name = $1 FOR NO KEY UPDATE OF z");
    if (zone && options.if_serial && *options.if_serial != zone->serial)
        return fail(
            ErrorCode::conflict,
            "zone {} changed meanwhile: its serial is {}, not {}; look at it again, then repeat",
            zone->name, zone->serial, *options.if_serial);
    return zone;
}

Result<uint32_t> zone_serial(Connection& connection, int64_t zone_id) {
    auto row = connection.exec_params("SELECT serial FROM gatepost.zones WHERE id = $1", {zone_id});
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->empty()) return 0;
    return static_cast<uint32_t>(row->integer(0, 0));
}

Result<int64_t> zone_insert_row(Connection& connection, const NewZone& zone) {
    auto name = absolute_name(zone.name);
    if (!name) return tl::unexpected(std::move(name).error());
    if (zone.name_servers.empty())
        return fail(ErrorCode::usage, "zone {} needs at least one name server", zone.name);
    auto mname = absolute_name(zone.name_servers.front());
    if (!mname) return wrap("name server", std::move(mname).error());
    const std::string apex = dname_to_text(*name);
    auto rname = rname_from_text(zone.email.empty() ? "hostmaster." + (apex == "." ? "" : apex)
                                                    : zone.email);
    if (!rname) return wrap("mail address", std::move(rname).error());

    std::string columns = "domain_id, name, mname, rname";
    std::string values = "(SELECT id FROM gatepost.domains WHERE name = $1), $1, $2, $3";
    const auto add = [&](const char* column, const std::optional<uint32_t>& number) {
        if (!number) return;
        columns += fmt::format(", {}", column);
        values += fmt::format(", {}", *number);
    };
    add("serial", zone.serial);
    add("refresh", zone.timers.refresh);
    add("retry", zone.timers.retry);
    add("expire", zone.timers.expire);
    add("minimum", zone.timers.minimum);
    add("soa_ttl", zone.timers.ttl);
    add("default_ttl", zone.timers.ttl);
    auto row = connection.exec_params(fmt::format("INSERT INTO gatepost.zones ({}) VALUES ({}) ON "
                                                  "CONFLICT (name) DO NOTHING RETURNING id",
                                                  columns, values),
                                      {apex, dname_to_text(*mname), dname_to_text(*rname)});
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->empty())
        return fail(ErrorCode::conflict, "zone {} exists already: `gatepost zone show {}` shows it",
                    apex, apex);
    return row->integer(0, 0);
}

Result<RRsetChange> zone_write_name_servers(Connection& connection, const Zone& row,
                                            const NewZone& zone) {
    auto apex = absolute_name(row.name);
    if (!apex) return tl::unexpected(std::move(apex).error());
    std::vector<std::string> servers;
    for (const std::string& server : zone.name_servers) {
        auto name = absolute_name(server);
        if (!name) return wrap("name server", std::move(name).error());
        servers.push_back(dname_to_text(*name));
    }
    auto values = canonical_values(storage::RRType::NS, servers, *apex);
    if (!values) return tl::unexpected(std::move(values).error());
    return rrset_write(connection, row.id, row.name, "NS",
                       RRsetValues{zone.timers.ttl.value_or(row.default_ttl), std::move(*values)});
}

Result<WriteResult> zone_create(Connection& connection, const NewZone& zone,
                                const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto id = zone_insert_row(connection, zone);
    if (!id) return tl::unexpected(std::move(id).error());
    auto row = zone_lock(connection, zone.name, {});
    if (!row) return tl::unexpected(std::move(row).error());
    auto servers = zone_write_name_servers(connection, *row, zone);
    if (!servers) return tl::unexpected(std::move(servers).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return WriteResult{{std::move(*servers)}, row->serial, *lsn};
}

Result<WriteResult> zone_remove(Connection& connection, std::string_view name,
                                const WriteOptions& options) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto zone = zone_lock(connection, name, options);
    if (!zone) return tl::unexpected(std::move(zone).error());
    auto removed = connection.exec_params("DELETE FROM gatepost.zones WHERE id = $1", {zone->id});
    if (!removed) return tl::unexpected(std::move(removed).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return WriteResult{{}, zone->serial, *lsn};
}

}  // namespace gatepost::controlplane

#include "controlplane/model/zone_import.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "controlplane/model/zone.h"
#include "controlplane/pg/copy.h"
#include "storage/zone/rdata.h"

namespace gatepost::controlplane {
namespace {

using storage::Soa;
using storage::ZoneData;

constexpr size_t kCopyPiece = 1 << 18;      // octets a call of libpq
constexpr uint64_t kProgressEvery = 10000;  // RRsets
// Many changes make the planner's statistics of the table wrong at once; autovacuum looks once a
// minute.
constexpr uint64_t kAnalyzeFrom = 10000;  // RRsets

Status query(Connection& connection, const std::string& sql, std::initializer_list<PgParam> params,
             PgResult& result) {
    auto rows = connection.exec_params(sql, params);
    if (!rows) return tl::unexpected(std::move(rows).error());
    result = std::move(*rows);
    return {};
}

Result<uint64_t> count_affected(Connection& connection, const std::string& sql, int64_t zone_id) {
    PgResult result;
    if (Status done = query(connection, sql, {zone_id}, result); !done)
        return tl::unexpected(std::move(done).error());
    return static_cast<uint64_t>(result.affected());
}

struct Row {
    std::optional<int64_t> id;  // none: a new zone
    uint32_t serial = 0;
    bool has_rrsets = false;
};

Result<Row> find_row(Connection& connection, const std::string& name, const WriteOptions& options) {
    Row row;
    PgResult found;
    // A dry run has no lock to wait for, or to make others wait for.
    const std::string sql =
        "SELECT id, serial, EXISTS (SELECT FROM gatepost.rrsets r WHERE r.zone_id = z.id) "
        "FROM gatepost.zones z WHERE name = $1";
    if (Status done =
            query(connection, options.dry_run ? sql : sql + " FOR NO KEY UPDATE", {name}, found);
        !done)
        return tl::unexpected(std::move(done).error());
    if (!found.empty()) {
        row.id = found.integer(0, 0);
        row.serial = static_cast<uint32_t>(found.integer(0, 1));
        row.has_rrsets = found.boolean(0, 2);
    }
    if (options.if_serial && *options.if_serial != row.serial)
        return fail(ErrorCode::conflict, "zone {} changed meanwhile: its serial is {}, not {}",
                    name, row.serial, *options.if_serial);
    return row;
}

// Sends all RRsets through an open COPY whose rows begin with `zone_id` where it is given.
Status send_rrsets(Connection& connection, const std::string& copy_sql,
                   std::optional<int64_t> zone_id, const ZoneData& zone,
                   const ZoneImportOptions& options) {
    auto copy = connection.copy_in(copy_sql);
    if (!copy) return tl::unexpected(std::move(copy).error());
    CopyText rows;
    std::vector<std::string> values;
    uint64_t done = 0;
    const uint64_t total = zone.rrsets().size();
    for (const storage::RRset& rrset : zone.rrsets()) {
        values.clear();
        for (const Bytes rdata : rrset.rdatas())
            values.push_back(storage::rdata_to_text(rrset.type(), rdata));
        if (zone_id) rows.integer(*zone_id);
        rows.text(storage::dname_to_text(rrset.owner()))
            .text(storage::rrtype_to_text(rrset.type()))
            .integer(rrset.ttl())
            .text_array(values)
            .end_row();
        if (rows.size() >= kCopyPiece) {
            if (Status sent = copy->put(rows.view()); !sent) return sent;
            rows.clear();
        }
        if (++done % kProgressEvery == 0 && options.progress) options.progress(done, total);
    }
    if (Status sent = copy->put(rows.view()); !sent) return sent;
    auto finished = copy->finish();
    if (!finished) return tl::unexpected(std::move(finished).error());
    if (options.progress) options.progress(total, total);
    return {};
}

Status send_to_temporary(Connection& connection, const ZoneData& zone,
                         const ZoneImportOptions& options) {
    // work_mem: the comparison is a hash join over both sides.
    auto made = connection.exec(
        "SET LOCAL work_mem = '256MB'; CREATE TEMPORARY TABLE gatepost_import (name text COLLATE "
        "\"C\" NOT NULL, "
        "type text COLLATE \"C\" NOT NULL, ttl integer NOT NULL, rdata text[] NOT NULL) ON COMMIT "
        "DROP");
    if (!made) return tl::unexpected(std::move(made).error());
    if (Status sent = send_rrsets(connection, "COPY gatepost_import FROM STDIN", {}, zone, options);
        !sent)
        return sent;
    if (auto analyzed = connection.exec("ANALYZE gatepost_import"); !analyzed)
        return tl::unexpected(std::move(analyzed).error());
    return {};
}

Status compare(Connection& connection, int64_t zone_id, ZoneImportResult& result) {
    PgResult counts;
    if (Status done =
            query(connection,
                  "SELECT count(*) FILTER (WHERE r.name IS NULL), "
                  "count(*) FILTER (WHERE (r.ttl, r.rdata) IS DISTINCT FROM (i.ttl, i.rdata) "
                  "AND r.name IS NOT NULL AND i.name IS NOT NULL), "
                  "count(*) FILTER (WHERE i.name IS NULL) FROM gatepost_import i FULL JOIN "
                  "(SELECT * FROM gatepost.rrsets WHERE zone_id = $1) r USING (name, type)",
                  {zone_id}, counts);
        !done)
        return done;
    result.added = counts.unsigned_integer(0, 0);
    result.changed = counts.unsigned_integer(0, 1);
    result.removed = counts.unsigned_integer(0, 2);
    return {};
}

// Deletes come first, so that an alias may take the place of records.
Status merge(Connection& connection, int64_t zone_id, ZoneImportResult& result) {
    auto removed = count_affected(
        connection,
        "DELETE FROM gatepost.rrsets r WHERE zone_id = $1 AND NOT EXISTS (SELECT FROM "
        "gatepost_import i WHERE i.name = r.name AND i.type = r.type)",
        zone_id);
    if (!removed) return tl::unexpected(std::move(removed).error());
    auto changed = count_affected(
        connection,
        "UPDATE gatepost.rrsets r SET ttl = i.ttl, rdata = i.rdata FROM gatepost_import i "
        "WHERE r.zone_id = $1 AND r.name = i.name AND r.type = i.type AND "
        "(r.ttl, r.rdata) IS DISTINCT FROM (i.ttl, i.rdata)",
        zone_id);
    if (!changed) return tl::unexpected(std::move(changed).error());
    auto added = count_affected(
        connection,
        "INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata) SELECT $1, i.* FROM "
        "gatepost_import i WHERE NOT EXISTS (SELECT FROM gatepost.rrsets r WHERE r.zone_id "
        "= $1 AND r.name = i.name AND r.type = i.type)",
        zone_id);
    if (!added) return tl::unexpected(std::move(added).error());
    result.removed = *removed;
    result.changed = *changed;
    result.added = *added;
    return {};
}

// The row as the file has it. The serial goes first, before any RRset: the transaction then bumps
// it no more.
Status write_row(Connection& connection, const std::string& name, const Soa& soa, Row& row,
                 ZoneImportResult& result) {
    PgResult written;
    const std::string mname = storage::dname_to_text(soa.mname);
    const std::string rname = storage::dname_to_text(soa.rname);
    if (!row.id) {
        if (Status done = query(
                connection,
                "INSERT INTO gatepost.zones (name, mname, rname, serial, refresh, retry, expire, "
                "minimum, soa_ttl, domain_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                "(SELECT id FROM gatepost.domains WHERE name = $1)) RETURNING id",
                {name, mname, rname, soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum,
                 soa.ttl},
                written);
            !done)
            return done;
        row.id = written.integer(0, 0);
        result.created = true;
        return {};
    }
    const std::string fields = "(mname, rname, refresh, retry, expire, minimum, soa_ttl)";
    const std::string values =
        "($2, $3, $5::integer, $6::integer, $7::integer, $8::integer, $9::integer)";
    if (Status done = query(
            connection,
            fmt::format(
                "UPDATE gatepost.zones z SET {0} = {1}, serial = CASE WHEN "
                "gatepost.serial_is_newer($4, z.serial) THEN $4 ELSE z.serial END FROM (SELECT "
                "{0} IS DISTINCT FROM {1} AS changed FROM gatepost.zones WHERE id = $1) was "
                "WHERE id = $1 AND (was.changed OR gatepost.serial_is_newer($4, z.serial)) "
                "RETURNING was.changed",
                fields, values),
            {*row.id, mname, rname, soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum,
             soa.ttl},
            written);
        !done)
        return done;
    result.soa_changed = !written.empty() && written.boolean(0, 0);
    return {};
}

// What write_row would do to an existing zone, without doing it.
Status compare_row(Connection& connection, const Soa& soa, const Row& row,
                   ZoneImportResult& result) {
    PgResult found;
    if (Status done = query(
            connection,
            "SELECT (mname, rname, refresh, retry, expire, minimum, soa_ttl) IS DISTINCT FROM ($2, "
            "$3, "
            "$5::integer, $6::integer, $7::integer, $8::integer, $9::integer), CASE WHEN "
            "gatepost.serial_is_newer($4, serial) THEN $4 ELSE gatepost.serial_next(serial) END, "
            "gatepost.serial_is_newer($4, serial) FROM gatepost.zones WHERE id = $1",
            {*row.id, storage::dname_to_text(soa.mname), storage::dname_to_text(soa.rname),
             soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum, soa.ttl},
            found);
        !done)
        return done;
    result.soa_changed = found.boolean(0, 0);
    const bool moves = found.boolean(0, 2) || result.soa_changed ||
                       result.added + result.changed + result.removed > 0;
    result.serial = moves ? static_cast<uint32_t>(found.integer(0, 1)) : row.serial;
    return {};
}

Status dry_run(Connection& connection, const ZoneData& zone, const Soa& soa, const Row& row,
               const ZoneImportOptions& options, ZoneImportResult& result) {
    if (!row.id) {
        result.created = true;
        result.added = zone.rrsets().size();
        result.serial = soa.serial;
        return {};
    }
    if (Status sent = send_to_temporary(connection, zone, options); !sent) return sent;
    if (Status compared = compare(connection, *row.id, result); !compared) return compared;
    return compare_row(connection, soa, row, result);
}

Status write_zone(Connection& connection, const ZoneData& zone, const Soa& soa, Row row,
                  const ZoneImportOptions& options, ZoneImportResult& result) {
    const std::string name = storage::dname_to_text(zone.apex());
    if (Status written = write_row(connection, name, soa, row, result); !written) return written;
    if (row.has_rrsets) {
        if (Status sent = send_to_temporary(connection, zone, options); !sent) return sent;
        if (Status merged = merge(connection, *row.id, result); !merged) return merged;
    } else {
        // Nothing to compare with: straight into the table.
        if (Status sent = send_rrsets(
                connection, "COPY gatepost.rrsets (zone_id, name, type, ttl, rdata) FROM STDIN",
                row.id, zone, options);
            !sent)
            return sent;
        result.added = zone.rrsets().size();
    }
    auto serial = zone_serial(connection, *row.id);
    if (!serial) return tl::unexpected(std::move(serial).error());
    result.serial = *serial;
    return {};
}

}  // namespace

Result<ZoneImportResult> zone_import(Connection& connection, const ZoneData& zone,
                                     const ZoneImportOptions& options) {
    const std::optional<Soa> soa = zone.soa();
    const std::string name = storage::dname_to_text(zone.apex());
    if (!soa)
        return fail(ErrorCode::invalid, "zone {} has no SOA record, so it cannot be imported",
                    name);
    for (const uint32_t seconds : {soa->refresh, soa->retry, soa->expire, soa->minimum})
        if (seconds > storage::kTtlMax)
            return fail(ErrorCode::invalid,
                        "zone {}: {} seconds in the SOA record are more than {}", name, seconds,
                        storage::kTtlMax);
    auto transaction = Transaction::begin(connection, options.write.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto row = find_row(connection, name, options.write);
    if (!row) return wrap("import of zone " + name, std::move(row).error());
    ZoneImportResult result;
    result.serial_before = row->serial;
    const Status done = options.write.dry_run
                            ? dry_run(connection, zone, *soa, *row, options, result)
                            : write_zone(connection, zone, *soa, *row, options, result);
    if (!done) return wrap("import of zone " + name, done.error());
    result.unchanged = zone.rrsets().size() - result.added - result.changed;
    auto lsn = finish_write(*transaction, options.write);
    if (!lsn) return wrap("import of zone " + name, std::move(lsn).error());
    if (result.anything()) result.lsn = *lsn;
    // Only advice to the planner: who may not give it has imported all the same.
    if (result.lsn != 0 && result.added + result.changed + result.removed >= kAnalyzeFrom)
        (void)connection.exec("ANALYZE gatepost.rrsets");
    return result;
}

}  // namespace gatepost::controlplane

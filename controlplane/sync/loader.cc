#include "controlplane/sync/loader.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "controlplane/pg/copy.h"
#include "controlplane/schema/schema.h"
#include "controlplane/sync/directory_rows.h"
#include "controlplane/sync/filter_rows.h"
#include "controlplane/sync/initial_load.h"
#include "controlplane/sync/mail_directory_rows.h"
#include "controlplane/sync/policy_rows.h"

namespace gatepost::controlplane {

namespace {

template <size_t N>
std::string column_list(const std::array<std::string_view, N>& names) {
    std::string list;
    for (const std::string_view name : names) {
        if (!list.empty()) list += ", ";
        list += name;
    }
    return list;
}

std::string id_list(const std::vector<ZoneId>& ids) {
    std::string list;
    for (const ZoneId id : ids)
        fmt::format_to(std::back_inserter(list), "{}{}", list.empty() ? "" : ",", id);
    return list;
}

// Reads a table, or the rows of it that `where` picks, as tuples whose columns stand in the order
// of Columns::kNames. Gives the count of rows.
template <typename Columns, typename Take>
Result<uint64_t> copy_table(Connection& connection, std::string_view table,
                            const std::string& where, const std::atomic<bool>& stop, Take take) {
    const auto columns = Columns::resolve(Columns::kNames);
    if (!columns) return tl::unexpected(columns.error());
    CopyBinaryReader reader;
    std::vector<TupleField> tuple;
    uint64_t count = 0;
    auto copied = connection.copy_out(
        fmt::format("COPY (SELECT {} FROM {}.{} {}) TO STDOUT (FORMAT binary)",
                    column_list(Columns::kNames), kSchemaName, table, where),
        [&](Bytes message) -> Status {
            if (stop.load(std::memory_order_relaxed))
                return fail(ErrorCode::refused, "the load was given up: the control plane stops");
            const auto fields = reader.row(message);
            if (!fields) return tl::unexpected(fields.error());
            if (fields->empty()) return {};  // the trailer
            tuple.clear();
            for (const CopyField& field : *fields)
                tuple.push_back({field.bytes, field.null ? FieldKind::null : FieldKind::binary});
            auto row = columns->row(tuple);
            if (!row) return tl::unexpected(std::move(row).error());
            ++count;
            return take(*row);
        });
    if (!copied)
        return wrap(fmt::format("loading {}.{}", kSchemaName, table), std::move(copied).error());
    return count;
}

// What the load needs to know before it begins.
struct Preface {
    int64_t time_us = 0;
    uint64_t rrsets_expected = 0;
    uint64_t addresses_expected = 0;  // of accounts and aliases
    uint32_t wal_block_size = 0;
};

Result<Preface> enter_snapshot(Connection& connection, const std::string& snapshot) {
    auto begun = connection.exec(
        fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}",
                    connection.quote_literal(snapshot)));
    if (!begun) return tl::unexpected(std::move(begun).error());
    if (Status ok = schema_require_current(connection); !ok)
        return tl::unexpected(std::move(ok).error());
    auto row = connection.exec(
        "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,"
        " (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = "
        "'gatepost.rrsets'::regclass),"
        " current_setting('wal_block_size')::int,"
        " (SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class WHERE oid IN"
        " ('gatepost.accounts'::regclass, 'gatepost.aliases'::regclass))");
    if (!row) return tl::unexpected(std::move(row).error());
    return Preface{row->integer(0, 0), static_cast<uint64_t>(row->integer(0, 1)),
                   static_cast<uint64_t>(row->integer(0, 3)),
                   static_cast<uint32_t>(row->integer(0, 2))};
}

Status load_cookie_secrets(Connection& connection, ZoneStore& store,
                           const std::atomic<bool>& stop) {
    auto rows = copy_table<CookieSecretColumns>(
        connection, kCookieSecretsTable, "", stop, [&](const CookieSecretRow& row) -> Status {
            auto change = cookie_secret_from_row(row);
            if (!change) return tl::unexpected(std::move(change).error());
            store.cookie_secrets.apply(*change);
            return {};
        });
    if (!rows) return tl::unexpected(std::move(rows).error());
    return store.writer->set_cookie_secrets(store.cookie_secrets.set());
}

template <typename Columns>
Status load_table(Connection& connection, DirectoryStore& store, const std::atomic<bool>& stop,
                  const std::string& order = "") {
    auto rows = copy_table<Columns>(connection, Columns::kTable, order, stop,
                                    [&](auto& row) { return store.apply(std::move(row)); });
    if (!rows) return tl::unexpected(std::move(rows).error());
    return {};
}

// What belongs to an account comes behind it, and the targets of an alias side by side: most
// entries are made once.
Status load_mail(Connection& connection, DirectoryStore& store, const std::atomic<bool>& stop) {
    Status ok = load_table<MailDomainColumns>(connection, store, stop);
    if (ok) ok = load_table<MailAccountColumns>(connection, store, stop);
    if (ok) ok = load_table<MailCredentialColumns>(connection, store, stop, "ORDER BY account_id");
    if (ok) ok = load_table<MailAliasColumns>(connection, store, stop, "ORDER BY source");
    return ok ? store.finish_load() : ok;
}

Status load_directory(Connection& connection, const LoadOptions& options, storage::Qsbr& qsbr,
                      const Preface& preface, const std::atomic<bool>& stop, ZoneStore& store) {
    // Large pages are for the zones, which are looked into with every query.
    auto segment = storage::Segment::create("gatepost-directory", options.directory_size_max,
                                            storage::PageKind::plain);
    if (!segment) return tl::unexpected(std::move(segment).error());
    auto writer = storage::DirectoryWriter::create(std::move(*segment), qsbr, options.generation,
                                                   preface.addresses_expected);
    if (!writer) return tl::unexpected(std::move(writer).error());
    store.entries =
        std::make_unique<DirectoryStore>(std::move(*writer), options.keys, options.server_name);
    Status ok = load_table<CertificateColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<PinColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<RedirectColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<ChallengeColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<FilterSettingsColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<FilterRuleColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<FilingRuleColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<PolicyRuleColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<DnsListColumns>(connection, *store.entries, stop);
    if (ok) ok = load_table<PolicyExemptionColumns>(connection, *store.entries, stop);
    if (ok) ok = load_mail(connection, *store.entries, stop);
    return ok;
}

Status second_pass(Connection& connection, InitialLoad& load, const std::vector<ZoneId>& held,
                   const std::atomic<bool>& stop) {
    const std::string ids = id_list(held);
    auto zones =
        copy_table<ZoneColumns>(connection, kZonesTable, fmt::format("WHERE id IN ({})", ids), stop,
                                [&](const ZoneRow& row) -> Status {
                                    load.collect_zone(row);
                                    return {};
                                });
    if (!zones) return tl::unexpected(std::move(zones).error());
    auto rrsets = copy_table<RRsetColumns>(connection, kRRsetsTable,
                                           fmt::format("WHERE zone_id IN ({})", ids), stop,
                                           [&](const RRsetRow& row) -> Status {
                                               load.collect_rrset(row);
                                               return {};
                                           });
    if (!rrsets) return tl::unexpected(std::move(rrsets).error());
    return {};
}

}  // namespace

Result<LoadResult> load_all(Connection& connection, const LoadOptions& options, storage::Qsbr& qsbr,
                            const std::atomic<bool>& stop) {
    const auto preface = enter_snapshot(connection, options.snapshot);
    if (!preface) return tl::unexpected(preface.error());
    auto segment = storage::Segment::create("gatepost-zones", options.arena_size_max);
    if (!segment) return tl::unexpected(std::move(segment).error());
    auto writer = storage::ZoneIndexWriter::create(std::move(*segment), qsbr, options.generation,
                                                   preface->rrsets_expected);
    if (!writer) return tl::unexpected(std::move(writer).error());

    LoadResult result;
    result.store = std::make_unique<ZoneStore>(std::move(*writer));
    result.snapshot_time_us = preface->time_us;
    result.wal_block_size = preface->wal_block_size;
    InitialLoad load(*result.store);
    auto zones = copy_table<ZoneColumns>(connection, kZonesTable, "", stop,
                                         [&](const ZoneRow& row) { return load.put_zone(row); });
    if (!zones) return tl::unexpected(std::move(zones).error());
    auto rrsets =
        copy_table<RRsetColumns>(connection, kRRsetsTable, "", stop,
                                 [&](const RRsetRow& row) { return load.put_rrset(row); });
    if (!rrsets) return tl::unexpected(std::move(rrsets).error());
    auto held = load.finish_pass();
    if (!held) return tl::unexpected(std::move(held).error());
    if (!held->empty())
        if (Status ok = second_pass(connection, load, *held, stop); !ok)
            return tl::unexpected(std::move(ok).error());
    load.finish();
    if (Status ok = load_cookie_secrets(connection, *result.store, stop); !ok)
        return tl::unexpected(std::move(ok).error());
    if (Status ok = load_directory(connection, options, qsbr, *preface, stop, *result.store); !ok)
        return tl::unexpected(std::move(ok).error());
    if (auto done = connection.exec("COMMIT"); !done)
        return tl::unexpected(std::move(done).error());
    result.store->writer->publish({options.lsn, preface->time_us});
    result.store->entries->publish({options.lsn, preface->time_us});
    result.zones = *zones;
    result.rrsets = *rrsets;
    return result;
}

}  // namespace gatepost::controlplane

#include "controlplane/model/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/model/names.h"

namespace gatepost::controlplane {
namespace {

// Of what is no RRset: rows of other tables (008_certificates.sql).
constexpr std::string_view kOtherTypes[] = {"CERTIFICATE", "SERVICE_CERTIFICATE", "REDIRECT"};

// Collects conditions and their parameters.
struct Where {
    std::string sql;
    std::vector<PgParam> params;

    void add(std::string_view condition, PgParam value) {
        params.push_back(std::move(value));
        sql += fmt::format(" AND {} ${}", condition, params.size());
    }
};

Status add_names(const HistoryListOptions& options, Where& where) {
    storage::Dname apex;
    if (!options.zone.empty()) {
        auto zone = absolute_name(options.zone);
        if (!zone) return tl::unexpected(std::move(zone).error());
        apex = *zone;
        where.add("zone =", storage::dname_to_text(apex));
    }
    if (!options.name.empty()) {
        auto name = owner_name(options.name, apex);
        if (!name) return tl::unexpected(std::move(name).error());
        where.add("name =", storage::dname_to_text(*name));
    }
    if (!options.type.empty()) {
        if (std::find(std::begin(kOtherTypes), std::end(kOtherTypes), options.type) !=
            std::end(kOtherTypes)) {
            where.add("type =", options.type);
            return {};
        }
        auto type = storage::rrtype_from_text(options.type);
        if (!type) return tl::unexpected(std::move(type).error());
        where.add("type =", storage::rrtype_to_text(*type));
    }
    return {};
}

}  // namespace

Result<std::vector<HistoryEntry>> history_list(Connection& connection,
                                               const HistoryListOptions& options) {
    Where where;
    if (Status added = add_names(options, where); !added)
        return tl::unexpected(std::move(added).error());
    if (!options.who.empty()) where.add("who =", options.who);
    if (!options.since.empty()) where.add("at >=", options.since);
    // Each order has its index: of one zone (zone, at), of all the primary key.
    const bool one_zone = !options.zone.empty();
    if (options.before > 0 && one_zone)
        where.add("(at, id) < ANY (SELECT at, id FROM gatepost.history WHERE id =", options.before),
            where.sql += ')';
    else if (options.before > 0)
        where.add("id <", options.before);
    auto rows = connection.exec_params(
        fmt::format("SELECT id, to_char(at AT TIME ZONE 'UTC', "
                    "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), xid, who, via, "
                    "zone, name, type, action, old, new FROM gatepost.history WHERE true{} ORDER "
                    "BY {} LIMIT {}",
                    where.sql, one_zone ? "at DESC, id DESC" : "id DESC", options.limit),
        std::span<const PgParam>(where.params));
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<HistoryEntry> entries;
    entries.reserve(static_cast<size_t>(rows->rows()));
    for (int row = 0; row < rows->rows(); ++row) {
        const auto text = [&](int column) { return rows->text(row, column); };
        entries.push_back({rows->integer(row, 0), text(1), rows->unsigned_integer(row, 2), text(3),
                           text(4), text(5), text(6), text(7), text(8), text(9), text(10)});
    }
    return entries;
}

}  // namespace gatepost::controlplane

#include "controlplane/model/audit.h"

namespace gatepost::controlplane {

Status audit_write(Connection& connection, std::string_view action, std::string_view resource,
                   std::string_view data) {
    auto written = connection.exec_params(
        "INSERT INTO gatepost.audit_log (service, action, resource, data) "
        "VALUES ('directory', $1, $2, nullif($3, '')::jsonb)",
        {action, resource, data});
    if (!written) return tl::unexpected(std::move(written).error());
    return {};
}

Result<std::vector<AuditEntry>> audit_list(Connection& connection,
                                           const AuditListOptions& options) {
    auto rows = connection.exec_params(
        "SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), actor, "
        "via, service, action, resource, host(address), success, error, data FROM "
        "gatepost.audit_log WHERE ($1 = '' OR resource = $1) AND ($2 = '' OR actor = $2) AND "
        "($3 = '' OR action = $3) AND ($4::bigint = 0 OR id < $4::bigint) ORDER BY id DESC "
        "LIMIT $5",
        {options.resource, options.actor, options.action, options.before,
         static_cast<uint64_t>(options.limit)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<AuditEntry> entries;
    for (int row = 0; row < rows->rows(); ++row)
        entries.push_back({rows->integer(row, 0), rows->text(row, 1), rows->text(row, 2),
                           rows->text(row, 3), rows->text(row, 4), rows->text(row, 5),
                           rows->text(row, 6), rows->text(row, 7), rows->boolean(row, 8),
                           rows->text(row, 9), rows->text(row, 10)});
    return entries;
}

Result<std::optional<int64_t>> audit_first_broken(Connection& connection) {
    auto row = connection.exec("SELECT gatepost.audit_first_broken()");
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->is_null(0, 0)) return std::nullopt;
    return row->integer(0, 0);
}

}  // namespace gatepost::controlplane

#include "controlplane/model/rrset.h"

#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

// "www.example.org. A" in front of what PostgreSQL says, where it does not name the record itself.
tl::unexpected<Error> explain(const RRsetChange& change, Error error) {
    if (error.message.find(change.name) == std::string::npos)
        return wrap(change.name + " " + change.type, std::move(error));
    return tl::unexpected(std::move(error));
}

}  // namespace

Result<std::optional<RRsetValues>> rrset_read(Connection& connection, int64_t zone_id,
                                              const std::string& name, const std::string& type) {
    auto row = connection.exec_params(
        "SELECT ttl, rdata FROM gatepost.rrsets WHERE zone_id = $1 AND name = $2 AND type = $3",
        {zone_id, name, type});
    if (!row) return tl::unexpected(std::move(row).error());
    if (row->empty()) return std::optional<RRsetValues>();
    auto values = text_array_from_literal(row->view(0, 1));
    if (!values) return wrap(name + " " + type, std::move(values).error());
    return std::optional(
        RRsetValues{static_cast<uint32_t>(row->integer(0, 0)), std::move(*values)});
}

Result<RRsetChange> rrset_write(Connection& connection, int64_t zone_id, const std::string& name,
                                const std::string& type, std::optional<RRsetValues> after) {
    auto before = rrset_read(connection, zone_id, name, type);
    if (!before) return tl::unexpected(std::move(before).error());
    RRsetChange change{name, type, std::move(*before), std::move(after)};
    if (!change.changed()) return change;
    Result<PgResult> written;
    if (!change.after) {
        written = connection.exec_params(
            "DELETE FROM gatepost.rrsets WHERE zone_id = $1 AND name = $2 AND type = $3",
            {zone_id, name, type});
    } else {
        const std::string values = text_array_to_literal(change.after->values);
        written = connection.exec_params(
            change.before ? "UPDATE gatepost.rrsets SET ttl = $4, rdata = $5 "
                            "WHERE zone_id = $1 AND name = $2 AND type = $3"
                          : "INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata) "
                            "VALUES ($1, $2, $3, $4, $5)",
            {zone_id, name, type, change.after->ttl, values});
    }
    if (!written) return explain(change, std::move(written).error());
    return change;
}

}  // namespace gatepost::controlplane

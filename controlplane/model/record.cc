#include "controlplane/model/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "controlplane/model/names.h"
#include "controlplane/model/zone.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

using storage::Dname;
using storage::RRType;

// An RRset that a person means.
struct Target {
    Zone zone;
    Dname apex;
    std::string name;
    std::string type;  // empty: every one
    RRType rrtype{};
};

Result<Target> resolve(Connection& connection, std::string_view zone, std::string_view name,
                       std::string_view type, const WriteOptions& options) {
    Target target;
    if (!type.empty()) {
        auto rrtype = rrset_type(type);
        if (!rrtype) return tl::unexpected(std::move(rrtype).error());
        target.rrtype = *rrtype;
        target.type = storage::rrtype_to_text(*rrtype);
    }
    auto row = zone_lock(connection, zone, options);
    if (!row) return tl::unexpected(std::move(row).error());
    auto apex = absolute_name(row->name);
    if (!apex) return tl::unexpected(std::move(apex).error());
    auto owner = owner_name(name, *apex);
    if (!owner) return tl::unexpected(std::move(owner).error());
    target.zone = std::move(*row);
    target.apex = *apex;
    target.name = storage::dname_to_text(*owner);
    return target;
}

using Changes = std::vector<RRsetChange>;

// Begin, resolve, let `work` write, end.
Result<WriteResult> write(Connection& connection, std::string_view zone, std::string_view name,
                          std::string_view type, const WriteOptions& options,
                          const std::function<Result<Changes>(const Target&)>& work) {
    auto transaction = Transaction::begin(connection, options.actor);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    auto target = resolve(connection, zone, name, type, options);
    if (!target) return tl::unexpected(std::move(target).error());
    auto changes = work(*target);
    if (!changes) return tl::unexpected(std::move(changes).error());
    auto serial = zone_serial(connection, target->zone.id);
    if (!serial) return tl::unexpected(std::move(serial).error());
    auto lsn = finish_write(*transaction, options);
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    const bool changed = std::any_of(changes->begin(), changes->end(),
                                     [](const RRsetChange& change) { return change.changed(); });
    return WriteResult{std::move(*changes), *serial, changed ? *lsn : 0};
}

Result<Changes> one(Result<RRsetChange> change) {
    if (!change) return tl::unexpected(std::move(change).error());
    return Changes{std::move(*change)};
}

tl::unexpected<Error> nothing_there(const Target& target, std::string_view what) {
    return fail(ErrorCode::refused,
                "{} {} has no {}: `gatepost record list {} {}` shows what it has", target.name,
                target.type, what, target.zone.name, target.name);
}

Result<Changes> remove_value(Connection& connection, const Target& target, std::string_view text) {
    auto value = canonical_value(target.rrtype, text, target.apex);
    if (!value) return tl::unexpected(std::move(value).error());
    auto current = rrset_read(connection, target.zone.id, target.name, target.type);
    if (!current) return tl::unexpected(std::move(current).error());
    if (!*current || std::erase((*current)->values, *value) == 0)
        return nothing_there(target, fmt::format("value {}", *value));
    if ((*current)->values.empty()) current->reset();
    return one(
        rrset_write(connection, target.zone.id, target.name, target.type, std::move(*current)));
}

Result<Changes> remove_name(Connection& connection, const Target& target) {
    auto types = connection.exec_params(
        "SELECT type FROM gatepost.rrsets WHERE zone_id = $1 AND name = $2 ORDER BY type",
        {target.zone.id, target.name});
    if (!types) return tl::unexpected(std::move(types).error());
    if (types->empty()) return nothing_there(target, "records");
    Changes changes;
    for (int row = 0; row < types->rows(); ++row) {
        auto change = rrset_write(connection, target.zone.id, target.name, types->text(row, 0), {});
        if (!change) return tl::unexpected(std::move(change).error());
        changes.push_back(std::move(*change));
    }
    return changes;
}

}  // namespace

Result<WriteResult> record_add(Connection& connection, std::string_view zone, std::string_view name,
                               std::string_view type, std::string_view value,
                               std::optional<uint32_t> ttl, const WriteOptions& options) {
    if (type.empty()) return fail(ErrorCode::usage, "a record needs a type, such as A");
    return write(
        connection, zone, name, type, options, [&](const Target& target) -> Result<Changes> {
            auto current = rrset_read(connection, target.zone.id, target.name, target.type);
            if (!current) return tl::unexpected(std::move(current).error());
            RRsetValues after = current->value_or(RRsetValues{target.zone.default_ttl, {}});
            after.ttl = ttl.value_or(after.ttl);
            after.values.emplace_back(value);
            auto canonical = canonical_values(target.rrtype, after.values, target.apex);
            if (!canonical) return tl::unexpected(std::move(canonical).error());
            after.values = std::move(*canonical);
            return one(rrset_write(connection, target.zone.id, target.name, target.type,
                                   std::move(after)));
        });
}

Result<WriteResult> record_set(Connection& connection, std::string_view zone, std::string_view name,
                               std::string_view type, const std::vector<std::string>& values,
                               std::optional<uint32_t> ttl, const WriteOptions& options) {
    if (type.empty() || values.empty())
        return fail(ErrorCode::usage, "setting records needs a type and at least one value");
    return write(
        connection, zone, name, type, options, [&](const Target& target) -> Result<Changes> {
            auto canonical = canonical_values(target.rrtype, values, target.apex);
            if (!canonical) return tl::unexpected(std::move(canonical).error());
            auto current = rrset_read(connection, target.zone.id, target.name, target.type);
            if (!current) return tl::unexpected(std::move(current).error());
            const uint32_t ttl_now = *current ? (*current)->ttl : target.zone.default_ttl;
            return one(rrset_write(connection, target.zone.id, target.name, target.type,
                                   RRsetValues{ttl.value_or(ttl_now), std::move(*canonical)}));
        });
}

Result<WriteResult> record_remove(Connection& connection, std::string_view zone,
                                  std::string_view name, std::string_view type,
                                  std::string_view value, const WriteOptions& options) {
    if (type.empty() && !value.empty())
        return fail(ErrorCode::usage, "to remove a value, say of which type");
    return write(
        connection, zone, name, type, options, [&](const Target& target) -> Result<Changes> {
            if (type.empty()) return remove_name(connection, target);
            if (!value.empty()) return remove_value(connection, target, value);
            auto change = rrset_write(connection, target.zone.id, target.name, target.type, {});
            if (change && !change->changed()) return nothing_there(target, "records");
            return one(std::move(change));
        });
}

Result<std::vector<ListedRRset>> record_list(Connection& connection, std::string_view zone,
                                             const RecordListOptions& options) {
    auto row = zone_get_id(connection, zone);
    if (!row) return tl::unexpected(std::move(row).error());
    auto apex = absolute_name(zone);
    if (!apex) return tl::unexpected(std::move(apex).error());
    std::string name;
    std::string type;
    if (!options.name.empty()) {
        auto owner = owner_name(options.name, *apex);
        if (!owner) return tl::unexpected(std::move(owner).error());
        name = storage::dname_to_text(*owner);
    }
    if (!options.type.empty()) {
        auto rrtype = rrset_type(options.type);
        if (!rrtype) return tl::unexpected(std::move(rrtype).error());
        type = storage::rrtype_to_text(*rrtype);
    }
    std::string sql = "SELECT name, type, ttl, rdata FROM gatepost.rrsets WHERE zone_id = $1";
    sql += name.empty() ? " AND $2 = ''" : " AND name = $2";
    sql += type.empty() ? " AND $3 = ''" : " AND type = $3";
    sql += " ORDER BY name, type";
    if (options.limit > 0) sql += fmt::format(" LIMIT {}", options.limit);
    if (options.offset > 0) sql += fmt::format(" OFFSET {}", options.offset);
    auto rows = connection.exec_params(sql, {*row, name, type});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<ListedRRset> rrsets;
    rrsets.reserve(static_cast<size_t>(rows->rows()));
    for (int i = 0; i < rows->rows(); ++i) {
        auto values = text_array_from_literal(rows->view(i, 3));
        if (!values) return wrap(rows->text(i, 0), std::move(values).error());
        rrsets.push_back({rows->text(i, 0), rows->text(i, 1),
                          static_cast<uint32_t>(rows->integer(i, 2)), std::move(*values)});
    }
    return rrsets;
}

}  // namespace gatepost::controlplane

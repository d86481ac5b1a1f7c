#include "controlplane/model/outbound.h"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/model/audit.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/model/outbound_row.h"

namespace gatepost::controlplane {
namespace {

constexpr const char* kNow = "o.state IN ('held', 'ready', 'leased')";

// "@example.org" means the domain. $n is the parameter.
std::string address_condition(const char* column, const char* parameter) {
    return fmt::format(
        "({1} = '' OR lower({0}) = lower({1}) OR ({1} LIKE '@%' AND "
        "lower(right({0}, length({1}))) = lower({1})))",
        column, parameter);
}

// Parameters 1 to 4 are state, recipient, sender and blob.
std::string filter_condition() {
    return fmt::format(
        "(($1 = '' AND {}) OR o.state = $1) AND {} AND {} AND ($4 = '' OR o.blob_id = "
        "nullif($4, '')::uuid) ",
        kNow, address_condition("o.recipient", "$2"), address_condition("o.sender", "$3"));
}

std::vector<OutboundMessage> messages_of(const PgResult& rows) {
    std::vector<OutboundMessage> messages;
    for (int row = 0; row < rows.rows(); ++row) messages.push_back(outbound_of_row(rows, row));
    return messages;
}

std::string ids_literal(const std::vector<int64_t>& ids) {
    return fmt::format("{{{}}}", fmt::join(ids, ","));
}

bool allows(const OutboundMessage& message, OutboundAction action) {
    switch (action) {
        case OutboundAction::hold:
            return message.state == "ready";
        case OutboundAction::release:
            return message.state == "held" || message.state == "failed";
        case OutboundAction::remove:
            return message.state != "leased";
    }
    return false;
}

constexpr std::string_view verb_of(OutboundAction action) {
    switch (action) {
        case OutboundAction::hold:
            return "hold";
        case OutboundAction::release:
            return "release";
        case OutboundAction::remove:
            return "remove";
    }
    return "";
}

Status check_allowed(const std::vector<OutboundMessage>& found, const std::vector<int64_t>& ids,
                     OutboundAction action) {
    for (const int64_t id : ids) {
        const auto message = std::ranges::find(found, id, &OutboundMessage::id);
        if (message == found.end())
            return fail(ErrorCode::refused, "there is no {} in the queue: gatepost queue list", id);
        if (allows(*message, action)) continue;
        return fail(ErrorCode::refused, "{} is {}{}: it cannot be {}", id, message->state,
                    message->state == "leased"
                        ? fmt::format(", handed out until {}", message->lease_expires_at)
                        : "",
                    action == OutboundAction::hold      ? "held"
                    : action == OutboundAction::release ? "released"
                                                        : "removed");
    }
    return {};
}

Result<std::vector<OutboundMessage>> lock_selected(Connection& connection,
                                                   const OutboundSelection& selection,
                                                   OutboundAction action) {
    const auto& filter = selection.matching;
    auto rows = filter
                    ? connection.exec_params(
                          fmt::format("SELECT {} FROM gatepost.outbound o WHERE {} "
                                      "ORDER BY o.id FOR UPDATE OF o",
                                      kOutboundColumns, filter_condition()),
                          {filter->state, filter->recipient, filter->sender, filter->blob_id})
                    : connection.exec_params(fmt::format("SELECT {} FROM gatepost.outbound o WHERE "
                                                         "o.id = ANY ($1::bigint[]) ORDER BY o.id "
                                                         "FOR UPDATE OF o",
                                                         kOutboundColumns),
                                             {ids_literal(selection.ids)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<OutboundMessage> found = messages_of(*rows);
    if (!filter)
        if (Status good = check_allowed(found, selection.ids, action); !good)
            return tl::unexpected(std::move(good).error());
    std::erase_if(found, [&](const OutboundMessage& one) { return !allows(one, action); });
    return found;
}

Status apply(Connection& connection, const std::string& ids, OutboundAction action,
             const std::string& reason) {
    Result<PgResult> done;
    switch (action) {
        case OutboundAction::hold:
            done = connection.exec_params(
                "UPDATE gatepost.outbound SET state = 'held', held_reason = $2 WHERE id = ANY "
                "($1::bigint[])",
                {ids, reason});
            break;
        case OutboundAction::release:
            done = connection.exec_params(
                "UPDATE gatepost.outbound SET state = 'ready', held_reason = '' WHERE id = ANY "
                "($1::bigint[])",
                {ids});
            break;
        case OutboundAction::remove:
            done = connection.exec_params(
                "DELETE FROM gatepost.outbound WHERE id = ANY ($1::bigint[])", {ids});
            break;
    }
    return done ? Status() : tl::unexpected(std::move(done).error());
}

}  // namespace

Result<std::vector<OutboundMessage>> outbound_list(Connection& connection,
                                                   const OutboundFilter& filter) {
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.outbound o WHERE {} AND o.id > $5 ORDER BY o.id "
                    "LIMIT $6",
                    kOutboundColumns, filter_condition()),
        {filter.state, filter.recipient, filter.sender, filter.blob_id, filter.after,
         static_cast<int64_t>(filter.limit)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return messages_of(*rows);
}

Result<OutboundMessage> outbound_get(Connection& connection, int64_t id) {
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.outbound o WHERE o.id = $1", kOutboundColumns), {id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty())
        return fail(ErrorCode::refused, "there is no {} in the queue: gatepost queue list", id);
    return outbound_of_row(*rows, 0);
}

Result<OutboundStat> outbound_stat(Connection& connection) {
    auto rows = connection.exec(
        "SELECT s.state, count(m.blob_id), coalesce(sum(m.recipients), 0), "
        "coalesce(sum(m.size), 0), "
        "to_char(min(m.oldest) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
        "coalesce(extract(epoch FROM now() - min(m.oldest)), 0), "
        "(SELECT auto_release FROM gatepost.outbound_settings) "
        "FROM unnest(ARRAY['held', 'ready', 'leased', 'delivered', 'failed']) WITH ORDINALITY AS "
        "s (state, n) LEFT JOIN (SELECT state, blob_id, count(*) AS recipients, max(size) AS size, "
        "min(created_at) AS oldest FROM gatepost.outbound GROUP BY state, blob_id) AS m "
        "ON m.state = s.state COLLATE \"C\" GROUP BY s.state, s.n ORDER BY s.n");
    if (!rows) return tl::unexpected(std::move(rows).error());
    OutboundStat stat;
    for (int row = 0; row < rows->rows(); ++row)
        stat.states.push_back({.state = rows->text(row, 0),
                               .recipients = rows->unsigned_integer(row, 2),
                               .messages = rows->unsigned_integer(row, 1),
                               .octets = rows->unsigned_integer(row, 3),
                               .oldest_at = rows->text(row, 4),
                               .oldest_age_s = rows->real(row, 5)});
    stat.auto_release = rows->boolean(0, 6);
    return stat;
}

Result<std::vector<OutboundMessage>> outbound_change(Connection& connection,
                                                     const OutboundSelection& selection,
                                                     OutboundAction action,
                                                     const std::string& reason,
                                                     const WriteOptions& options) {
    std::vector<OutboundMessage> changed;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto found = lock_selected(connection, selection, action);
        if (!found) return tl::unexpected(std::move(found).error());
        changed = std::move(*found);
        if (changed.empty()) return false;
        std::vector<int64_t> ids;
        for (const OutboundMessage& message : changed) ids.push_back(message.id);
        if (Status done = apply(connection, ids_literal(ids), action, reason); !done)
            return tl::unexpected(std::move(done).error());
        const std::string what = changed.size() == 1 ? changed.front().recipient : "queue";
        if (Status noted = audit_write(connection, fmt::format("queue.{}", verb_of(action)), what,
                                       fmt::format("{{\"ids\":[{}]}}", fmt::join(ids, ",")));
            !noted)
            return tl::unexpected(std::move(noted).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return changed;
}

Result<bool> outbound_set_auto_release(Connection& connection, bool auto_release,
                                       const WriteOptions& options) {
    bool before = false;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto rows = connection.exec_params(
            "UPDATE gatepost.outbound_settings s SET auto_release = $1 FROM (SELECT auto_release "
            "FROM gatepost.outbound_settings FOR UPDATE) AS b RETURNING b.auto_release",
            {auto_release});
        if (!rows) return tl::unexpected(std::move(rows).error());
        before = rows->boolean(0, 0);
        if (before == auto_release) return false;
        if (Status noted = audit_write(connection, "queue.auto_release", "queue",
                                       auto_release ? "{\"on\":true}" : "{\"on\":false}");
            !noted)
            return tl::unexpected(std::move(noted).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return before;
}

}  // namespace gatepost::controlplane

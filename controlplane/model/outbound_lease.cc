#include "controlplane/model/outbound_lease.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "controlplane/model/outbound_row.h"
#include "controlplane/pg/text_array.h"
#include "controlplane/pg/transaction.h"

namespace gatepost::controlplane {
namespace {

// A lease that is over leaves its rows ready again. As many at once as a pull takes several times.
Status end_old_leases(Connection& connection) {
    auto done = connection.exec(
        "UPDATE gatepost.outbound SET state = 'ready', lease_id = NULL, lease_expires_at = NULL, "
        "last_error = 'it was fetched, and nobody said what became of it' WHERE id IN (SELECT id "
        "FROM gatepost.outbound WHERE state = 'leased' AND lease_expires_at <= now() "
        "ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)");
    return done ? Status() : tl::unexpected(std::move(done).error());
}

// Rows of the oldest messages, up to the limits; the others of `rows` are left out.
std::vector<LeasedMessage> group(const PgResult& rows, const LeaseLimits& limits) {
    std::vector<LeasedMessage> messages;
    std::map<std::string, size_t, std::less<>> places;
    uint64_t octets = 0;
    for (int row = 0; row < rows.rows(); ++row) {
        OutboundMessage one = outbound_of_row(rows, row);
        const auto known = places.find(one.blob_id);
        if (known == places.end()) {
            if (messages.size() == limits.messages) continue;
            if (!messages.empty() && one.body.size > limits.octets - octets) break;
            octets = std::min(limits.octets, octets + one.body.size);
            places.emplace(one.blob_id, messages.size());
            messages.push_back({one.blob_id, one.body, {}});
            messages.back().recipients.push_back(std::move(one));
        } else {
            messages[known->second].recipients.push_back(std::move(one));
        }
    }
    return messages;
}

std::string row_ids(const std::vector<LeasedMessage>& messages) {
    std::vector<int64_t> ids;
    for (const LeasedMessage& message : messages)
        for (const OutboundMessage& row : message.recipients) ids.push_back(row.id);
    return fmt::format("{{{}}}", fmt::join(ids, ","));
}

constexpr std::string_view state_of(LeaseOutcome outcome) {
    switch (outcome) {
        case LeaseOutcome::delivered:
            return "delivered";
        case LeaseOutcome::retry:
            return "ready";
        case LeaseOutcome::hold:
            return "held";
        case LeaseOutcome::failed:
            return "failed";
    }
    return "";
}

}  // namespace

Result<OutboundLease> lease_take(Connection& connection, const LeaseLimits& limits) {
    auto transaction = Transaction::begin(connection);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    if (Status ended = end_old_leases(connection); !ended)
        return tl::unexpected(std::move(ended).error());
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.outbound o WHERE o.state = 'ready' ORDER BY o.id "
                    "LIMIT $1 FOR UPDATE OF o SKIP LOCKED",
                    kOutboundColumns),
        {static_cast<int64_t>(kLeaseRecipientsMax)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    OutboundLease lease;
    lease.messages = group(*rows, limits);
    if (!lease.messages.empty()) {
        auto taken = connection.exec_params(
            "WITH lease AS MATERIALIZED (SELECT gen_random_uuid() AS id, "
            "date_trunc('second', now() + $2 * interval '1 second') AS ends) "
            "UPDATE gatepost.outbound o SET state = 'leased', lease_id = l.id, "
            "lease_expires_at = l.ends, attempts = attempts + 1 FROM lease l "
            "WHERE o.id = ANY ($1::bigint[]) RETURNING l.id, "
            "to_char(l.ends AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
            {row_ids(lease.messages), static_cast<int64_t>(limits.duration.count())});
        if (!taken) return tl::unexpected(std::move(taken).error());
        lease.id = taken->text(0, 0);
        lease.expires_at = taken->text(0, 1);
    }
    auto lsn = transaction->commit();
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return lease;
}

Result<std::vector<std::string>> lease_end(Connection& connection, const std::string& lease_id,
                                           const std::vector<std::string>& blob_ids,
                                           LeaseOutcome outcome, const std::string& reason) {
    auto rows = connection.exec_params(
        "WITH ended AS (UPDATE gatepost.outbound SET state = $3, lease_id = NULL, "
        "lease_expires_at = NULL, last_error = $4, "
        "held_reason = CASE WHEN $3 = 'held' THEN $4 ELSE '' END "
        "WHERE lease_id = $1::uuid AND blob_id = ANY ($2::uuid[]) RETURNING blob_id) "
        "SELECT DISTINCT blob_id FROM ended ORDER BY blob_id",
        {lease_id, text_array_to_literal(blob_ids), state_of(outcome), reason});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<std::string> ended;
    for (int row = 0; row < rows->rows(); ++row) ended.push_back(rows->text(row, 0));
    return ended;
}

Result<OutboundMessage> lease_message(Connection& connection, const std::string& lease_id,
                                      const std::string& blob_id) {
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.outbound o WHERE o.lease_id = $1::uuid AND "
                    "o.blob_id = $2::uuid ORDER BY o.id LIMIT 1",
                    kOutboundColumns),
        {lease_id, blob_id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty())
        return fail(ErrorCode::refused, "{} is not a message of the lease {}, or no longer",
                    blob_id, lease_id);
    return outbound_of_row(*rows, 0);
}

}  // namespace gatepost::controlplane

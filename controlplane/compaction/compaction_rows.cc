#include "controlplane/compaction/compaction_rows.h"

#include "storage/message_log/record.h"

namespace gatepost::controlplane {

namespace {

using storage::BodyRecord;
using storage::CopyBodies;

// What a body takes in the segment that it is copied to, beside its octets: its record's header,
// and half of the alignment. Counted as live, or else a segment of small messages would look half
// empty for ever.
constexpr uint64_t kBodyOverhead =
    storage::kRecordHeader + BodyRecord::kFixed + storage::kRecordAlignment / 2;

// All references with the places `condition` names; one that several have is there once.
std::string references(const std::string& columns, const std::string& condition) {
    return "SELECT " + columns + " FROM gatepost.messages WHERE edge = $1 AND " + condition +
           " UNION SELECT " + columns + " FROM gatepost.outbound WHERE edge = $1 AND " + condition +
           " AND state <> 'delivered' UNION SELECT " + columns +
           " FROM gatepost.undeliverable WHERE edge = $1 AND " + condition;
}

std::string move_in(const std::string& table) {
    return "UPDATE " + table +
           " AS t SET segment = m.to_segment, position = m.to_position FROM move AS m "
           "WHERE t.blob_id = m.blob AND t.edge = $1 AND t.segment = m.from_segment "
           "AND t.position = m.from_position ";
}

storage::BlobId blob_of(std::string_view text) {
    return storage::parse_blob_id(text).value_or(storage::BlobId());
}

uint32_t number_of(const PgResult& rows, int row, int column) {
    return static_cast<uint32_t>(rows.unsigned_integer(row, column));
}

BinaryArray segment_array(std::span<const uint32_t> segments) {
    BinaryArray array(PgType::int8);
    for (const uint32_t segment : segments) array.add_int8(segment);
    return array;
}

}  // namespace

const std::string kCompactionSession =
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'; "
    "SET search_path = pg_catalog, pg_temp, gatepost_counts; "
    "SET statement_timeout = '10min'; SET lock_timeout = '5s'";

const std::string kSegmentUsesSql =
    "SELECT b.segment, count(*)::bigint, sum(b.size)::bigint FROM (" +
    references("segment, position, size", "segment < $2") + ") AS b GROUP BY b.segment";

BinaryParams segment_uses_params(int32_t edge, uint32_t floor) {
    BinaryParams params;
    params.add_int4(edge);
    params.add_int8(floor);
    return params;
}

std::unordered_map<uint32_t, SegmentUse> segment_uses_of(const PgResult& rows) {
    std::unordered_map<uint32_t, SegmentUse> uses;
    for (int row = 0; row < rows.rows(); ++row) {
        const uint64_t bodies = rows.unsigned_integer(row, 1);
        uses[number_of(rows, row, 0)] = {bodies,
                                         rows.unsigned_integer(row, 2) + bodies * kBodyOverhead};
    }
    return uses;
}

const std::string kLiveBodiesSql =
    "SELECT b.segment, b.position, b.size, b.blob_id FROM (" +
    references("segment, position, size, blob_id",
               "segment = ANY ($2) AND (segment, position) > ($3, $4)") +
    ") AS b ORDER BY b.segment, b.position LIMIT $5";

BinaryParams live_bodies_params(int32_t edge, std::span<const uint32_t> segments,
                                const BodyPlace& after) {
    BinaryParams params;
    params.add_int4(edge);
    params.add(segment_array(segments));
    params.add_int8(after.segment);
    params.add_int8(static_cast<int64_t>(after.offset));
    params.add_int8(storage::kCopyBodiesMax);
    return params;
}

std::vector<CopyBodies::Source> live_bodies_of(const PgResult& rows) {
    std::vector<CopyBodies::Source> sources;
    for (int row = 0; row < rows.rows(); ++row) {
        const uint32_t segment = number_of(rows, row, 0);
        if (sources.empty() || sources.back().segment != segment) sources.push_back({segment, {}});
        sources.back().bodies.push_back({blob_of(rows.view(row, 3)), rows.unsigned_integer(row, 1),
                                         rows.unsigned_integer(row, 2)});
    }
    return sources;
}

const std::string kMoveBodiesSql =
    "WITH move AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], "
    "$5::bigint[], $6::bigint[]) "
    "AS m (blob, from_segment, from_position, to_segment, to_position)), "
    "locked AS MATERIALIZED (SELECT b.id FROM gatepost.mailboxes AS b WHERE b.id IN "
    "(SELECT t.mailbox_id FROM gatepost.messages AS t JOIN move AS m ON t.blob_id = m.blob "
    "AND t.segment = m.from_segment) ORDER BY b.id FOR NO KEY UPDATE), "
    "outbound AS (" +
    move_in("gatepost.outbound") + "), undeliverable AS (" + move_in("gatepost.undeliverable") +
    ") " + move_in("gatepost.messages") +
    "AND (SELECT count(*) FROM locked) >= 0 "
    "RETURNING t.mailbox_id, t.uid, m.from_segment, m.from_position, t.segment, t.position";

const std::string kMovedMessagesSql =
    "SELECT t.mailbox_id, t.uid, m.from_segment, m.from_position, t.segment, t.position "
    "FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) "
    "AS m (blob, from_segment, from_position, to_segment, to_position) "
    "JOIN gatepost.messages AS t ON t.blob_id = m.blob AND t.edge = $1 "
    "AND t.segment = m.to_segment AND t.position = m.to_position";

BinaryParams move_bodies_params(int32_t edge, std::span<const BodyMove> moves) {
    BinaryArray blobs(PgType::uuid);
    std::vector<BinaryArray> places(4, BinaryArray(PgType::int8));
    for (const BodyMove& move : moves) {
        blobs.add_uuid(move.id);
        places[0].add_int8(move.place.from_segment);
        places[1].add_int8(move.place.from_offset);
        places[2].add_int8(move.place.to_segment);
        places[3].add_int8(move.place.to_offset);
    }
    BinaryParams params;
    params.add_int4(edge);
    params.add(std::move(blobs));
    for (BinaryArray& array : places) params.add(std::move(array));
    return params;
}

std::vector<MovedMessage> moved_messages_of(const PgResult& rows) {
    std::vector<MovedMessage> messages;
    for (int row = 0; row < rows.rows(); ++row)
        messages.push_back({rows.unsigned_integer(row, 0), number_of(rows, row, 1),
                            number_of(rows, row, 2), number_of(rows, row, 3),
                            number_of(rows, row, 4), number_of(rows, row, 5)});
    return messages;
}

const std::string kReferredSql =
    "SELECT b.segment FROM (" + references("segment", "segment = ANY ($2)") + ") AS b";

BinaryParams referred_params(int32_t edge, std::span<const uint32_t> segments) {
    BinaryParams params;
    params.add_int4(edge);
    params.add(segment_array(segments));
    return params;
}

const std::string kHorizonSql = "SELECT pg_current_xact_id()::text::bigint";

// The ids of the two views have 32 bits; age() compares them as they go round.
const std::string kOlderTransactionsSql =
    "WITH horizon AS MATERIALIZED (SELECT ($1::bigint & 4294967295)::text::xid AS id) "
    "SELECT o.what FROM (SELECT 1 AS place, 'PostgreSQL''s process ' || a.pid || ' (' || "
    "a.application_name || ')' AS what FROM pg_stat_activity AS a, horizon AS h "
    "WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() "
    "AND (age(a.backend_xid) > age(h.id) OR age(a.backend_xmin) > age(h.id)) "
    "UNION ALL SELECT 2, 'the prepared transaction ' || quote_literal(p.gid) "
    "FROM pg_prepared_xacts AS p, horizon AS h WHERE age(p.transaction) > age(h.id) "
    "UNION ALL SELECT 3, 'a transaction in another database' "
    "WHERE pg_snapshot_xmin(pg_current_snapshot())::text::bigint < $1::bigint) AS o "
    "ORDER BY o.place LIMIT 1";

BinaryParams older_transactions_params(int64_t horizon) {
    BinaryParams params;
    params.add_int8(horizon);
    return params;
}

const std::string kPruneSql =
    "SELECT gatepost.prune_expunged($1::bigint * interval '1 millisecond', $2::integer)";

BinaryParams prune_params(std::chrono::milliseconds older_than) {
    BinaryParams params;
    params.add_int8(older_than.count());
    params.add_int4(kPruneMax);
    return params;
}

}  // namespace gatepost::controlplane

#include "controlplane/model/message_filing.h"

#include <fmt/format.h>

#include "controlplane/pg/text_array.h"
#include "controlplane/pg/transaction.h"

namespace gatepost::controlplane {
namespace {

// $1 account, $2 mailbox, then blobs, flags, dates and keywords of the messages. The account's lock
// is held, so that no UID is given twice.
constexpr const char* kFile = R"(
    WITH given AS MATERIALIZED (
        SELECT g.* FROM unnest($3::uuid[], $4::integer[], $5::text[], $6::text[]) WITH ORDINALITY
            AS g (blob_id, flags, date_us, keywords, n)),
    found AS MATERIALIZED (
        SELECT m.mailbox_id, m.uid, m.size, m.blob_id, g.flags, g.keywords,
               to_timestamp(nullif(g.date_us, '')::numeric / 1000000) AS internal_date,
               m.mailbox_id <> $2 AS moves, b.highest_modseq AS old_modseq,
               row_number() OVER (PARTITION BY m.mailbox_id <> $2 ORDER BY g.n) AS place
        FROM given g JOIN gatepost.messages m ON m.blob_id = g.blob_id AND m.account_id = $1
        JOIN gatepost.mailboxes b ON b.id = m.mailbox_id),
    filed AS (
        UPDATE gatepost.messages m
        SET mailbox_id = t.id, modseq = t.highest_modseq + 1, flags = f.flags,
            uid = CASE WHEN f.moves THEN t.uid_next + f.place - 1 ELSE m.uid END,
            keywords = CASE WHEN f.keywords <> '' THEN string_to_array(f.keywords, ' ') END,
            internal_date = coalesce(f.internal_date, m.internal_date)
        FROM found f, gatepost.mailboxes t
        WHERE m.mailbox_id = f.mailbox_id AND m.uid = f.uid AND t.id = $2
        RETURNING 1),
    -- Without its account: the delivery is known by the message itself.
    gone AS (
        INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, blob_id)
        SELECT f.mailbox_id, f.uid, f.old_modseq + 1, f.blob_id FROM found f WHERE f.moves),
    deltas AS (
        SELECT f.mailbox_id AS id, -count(*) AS messages, -sum(f.size) AS bytes, 0 AS uids
        FROM found f WHERE f.moves GROUP BY f.mailbox_id
        UNION ALL
        SELECT $2, count(*) FILTER (WHERE f.moves),
               coalesce(sum(f.size) FILTER (WHERE f.moves), 0), count(*) FILTER (WHERE f.moves)
        FROM found f HAVING count(*) > 0),
    counted AS (
        UPDATE gatepost.mailboxes b
        SET message_count = b.message_count + d.messages, byte_count = b.byte_count + d.bytes,
            uid_next = b.uid_next + d.uids, highest_modseq = b.highest_modseq + 1
        FROM deltas d WHERE b.id = d.id)
    SELECT count(*) FROM filed)";

struct Columns {
    std::vector<std::string> blobs, flags, dates, keywords;
};

Columns columns_of(std::span<const MessageFiling> messages) {
    Columns columns;
    for (const MessageFiling& message : messages) {
        columns.blobs.push_back(message.blob_id);
        columns.flags.push_back(std::to_string(message.flags));
        columns.dates.push_back(message.date_us ? std::to_string(*message.date_us) : "");
        columns.keywords.push_back(fmt::format("{}", fmt::join(message.keywords, " ")));
    }
    return columns;
}

// In the order that holds for all who change mailboxes (011_mailboxes.sql).
Status lock_mailboxes(Connection& connection, const Mailbox& mailbox, const std::string& blobs) {
    auto account = connection.exec_params(
        "SELECT FROM gatepost.account_usage WHERE account_id = $1 FOR NO KEY UPDATE",
        {mailbox.account_id});
    if (!account) return tl::unexpected(std::move(account).error());
    auto rows = connection.exec_params(
        "SELECT b.id FROM gatepost.mailboxes b WHERE b.id = $1 OR b.id IN (SELECT m.mailbox_id "
        "FROM gatepost.messages m WHERE m.blob_id = ANY ($3::uuid[]) AND m.account_id = $2) "
        "ORDER BY b.id FOR NO KEY UPDATE OF b",
        {mailbox.id, mailbox.account_id, blobs});
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        if (rows->integer(row, 0) == mailbox.id) return {};
    return fail(ErrorCode::conflict, "the mailbox \"{}\" was deleted meanwhile", mailbox.name);
}

}  // namespace

Result<size_t> delivered_count(Connection& connection, int64_t account_id,
                               std::span<const std::string> blob_ids) {
    auto rows = connection.exec_params(
        "SELECT count(*) FROM gatepost.messages WHERE blob_id = ANY ($1::uuid[]) AND "
        "account_id = $2",
        {text_array_to_literal(blob_ids), account_id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return static_cast<size_t>(rows->unsigned_integer(0, 0));
}

Result<size_t> file_messages(Connection& connection, const Mailbox& mailbox,
                             std::span<const MessageFiling> messages) {
    const Columns columns = columns_of(messages);
    const std::string blobs = text_array_to_literal(columns.blobs);
    auto transaction = Transaction::begin(connection);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    if (Status locked = lock_mailboxes(connection, mailbox, blobs); !locked)
        return tl::unexpected(std::move(locked).error());
    auto rows = connection.exec_params(
        kFile, {mailbox.account_id, mailbox.id, blobs, text_array_to_literal(columns.flags),
                text_array_to_literal(columns.dates), text_array_to_literal(columns.keywords)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    const auto filed = static_cast<size_t>(rows->unsigned_integer(0, 0));
    if (auto lsn = transaction->commit(); !lsn) return tl::unexpected(std::move(lsn).error());
    return filed;
}

Result<std::vector<KnownMessage>> known_messages(Connection& connection, int64_t mailbox_id) {
    auto rows = connection.exec_params(
        "SELECT message_id, (extract(epoch FROM internal_date) * 1000000)::bigint, size "
        "FROM gatepost.messages WHERE mailbox_id = $1",
        {mailbox_id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<KnownMessage> known;
    for (int row = 0; row < rows->rows(); ++row)
        known.push_back(
            {rows->text(row, 0), rows->integer(row, 1), rows->unsigned_integer(row, 2)});
    return known;
}

}  // namespace gatepost::controlplane

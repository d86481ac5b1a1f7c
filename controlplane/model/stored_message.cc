#include "controlplane/model/stored_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

constexpr std::array<std::pair<unsigned, std::string_view>, 5> kFlagNames = {{
    {kSeen, "\\Seen"},
    {kAnswered, "\\Answered"},
    {kFlagged, "\\Flagged"},
    {kDeleted, "\\Deleted"},
    {kDraft, "\\Draft"},
}};

constexpr const char* kSelect =
    "SELECT m.mailbox_id, m.uid, b.name, coalesce(a.address, a.removed_address), m.blob_id, "
    "m.segment, m.position, m.size, m.flags, m.keywords, "
    "to_char(m.internal_date AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "(extract(epoch FROM m.internal_date) * 1000000)::bigint, "
    "to_char(m.save_date AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "m.message_id, m.subject, m.sender FROM gatepost.messages m "
    "JOIN gatepost.mailboxes b ON b.id = m.mailbox_id "
    "JOIN gatepost.accounts a ON a.id = b.account_id ";

Result<std::vector<StoredMessage>> messages_of(const Result<PgResult>& rows) {
    if (!rows) return tl::unexpected(rows.error());
    std::vector<StoredMessage> messages;
    for (int row = 0; row < rows->rows(); ++row) {
        std::vector<std::string> keywords;
        if (!rows->is_null(row, 9)) {
            auto list = text_array_from_literal(rows->view(row, 9));
            if (!list) return tl::unexpected(std::move(list).error());
            keywords = std::move(*list);
        }
        messages.push_back(
            {.mailbox_id = rows->integer(row, 0),
             .uid = rows->unsigned_integer(row, 1),
             .mailbox = rows->text(row, 2),
             .address = rows->text(row, 3),
             .blob_id = rows->text(row, 4),
             .body = {static_cast<uint32_t>(rows->unsigned_integer(row, 5)),
                      rows->unsigned_integer(row, 6), rows->unsigned_integer(row, 7)},
             .flags = static_cast<unsigned>(rows->integer(row, 8)),
             .keywords = std::move(keywords),
             .internal_date = rows->text(row, 10),
             .internal_date_us = rows->integer(row, 11),
             .save_date = rows->text(row, 12),
             .message_id = rows->text(row, 13),
             .subject = rows->text(row, 14),
             .sender = rows->text(row, 15)});
    }
    return messages;
}

bool is_number(const std::string& text) {
    constexpr size_t kDigitsMax = 18;  // fits a bigint
    return !text.empty() && text.size() <= kDigitsMax &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The blobs that a name means.
Result<std::string> blobs_of(Connection& connection, const std::string& name) {
    if (storage::parse_blob_id(name)) return text_array_to_literal(std::vector{name});
    const std::string bare =
        name.starts_with('<') && name.ends_with('>') ? name.substr(1, name.size() - 2) : name;
    auto rows =
        is_number(name)
            ? connection.exec_params(
                  "SELECT array_agg(blob_id) FROM gatepost.outbound WHERE id = $1::bigint", {name})
            : connection.exec_params(
                  "SELECT array_agg(DISTINCT blob_id) FROM gatepost.messages "
                  "WHERE message_id IN ($1, '<' || $1 || '>')",
                  {bare});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return rows->is_null(0, 0) ? std::string("{}") : rows->text(0, 0);
}

}  // namespace

std::string flags_text(unsigned flags) {
    std::string text;
    for (const auto& [flag, name] : kFlagNames)
        if ((flags & flag) != 0) text += fmt::format("{}{}", text.empty() ? "" : " ", name);
    return text;
}

Result<std::vector<StoredMessage>> message_list(Connection& connection, int64_t mailbox_id,
                                                uint64_t after, size_t limit) {
    return messages_of(connection.exec_params(
        fmt::format("{} WHERE m.mailbox_id = $1 AND m.uid > $2 ORDER BY m.uid LIMIT $3", kSelect),
        {mailbox_id, after, static_cast<int64_t>(limit)}));
}

Result<std::vector<StoredMessage>> message_list_newest(Connection& connection, int64_t mailbox_id,
                                                       size_t limit) {
    auto messages = messages_of(connection.exec_params(
        fmt::format("{} WHERE m.mailbox_id = $1 ORDER BY m.uid DESC LIMIT $2", kSelect),
        {mailbox_id, static_cast<int64_t>(limit)}));
    if (messages) std::ranges::reverse(*messages);
    return messages;
}

Result<std::vector<StoredMessage>> message_by_uid(Connection& connection, int64_t mailbox_id,
                                                  uint64_t uid) {
    return messages_of(connection.exec_params(
        fmt::format("{} WHERE m.mailbox_id = $1 AND m.uid = $2", kSelect), {mailbox_id, uid}));
}

Result<std::vector<StoredMessage>> message_by_blob(Connection& connection,
                                                   const std::string& blob_id) {
    return messages_of(connection.exec_params(
        fmt::format("{} WHERE m.blob_id = $1::uuid ORDER BY m.mailbox_id, m.uid", kSelect),
        {blob_id}));
}

Result<std::vector<MessageTrace>> message_trace(Connection& connection, const std::string& name) {
    auto blobs = blobs_of(connection, name);
    if (!blobs) return tl::unexpected(std::move(blobs).error());
    auto rows = connection.exec_params(
        "SELECT t.what, t.blob_id, "
        "to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
        "coalesce(t.recipient, ''), t.state, t.detail, t.segment, t.position, t.size FROM ("
        "SELECT 'mailbox' AS what, m.blob_id, m.save_date AS at, a.address AS recipient, "
        "b.name || ' UID ' || m.uid AS state, 'received ' || to_char(m.internal_date "
        "AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS detail, m.segment, "
        "m.position, m.size FROM gatepost.messages m JOIN gatepost.mailboxes b ON "
        "b.id = m.mailbox_id JOIN gatepost.accounts a ON a.id = b.account_id "
        "WHERE m.blob_id = ANY ($1::uuid[]) "
        "UNION ALL SELECT 'expunged', e.blob_id, e.at, a.address, coalesce(b.name, "
        "'a deleted mailbox') || ' UID ' || e.uid, '', 0, 0, 0 FROM gatepost.expunged e "
        "LEFT JOIN gatepost.mailboxes b ON b.id = e.mailbox_id LEFT JOIN gatepost.accounts a "
        "ON a.id = coalesce(b.account_id, e.account_id) WHERE e.blob_id = ANY ($1::uuid[]) "
        "UNION ALL SELECT 'outbound', o.blob_id, o.created_at, o.recipient, o.state, "
        "concat_ws('; ', 'number ' || o.id, nullif(o.held_reason, ''), "
        "nullif(o.last_error, ''), CASE WHEN o.attempts > 0 THEN o.attempts || ' attempts' END), "
        "o.segment, o.position, o.size FROM gatepost.outbound o "
        "WHERE o.blob_id = ANY ($1::uuid[]) "
        "UNION ALL SELECT 'undeliverable', u.blob_id, u.created_at, u.recipient, u.reason, '', "
        "u.segment, u.position, u.size FROM gatepost.undeliverable u "
        "WHERE u.blob_id = ANY ($1::uuid[])) AS t ORDER BY t.at, t.what, t.recipient",
        {*blobs});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<MessageTrace> traces;
    for (int row = 0; row < rows->rows(); ++row)
        traces.push_back(
            {.what = rows->text(row, 0),
             .blob_id = rows->text(row, 1),
             .at = rows->text(row, 2),
             .recipient = rows->text(row, 3),
             .state = rows->text(row, 4),
             .detail = rows->text(row, 5),
             .body = {static_cast<uint32_t>(rows->unsigned_integer(row, 6)),
                      rows->unsigned_integer(row, 7), rows->unsigned_integer(row, 8)}});
    return traces;
}

}  // namespace gatepost::controlplane

#include "controlplane/model/message_filing.h"

#include <fmt/format.h>

#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

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
    auto rows = connection.exec_params(
        "SELECT gatepost.file_messages($1, $2, $3, (SELECT array_agg(to_timestamp(nullif(d, '')"
        "::numeric / 1000000) ORDER BY n) FROM unnest($4::text[]) WITH ORDINALITY AS u (d, n)), "
        "$5)",
        {mailbox.id, text_array_to_literal(columns.blobs), text_array_to_literal(columns.flags),
         text_array_to_literal(columns.dates), text_array_to_literal(columns.keywords)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return static_cast<size_t>(rows->unsigned_integer(0, 0));
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

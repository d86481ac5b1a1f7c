#include "controlplane/mailboxes/mailbox_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {

namespace {

using storage::MailboxListing;
using storage::MailboxMessage;
using storage::MailboxStatus;
using storage::SpecialUse;

constexpr int64_t kPostgresEpoch = 946'684'800;  // seconds since 1970
constexpr int64_t kMicroseconds = 1'000'000;

constexpr std::string_view kStatuses =
    "SELECT b.id, b.account_id, b.uid_validity, b.uid_next, b.highest_modseq, b.message_count, "
    "b.unseen_count, b.deleted_count, b.byte_count "
    "FROM gatepost.mailboxes b WHERE b.id = ANY ($1::bigint[])";

// Of a message that is in the index, the summary is there, or comes later. OFFSET keeps the planner
// from walking the whole mailbox in the order of the UIDs, here and below.
constexpr std::string_view kMessages =
    "SELECT m.mailbox_id, m.uid, m.modseq, m.flags, m.internal_date, m.save_date, m.blob_id, "
    "m.segment, m.position, m.size, octet_length(m.summary), m.keywords, "
    "CASE WHEN m.uid >= w.uid_next THEN m.summary ELSE '' END "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS w (id, have, uid_next) "
    "CROSS JOIN LATERAL (SELECT * FROM (SELECT * FROM gatepost.messages p "
    "WHERE p.mailbox_id = w.id AND p.modseq > w.have OFFSET 0) AS q ORDER BY q.uid) AS m";

// A row with the UID 0 says that there may have been more (013_imap.sql: expunged_floor).
constexpr std::string_view kExpunged =
    "SELECT e.mailbox_id, e.uid FROM unnest($1::bigint[], $2::bigint[]) AS w (id, have) "
    "CROSS JOIN LATERAL (SELECT * FROM (SELECT * FROM gatepost.expunged p "
    "WHERE p.mailbox_id = w.id AND p.modseq > w.have OFFSET 0) AS q ORDER BY q.uid) AS e "
    "WHERE w.have > 0 "
    "UNION ALL SELECT b.id, 0 FROM unnest($1::bigint[], $2::bigint[]) AS w (id, have) "
    "JOIN gatepost.mailboxes b ON b.id = w.id WHERE w.have > 0 AND b.expunged_floor > w.have";

constexpr std::string_view kLists =
    "SELECT a.id, l.mailbox_id, l.owner_id, l.name, l.special_use, l.subscribed, l.rights "
    "FROM unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL gatepost.list_mailboxes(a.id) AS l";

// One that was made between the two queries is not in the snapshot of either.
constexpr std::string_view kListedStatuses =
    "SELECT b.id, b.account_id, b.uid_validity, b.uid_next, b.highest_modseq, b.message_count, "
    "b.unseen_count, b.deleted_count, b.byte_count "
    "FROM gatepost.mailboxes b WHERE b.id IN (SELECT l.mailbox_id FROM unnest($1::bigint[]) "
    "AS a (id) CROSS JOIN LATERAL gatepost.list_mailboxes(a.id) AS l)";

constexpr std::string_view kViewers =
    "SELECT unnest($1::bigint[]) UNION SELECT v.id FROM gatepost.mailboxes b "
    "CROSS JOIN LATERAL gatepost.mailbox_viewers(b.id) AS v (id) "
    "WHERE b.account_id = ANY ($1::bigint[]) OR b.id = ANY ($2::bigint[]) "
    "UNION SELECT b.account_id FROM gatepost.mailboxes b WHERE b.id = ANY ($2::bigint[])";

constexpr std::string_view kSummaries =
    "SELECT m.uid, m.summary FROM gatepost.messages m WHERE m.mailbox_id = $1::bigint "
    "AND m.uid BETWEEN $2::bigint AND $3::bigint ORDER BY m.uid";

// In the order of SpecialUse.
constexpr std::array<std::string_view, 8> kSpecialUses = {
    "", "\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash"};

MailboxMessage message_of(const PgResult& rows, int row) {
    MailboxMessage message;
    storage::MailboxEntry& entry = message.entry;
    entry.uid = static_cast<uint32_t>(binary_unsigned(rows, row, 1));
    entry.modseq = binary_unsigned(rows, row, 2);
    entry.flags = static_cast<uint8_t>(binary_unsigned(rows, row, 3));
    entry.internal_date_s = unix_seconds(binary_integer(rows, row, 4));
    entry.save_date_s = unix_seconds(binary_integer(rows, row, 5));
    const Bytes blob = rows.bytes(row, 6);
    entry.blob = {load_be64(blob.data()), load_be64(blob.data() + 8)};
    entry.segment = static_cast<uint32_t>(binary_unsigned(rows, row, 7));
    entry.offset = binary_unsigned(rows, row, 8);
    entry.size = static_cast<uint32_t>(binary_unsigned(rows, row, 9));
    entry.summary_size = static_cast<uint32_t>(binary_unsigned(rows, row, 10));
    message.keywords = binary_texts(rows, row, 11);
    message.summary = rows.bytes(row, 12);
    return message;
}

}  // namespace

int64_t binary_integer(const PgResult& rows, int row, int column) {
    const Bytes value = rows.bytes(row, column);
    switch (value.size()) {
        case 2:
            return static_cast<int16_t>(load_be16(value.data()));
        case 4:
            return static_cast<int32_t>(load_be32(value.data()));
        case 8:
            return static_cast<int64_t>(load_be64(value.data()));
        default:
            return 0;  // NULL
    }
}

int64_t unix_seconds(int64_t postgres_us) {
    return postgres_us / kMicroseconds + kPostgresEpoch;
}

bool binary_boolean(const PgResult& rows, int row, int column) {
    const Bytes value = rows.bytes(row, column);
    return value.size() == 1 && value[0] != 0;
}

std::vector<std::string_view> binary_texts(const PgResult& rows, int row, int column) {
    std::vector<std::string_view> texts;
    if (!rows.is_null(row, column)) (void)text_array_from_binary(rows.bytes(row, column), texts);
    return texts;
}

BinaryArray id_array(std::span<const uint64_t> ids) {
    BinaryArray array(PgType::int8);
    for (const uint64_t id : ids) array.add_int8(static_cast<int64_t>(id));
    return array;
}

PipelineQuery status_query(std::span<const uint64_t> mailboxes) {
    PipelineQuery query{kStatuses, {}};
    query.params.add(id_array(mailboxes));
    return query;
}

std::vector<MailboxStatus> statuses_of(const PgResult& rows) {
    std::vector<MailboxStatus> statuses(static_cast<size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
        MailboxStatus& status = statuses[static_cast<size_t>(row)];
        status.mailbox_id = binary_unsigned(rows, row, 0);
        status.account_id = binary_unsigned(rows, row, 1);
        status.uid_validity = static_cast<uint32_t>(binary_unsigned(rows, row, 2));
        status.uid_next = binary_unsigned(rows, row, 3);
        status.highest_modseq = binary_unsigned(rows, row, 4);
        status.messages = binary_unsigned(rows, row, 5);
        status.unseen = binary_unsigned(rows, row, 6);
        status.deleted = binary_unsigned(rows, row, 7);
        status.octets = binary_unsigned(rows, row, 8);
    }
    return statuses;
}

void add_delta_queries(std::vector<PipelineQuery>& queries, std::span<const uint64_t> mailboxes,
                       std::span<const MailboxWant> wants) {
    queries.push_back(status_query(mailboxes));
    BinaryArray ids(PgType::int8);
    BinaryArray haves(PgType::int8);
    BinaryArray uids(PgType::int8);
    for (const MailboxWant& want : wants) {
        ids.add_int8(static_cast<int64_t>(want.mailbox_id));
        haves.add_int8(static_cast<int64_t>(want.have_modseq));
        uids.add_int8(want.have_modseq == 0 ? std::numeric_limits<int64_t>::max()
                                            : static_cast<int64_t>(want.have_uid_next));
    }
    PipelineQuery messages{kMessages, {}};
    PipelineQuery expunged{kExpunged, {}};
    messages.params.add(ids);
    messages.params.add(haves);
    messages.params.add(std::move(uids));
    expunged.params.add(std::move(ids));
    expunged.params.add(std::move(haves));
    queries.push_back(std::move(messages));
    queries.push_back(std::move(expunged));
}

std::vector<MailboxDelta> deltas_of(std::shared_ptr<const std::vector<PgResult>> rows, size_t first,
                                    std::span<const MailboxWant> wants) {
    std::vector<MailboxDelta> deltas(wants.size());
    std::unordered_map<uint64_t, size_t> places;
    for (size_t i = 0; i < wants.size(); ++i) {
        deltas[i].mailbox_id = wants[i].mailbox_id;
        deltas[i].from_modseq = wants[i].have_modseq;
        deltas[i].is_gone = true;
        deltas[i].rows = rows;
        places.emplace(wants[i].mailbox_id, i);
    }
    for (const MailboxStatus& status : statuses_of((*rows)[first])) {
        const auto place = places.find(status.mailbox_id);
        if (place == places.end()) continue;
        deltas[place->second].is_gone = false;
        deltas[place->second].update.status = status;
    }
    const PgResult& messages = (*rows)[first + 1];
    for (int row = 0; row < messages.rows(); ++row) {
        MailboxDelta& delta = deltas[places.at(binary_unsigned(messages, row, 0))];
        delta.update.messages.push_back(message_of(messages, row));
    }
    const PgResult& expunged = (*rows)[first + 2];
    for (int row = 0; row < expunged.rows(); ++row) {
        MailboxDelta& delta = deltas[places.at(binary_unsigned(expunged, row, 0))];
        const auto uid = static_cast<uint32_t>(binary_unsigned(expunged, row, 1));
        if (uid == 0)
            delta.is_behind_floor = true;
        else
            delta.update.expunged.push_back(uid);
    }
    return deltas;
}

std::vector<PipelineQuery> account_queries(std::span<const uint64_t> accounts) {
    std::vector<PipelineQuery> queries(2);
    queries[0].sql = kLists;
    queries[1].sql = kListedStatuses;
    for (PipelineQuery& query : queries) query.params.add(id_array(accounts));
    return queries;
}

AccountLists account_lists_of(std::vector<PgResult> rows, std::span<const uint64_t> accounts) {
    AccountLists lists;
    lists.rows = std::move(rows);
    std::unordered_map<uint64_t, size_t> places;
    for (const uint64_t account : accounts) {
        places.emplace(account, lists.accounts.size());
        lists.accounts.push_back({account, {}});
    }
    const PgResult& listed = lists.rows[0];
    for (int row = 0; row < listed.rows(); ++row) {
        MailboxListing listing;
        listing.mailbox_id = binary_unsigned(listed, row, 1);
        listing.owner_id = binary_unsigned(listed, row, 2);
        listing.name = listed.view(row, 3);
        listing.special_use = special_use_of(listed.view(row, 4));
        listing.subscribed = binary_boolean(listed, row, 5);
        listing.rights = static_cast<uint16_t>(binary_unsigned(listed, row, 6));
        lists.accounts[places.at(binary_unsigned(listed, row, 0))].mailboxes.push_back(listing);
    }
    lists.statuses = statuses_of(lists.rows[1]);
    return lists;
}

PipelineQuery viewers_query(std::span<const uint64_t> owners, std::span<const uint64_t> mailboxes) {
    PipelineQuery query{kViewers, {}};
    query.params.add(id_array(owners));
    query.params.add(id_array(mailboxes));
    return query;
}

std::vector<uint64_t> ids_of(const PgResult& rows) {
    std::vector<uint64_t> ids;
    for (int row = 0; row < rows.rows(); ++row)
        if (!rows.is_null(row, 0)) ids.push_back(binary_unsigned(rows, row, 0));
    return ids;
}

PipelineQuery summaries_query(uint64_t mailbox_id, uint32_t first, uint32_t last) {
    PipelineQuery query{kSummaries, {}};
    query.params.add_int8(static_cast<int64_t>(mailbox_id));
    query.params.add_int8(first);
    query.params.add_int8(last);
    return query;
}

std::vector<std::pair<uint32_t, Bytes>> summaries_of(const PgResult& rows) {
    std::vector<std::pair<uint32_t, Bytes>> summaries;
    summaries.reserve(static_cast<size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row)
        summaries.emplace_back(static_cast<uint32_t>(binary_unsigned(rows, row, 0)),
                               rows.bytes(row, 1));
    return summaries;
}

SpecialUse special_use_of(std::string_view text) {
    const auto found = std::find(kSpecialUses.begin(), kSpecialUses.end(), text);
    return found == kSpecialUses.end() ? SpecialUse::none
                                       : static_cast<SpecialUse>(found - kSpecialUses.begin());
}

std::string_view special_use_text(SpecialUse use) {
    return kSpecialUses.at(static_cast<size_t>(use));
}

}  // namespace gatepost::controlplane

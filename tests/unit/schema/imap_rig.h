// A database with accounts and mail for tests of what services of IMAP call (013, 014).
#pragma once

#include <fmt/format.h>

#include <string>

#include "tests/unit/schema/schema_test_server.h"

namespace gatepost::controlplane {

// Of the database of a test: mail for an account's mailbox, the SQLSTATE of a statement, and
// mailboxes and accounts whose counters are not what a recount gives.
inline constexpr const char* kImapHelpers = R"(
    INSERT INTO gatepost.mail_domains (name) VALUES ('example.org');
    CREATE FUNCTION deliver_to(account bigint, count integer, folder text) RETURNS void
        LANGUAGE sql AS $$
        SELECT gatepost.deliver(0, array_agg(gen_random_uuid()), array_agg(1::bigint),
            array_agg(n::bigint), array_agg((100 * n)::bigint), array_agg(now()),
            array_agg('<' || n || '@h>'), array_agg('s'::text), array_agg('a'::text),
            array_agg('\x01'::bytea), array_agg('e@h'::text), array_agg(0::bigint),
            array_agg(''::text), array_agg(''::text), array_agg('7BIT'::text), array_agg(false), '',
            array_agg(n), array_agg(account), array_agg(folder), array_agg('x@h'::text),
            array_agg(NULL::text), array_agg(''::text), array_agg(0))
        FROM generate_series(1, count) AS n $$;
    CREATE FUNCTION sqlstate_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE statement;
        RETURN 'none';
    EXCEPTION WHEN OTHERS THEN
        RETURN SQLSTATE;
    END $$;
    CREATE VIEW wrong_counters AS
        SELECT 'mailbox ' || b.id AS what FROM gatepost.mailboxes b LEFT JOIN (
            SELECT mailbox_id, count(*) AS messages, sum(size) AS bytes, max(modseq) AS modseq,
                   max(uid) AS uid, count(*) FILTER (WHERE flags & 1 = 0) AS unseen,
                   count(*) FILTER (WHERE flags & 8 <> 0) AS deleted
            FROM gatepost.messages GROUP BY mailbox_id) AS m ON m.mailbox_id = b.id
        WHERE (b.message_count, b.byte_count, b.unseen_count, b.deleted_count) IS DISTINCT FROM
              (coalesce(m.messages, 0), coalesce(m.bytes, 0), coalesce(m.unseen, 0),
               coalesce(m.deleted, 0))
           OR m.modseq > b.highest_modseq OR m.uid >= b.uid_next
        UNION ALL
        SELECT 'account ' || u.account_id FROM gatepost.account_usage u JOIN (
            SELECT account_id, sum(message_count) AS messages, sum(byte_count) AS bytes
            FROM gatepost.mailboxes GROUP BY account_id) AS b ON b.account_id = u.account_id
        WHERE (u.bytes, u.messages) IS DISTINCT FROM (b.bytes, b.messages)
        UNION ALL
        SELECT 'keywords of ' || m.mailbox_id FROM gatepost.messages m
        JOIN gatepost.mailboxes b ON b.id = m.mailbox_id
        WHERE NOT coalesce(m.keywords, '{}') <@ b.keywords OR m.keywords = '{}'
        UNION ALL
        SELECT 'UID twice in ' || m.mailbox_id FROM gatepost.messages m
        JOIN gatepost.expunged e ON e.mailbox_id = m.mailbox_id AND e.uid = m.uid;)";

// A new database with the accounts user1@example.org (id 1; mailboxes 1 INBOX, 2 Sent, 3 Drafts,
// 4 Junk, 5 Trash, 6 Archive), user2@… (7 INBOX, …) and so on, and ten messages in each INBOX.
inline Connection imap_database(int accounts = 2, std::string* dsn = nullptr) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    if (!connection) return {};
    must(*connection, kImapHelpers);
    for (int n = 1; n <= accounts; ++n) {
        must(*connection,
             fmt::format("INSERT INTO gatepost.accounts (address) VALUES ('user{}@example.org')",
                         n));
        must(*connection, fmt::format("SELECT deliver_to({}, 10, '')", n));
    }
    return std::move(*connection);
}

// All rows of a query: "a b, c d".
inline std::string rows_of(Connection& connection, const std::string& query) {
    return value(connection,
                 "SELECT coalesce(string_agg(array_to_string(ARRAY(SELECT value FROM "
                 "json_each_text(row_to_json(q))), ' ', '-'), ', '), '') FROM (" +
                     query + ") AS q");
}

inline std::string state_of(Connection& connection, const std::string& statement) {
    return value(connection, "SELECT sqlstate_of(" + connection.quote_literal(statement) + ")");
}

inline std::string wrong_counters(Connection& connection) {
    return rows_of(connection, "SELECT what FROM wrong_counters");
}

// "messages unseen deleted highest_modseq" of a mailbox.
inline std::string counts_of(Connection& connection, int mailbox) {
    return rows_of(connection, fmt::format("SELECT message_count, unseen_count, deleted_count, "
                                           "highest_modseq FROM gatepost.mailboxes WHERE id = {}",
                                           mailbox));
}

}  // namespace gatepost::controlplane

ALTER PUBLICATION gatepost DROP TABLE gatepost.mailboxes;
DROP TRIGGER messages_after_delete ON gatepost.messages;
DROP TRIGGER messages_after_update ON gatepost.messages;
DROP TRIGGER messages_refuse_insert ON gatepost.messages;
DROP FUNCTION gatepost.messages_after_delete;
DROP FUNCTION gatepost.messages_after_update;
DROP FUNCTION gatepost.messages_refuse;
DROP FUNCTION gatepost.prune_expunged;
DROP FUNCTION gatepost.append_messages;
DROP FUNCTION gatepost.copy_messages;
DROP FUNCTION gatepost.expunge_messages;
DROP FUNCTION gatepost.remove_messages;
DROP FUNCTION gatepost.store_flags;
DROP FUNCTION gatepost.keywords_spelt;
DROP FUNCTION gatepost.keywords_after;
DROP FUNCTION gatepost.admit_keywords;
DROP FUNCTION gatepost.check_quota;
DROP FUNCTION gatepost.lock_mailboxes;

-- As they were in 011.
CREATE OR REPLACE FUNCTION gatepost.mailboxes_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, account_id, blob_id)
    SELECT m.mailbox_id, m.uid, m.modseq, m.account_id, m.blob_id
    FROM gone g
    JOIN gatepost.messages m ON m.mailbox_id = g.id
    JOIN gatepost.account_usage u ON u.account_id = m.account_id;
    DELETE FROM gatepost.messages m USING gone g WHERE m.mailbox_id = g.id;
    UPDATE gatepost.account_usage u
    SET bytes = u.bytes - c.bytes, messages = u.messages - c.messages
    FROM (SELECT g.account_id, sum(g.byte_count) AS bytes, sum(g.message_count) AS messages
          FROM gone g GROUP BY g.account_id) AS c
    WHERE u.account_id = c.account_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION gatepost.deliver(
    edge integer, blobs uuid[], segments bigint[], positions bigint[], sizes bigint[],
    received timestamptz[], message_ids text[], subjects text[], authors text[], summaries bytea[],
    reverse_paths text[], sender_accounts bigint[], envids text[], rets text[], bodies text[],
    smtputf8s boolean[], held_reason text,
    places integer[], accounts bigint[], folders text[], addresses text[], targets text[],
    originals text[], notifies integer[])
    RETURNS TABLE (recipient integer, mailbox bigint, uid bigint, modseq bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET jit = off AS $$
#variable_conflict use_column
DECLARE
    live bigint[];      -- accounts that are there
    fresh integer[];    -- recipients that have not got theirs yet
    names text[];       -- and into which mailbox it goes
    stored bigint;
BEGIN
    -- Whoever delivers to the same account waits here, so that what is found out below stays true.
    SELECT array_agg(l.id) INTO live FROM (
        SELECT a.id FROM gatepost.account_usage u JOIN gatepost.accounts a ON a.id = u.account_id
        WHERE u.account_id = ANY (accounts) AND a.state <> 'removed'
        ORDER BY u.account_id FOR NO KEY UPDATE OF u) AS l;
    IF coalesce(cardinality(live), 0) < (SELECT count(DISTINCT a) FROM unnest(accounts) AS a) THEN
        RETURN QUERY SELECT r.n, NULL::bigint, NULL::bigint, NULL::bigint
            FROM gatepost.refuse_delivery(edge, blobs, segments, positions, sizes, reverse_paths,
                                          places, accounts, addresses, live) AS r (n);
        SELECT array_agg(CASE WHEN a = ANY (live) THEN a END ORDER BY n) INTO accounts
        FROM unnest(accounts) WITH ORDINALITY AS r (a, n);
    END IF;

    -- A message goes to an account once, whatever addresses lead there; the first one's folder.
    SELECT array_agg(r.n ORDER BY r.n),
           array_agg(CASE WHEN folders[r.n] IN ('', 'INBOX') THEN 'INBOX'
                     ELSE gatepost.delivery_mailbox(r.account, folders[r.n]) END ORDER BY r.n)
    INTO fresh, names
    FROM (SELECT DISTINCT ON (q.place, q.account) q.n::integer, q.place, q.account
          FROM unnest(places, accounts) WITH ORDINALITY AS q (place, account, n)
          WHERE q.account IS NOT NULL ORDER BY q.place, q.account, q.n) AS r
    WHERE NOT EXISTS (SELECT FROM gatepost.messages m
                      WHERE m.blob_id = blobs[r.place] AND m.account_id = r.account)
      AND NOT EXISTS (SELECT FROM gatepost.expunged e
                      WHERE e.blob_id = blobs[r.place] AND e.account_id = r.account);

    INSERT INTO gatepost.mailboxes (account_id, name, special_use)
    SELECT DISTINCT accounts[r.n], r.name,
           (SELECT d.special_use FROM gatepost.default_mailboxes() d
            WHERE d.name = r.name AND d.special_use = folders[r.n])
    FROM unnest(fresh, names) AS r (n, name)
    WHERE NOT EXISTS (SELECT FROM gatepost.mailboxes b
                      WHERE b.account_id = accounts[r.n] AND b.name = r.name)
    ON CONFLICT DO NOTHING;

    RETURN QUERY
    WITH target AS MATERIALIZED (
        SELECT r.n, places[r.n] AS place, b.account_id, b.id, b.uid_next, b.highest_modseq
        FROM unnest(fresh, names) AS r (n, name)
        JOIN gatepost.mailboxes b ON b.account_id = accounts[r.n] AND b.name = r.name
        ORDER BY b.id, r.n FOR NO KEY UPDATE OF b),
    numbered AS MATERIALIZED (
        SELECT t.n, t.place, t.account_id, t.id, t.highest_modseq + 1 AS modseq,
               t.uid_next + row_number() OVER (PARTITION BY t.id ORDER BY t.n) - 1 AS uid
        FROM target t),
    put AS (
        INSERT INTO gatepost.messages (mailbox_id, uid, modseq, account_id, blob_id, size, position,
            segment, internal_date, edge, message_id, subject, sender, summary)
        SELECT t.id, t.uid, t.modseq, t.account_id, blobs[t.place], sizes[t.place],
               positions[t.place], segments[t.place], received[t.place], edge,
               message_ids[t.place], subjects[t.place], authors[t.place], summaries[t.place]
        FROM numbered t),
    counted AS (
        UPDATE gatepost.mailboxes b
        SET uid_next = b.uid_next + c.messages, highest_modseq = b.highest_modseq + 1,
            message_count = b.message_count + c.messages, byte_count = b.byte_count + c.bytes
        FROM (SELECT t.id, count(*) AS messages, sum(sizes[t.place])::bigint AS bytes
              FROM numbered t GROUP BY t.id) AS c
        WHERE b.id = c.id),
    used AS (
        UPDATE gatepost.account_usage u
        SET bytes = u.bytes + c.bytes, messages = u.messages + c.messages
        FROM (SELECT t.account_id, count(*) AS messages, sum(sizes[t.place])::bigint AS bytes
              FROM numbered t GROUP BY t.account_id) AS c
        WHERE u.account_id = c.account_id)
    SELECT t.n, t.id, t.uid, t.modseq FROM numbered t;
    GET DIAGNOSTICS stored = ROW_COUNT;
    IF stored <> coalesce(cardinality(fresh), 0) THEN
        RAISE EXCEPTION 'a mailbox was removed while a message was being put into it'
            USING ERRCODE = 'serialization_failure';
    END IF;

    INSERT INTO gatepost.outbound (blob_id, edge, segment, position, size, sender, sender_account_id,
        recipient, address, original, notify, envid, ret, body, smtputf8, held_reason)
    SELECT blobs[r.place], edge, segments[r.place], positions[r.place], sizes[r.place],
           reverse_paths[r.place], nullif(sender_accounts[r.place], 0), r.target, addresses[r.n],
           originals[r.n], notifies[r.n], envids[r.place], rets[r.place], bodies[r.place],
           smtputf8s[r.place], held_reason
    FROM unnest(places, targets) WITH ORDINALITY AS r (place, target, n)
    WHERE r.target IS NOT NULL
    ON CONFLICT DO NOTHING;
END $$;

DROP INDEX gatepost.messages_deleted;
DROP INDEX gatepost.expunged_modseq;
DROP INDEX gatepost.messages_modseq;
COMMENT ON COLUMN gatepost.messages.modseq IS NULL;
ALTER TABLE gatepost.mailboxes
    DROP COLUMN keywords, DROP COLUMN expunged_floor, DROP COLUMN deleted_count,
    DROP COLUMN unseen_count;

-- What STORE, APPEND, COPY and deliveries cost, and what COPY and MOVE take along.
--
-- PostgreSQL reads, plans and prepares every CHECK of a table, and every WHEN of its triggers, anew
-- for each statement that writes it: some 25 us each, more than the rest of an UPDATE of one row.

-- ---- Rights of new functions

-- For migrations: whoever may call `source` may call these as well, and hand that on where they may hand on the
-- other. PUBLIC gets nothing.
CREATE FUNCTION gatepost.grant_as(source regproc, functions regproc[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    may record;
BEGIN
    FOR may IN
        SELECT f.oid::regprocedure AS function, a.grantee::regrole AS role,
               CASE WHEN bool_or(a.is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END AS terms
        FROM pg_proc s, aclexplode(s.proacl) AS a, pg_proc f
        WHERE s.oid = source AND f.oid = ANY (functions) AND a.privilege_type = 'EXECUTE'
          AND a.grantee NOT IN (0, f.proowner)
        GROUP BY f.oid, a.grantee
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s%s', may.function, may.role, may.terms);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION gatepost.grant_as FROM PUBLIC;

-- ---- Checks

-- Only functions of ours write it, out of numbers that mailboxes bounds (a UID is below uid_next);
-- what others change of it goes through messages_after_update.
ALTER TABLE gatepost.messages
    DROP CONSTRAINT messages_uid_check, DROP CONSTRAINT messages_size_check,
    DROP CONSTRAINT messages_position_check, DROP CONSTRAINT messages_segment_check,
    DROP CONSTRAINT messages_flags_check;
ALTER TABLE gatepost.mailboxes
    DROP CONSTRAINT mailboxes_uid_validity_check, DROP CONSTRAINT mailboxes_uid_next_check,
    DROP CONSTRAINT mailboxes_highest_modseq_check, DROP CONSTRAINT mailboxes_message_count_check,
    DROP CONSTRAINT mailboxes_byte_count_check, DROP CONSTRAINT mailboxes_counts,
    DROP CONSTRAINT mailboxes_special_use_check, DROP CONSTRAINT mailboxes_name_check,
    ADD CONSTRAINT mailboxes_numbers CHECK (
        least(uid_validity, uid_next, highest_modseq) >= 1
        AND greatest(uid_validity, uid_next - 1) <= 4294967295
        AND least(message_count, byte_count, unseen_count, deleted_count) >= 0);
ALTER TABLE gatepost.account_usage
    DROP CONSTRAINT account_usage_bytes_check, DROP CONSTRAINT account_usage_messages_check,
    ADD CONSTRAINT account_usage_numbers CHECK (least(bytes, messages) >= 0);

-- What changes seldom is looked at when it changes.
CREATE FUNCTION gatepost.mailboxes_check() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT gatepost.mailbox_name_is_valid(NEW.name) THEN
        RAISE EXCEPTION '"%" is no name of a mailbox', NEW.name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mailboxes_name_check',
                  HINT = 'Levels are separated by "/", none is empty; INBOX is written in capitals.';
    END IF;
    IF NEW.special_use NOT IN
        ('\All', '\Archive', '\Drafts', '\Flagged', '\Junk', '\Sent', '\Trash') THEN
        RAISE EXCEPTION '"%" is no special use of a mailbox (RFC 6154)', NEW.special_use
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mailboxes_special_use_check';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mailboxes_check AFTER INSERT OR UPDATE OF name, special_use ON gatepost.mailboxes
    FOR EACH ROW EXECUTE FUNCTION gatepost.mailboxes_check();

-- As in 013, and flags are looked at.
CREATE OR REPLACE FUNCTION gatepost.messages_after_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts AS $$
DECLARE
    boxes bigint[];
    box bigint;
BEGIN
    IF EXISTS (SELECT FROM was o LEFT JOIN became n USING (mailbox_id, uid)
               WHERE n.size IS DISTINCT FROM o.size OR n.blob_id <> o.blob_id) THEN
        RAISE EXCEPTION 'a message is not given another mailbox, UID, size or blob by UPDATE'
            USING HINT = 'Use gatepost.copy_messages(…, move => true).';
    END IF;
    SELECT array_agg(DISTINCT n.mailbox_id) INTO boxes
    FROM was o JOIN became n USING (mailbox_id, uid)
    WHERE n.flags <> o.flags OR n.keywords IS DISTINCT FROM o.keywords OR n.modseq <> o.modseq
       OR n.internal_date <> o.internal_date;
    IF boxes IS NULL THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM became n WHERE n.flags NOT BETWEEN 0 AND 31) THEN
        RAISE EXCEPTION 'flags of a message are from 0 to 31' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM FROM gatepost.mailboxes b WHERE b.id = ANY (boxes) ORDER BY b.id FOR NO KEY UPDATE;
    FOREACH box IN ARRAY boxes LOOP
        PERFORM gatepost.admit_keywords(box, ARRAY(
            SELECT DISTINCT k FROM became n, unnest(n.keywords) AS k WHERE n.mailbox_id = box));
    END LOOP;
    UPDATE gatepost.messages m
    SET modseq = b.highest_modseq + 1, keywords = nullif(m.keywords, '{}')
    FROM was o JOIN became n USING (mailbox_id, uid)
    JOIN gatepost.mailboxes b ON b.id = n.mailbox_id
    WHERE m.mailbox_id = n.mailbox_id AND m.uid = n.uid
      AND (n.flags <> o.flags OR n.keywords IS DISTINCT FROM o.keywords OR n.modseq <> o.modseq
           OR n.internal_date <> o.internal_date);
    UPDATE gatepost.mailboxes b
    SET highest_modseq = b.highest_modseq + 1, unseen_count = b.unseen_count + c.unseen,
        deleted_count = b.deleted_count + c.deleted
    FROM (SELECT o.mailbox_id, sum((o.flags & 1) - (n.flags & 1)) AS unseen,
                 sum(((n.flags & 8) - (o.flags & 8)) / 8) AS deleted
          FROM was o JOIN became n USING (mailbox_id, uid) GROUP BY o.mailbox_id) AS c
    WHERE b.id = c.mailbox_id AND b.id = ANY (boxes);
    RETURN NULL;
END $$;

-- As in 013, but that who is meant is found out here.
DROP TRIGGER messages_refuse_insert ON gatepost.messages;
CREATE OR REPLACE FUNCTION gatepost.messages_refuse() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('search_path') NOT LIKE '%, gatepost_counts' THEN
        RAISE EXCEPTION 'a message cannot be put into gatepost.messages by INSERT'
            USING HINT = 'Use gatepost.append_messages or gatepost.copy_messages, which count it.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_refuse_insert BEFORE INSERT ON gatepost.messages
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.messages_refuse();

-- ---- APPEND

-- APPEND of messages to several mailboxes, all or none: an element of each array for each message,
-- which are in a message log already. Gives their UIDs; those of a mailbox are in the order of the
-- arrays. 53100 where one account has no room.
CREATE FUNCTION gatepost.append_together(
    mailboxes bigint[], edge integer, blobs uuid[], segments bigint[], positions bigint[],
    sizes bigint[], dates timestamptz[], flags integer[], keywords text[], summaries bytea[],
    message_ids text[], subjects text[], senders text[])
    RETURNS TABLE (n bigint, uid bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    PERFORM gatepost.lock_mailboxes(mailboxes);
    PERFORM FROM (SELECT b.account_id, sum(g.size) AS bytes, count(*) AS messages
                  FROM unnest(mailboxes, sizes) AS g (id, size)
                  JOIN gatepost.mailboxes b ON b.id = g.id GROUP BY b.account_id) AS more
        JOIN gatepost.accounts a ON a.id = more.account_id
        JOIN gatepost.account_usage u ON u.account_id = more.account_id
    WHERE a.quota_bytes > 0 AND u.bytes + more.bytes > a.quota_bytes
       OR a.quota_messages > 0 AND u.messages + more.messages > a.quota_messages;
    IF FOUND THEN
        RAISE EXCEPTION 'the quota of the account does not take it' USING ERRCODE = 'disk_full';
    END IF;
    FOR i IN 1 .. coalesce(cardinality(keywords), 0) LOOP
        IF keywords[i] <> '' THEN
            keywords[i] := array_to_string(gatepost.admit_keywords(
                mailboxes[i], string_to_array(keywords[i], ' ')), ' ');
        END IF;
    END LOOP;
    RETURN QUERY
    WITH placed AS MATERIALIZED (
        SELECT g.n, b.id, b.account_id, b.highest_modseq + 1 AS modseq,
               b.uid_next + row_number() OVER (PARTITION BY b.id ORDER BY g.n) - 1 AS uid,
               g.size, g.flags
        FROM unnest(mailboxes, sizes, flags) WITH ORDINALITY AS g (id, size, flags, n)
        JOIN gatepost.mailboxes b ON b.id = g.id),
    put AS (
        INSERT INTO gatepost.messages (mailbox_id, uid, modseq, blob_id, size, position, segment,
            internal_date, edge, flags, keywords, message_id, subject, sender, summary)
        SELECT p.id, p.uid, p.modseq, blobs[p.n], p.size, positions[p.n], segments[p.n],
               coalesce(dates[p.n], now()), edge, p.flags,
               string_to_array(nullif(keywords[p.n], ''), ' '), message_ids[p.n], subjects[p.n],
               senders[p.n], summaries[p.n]
        FROM placed p),
    counted AS (
        UPDATE gatepost.mailboxes b
        SET uid_next = b.uid_next + c.messages, highest_modseq = c.modseq,
            message_count = b.message_count + c.messages, byte_count = b.byte_count + c.bytes,
            unseen_count = b.unseen_count + c.unseen,
            deleted_count = b.deleted_count + c.deleted
        FROM (SELECT p.id, max(p.modseq) AS modseq, count(*) AS messages,
                     sum(p.size)::bigint AS bytes, count(*) FILTER (WHERE p.flags & 1 = 0) AS unseen,
                     count(*) FILTER (WHERE p.flags & 8 <> 0) AS deleted
              FROM placed p GROUP BY p.id) AS c
        WHERE b.id = c.id),
    used AS (
        UPDATE gatepost.account_usage u
        SET bytes = u.bytes + c.bytes, messages = u.messages + c.messages
        FROM (SELECT p.account_id, count(*) AS messages, sum(p.size)::bigint AS bytes
              FROM placed p GROUP BY p.account_id) AS c
        WHERE u.account_id = c.account_id)
    SELECT p.n, p.uid FROM placed p;
END $$;

-- ---- COPY and MOVE keep to the rights that somebody has at the target

ALTER FUNCTION gatepost.copy_messages RENAME TO copy_messages_before;
-- COPY and MOVE of the messages of these ranges, as a whole or not at all. A message that is moved
-- within its account stays the one that was delivered, so that its delivery is not repeated. Of
-- their flags those in `flags_kept` go along (RFC 4314 §4: not every right is everybody's). Gives
-- which became which, ascending.
CREATE FUNCTION gatepost.copy_messages(mailbox bigint, firsts bigint[], lasts bigint[],
                                       target bigint, move boolean,
                                       flags_kept integer DEFAULT 31,
                                       keywords_kept boolean DEFAULT true)
    RETURNS TABLE (source_uid bigint, uid bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    source gatepost.mailboxes;
    goal gatepost.mailboxes;
    uids bigint[];
    words text[];
    total record;
    stays boolean;  -- in its account
BEGIN
    PERFORM gatepost.lock_mailboxes(ARRAY[mailbox, target]);
    SELECT * INTO source FROM gatepost.mailboxes b WHERE b.id = mailbox;
    SELECT * INTO goal FROM gatepost.mailboxes b WHERE b.id = target;
    stays := source.account_id = goal.account_id;
    SELECT array_agg(m.uid ORDER BY m.uid) AS uids, count(*) AS messages,
           sum(m.size)::bigint AS bytes, count(*) FILTER (WHERE m.flags & 1 = 0) AS unseen,
           count(*) FILTER (WHERE m.flags & 8 <> 0) AS deleted,
           count(*) FILTER (WHERE m.flags & flags_kept & 1 = 0) AS unseen_there,
           count(*) FILTER (WHERE m.flags & flags_kept & 8 <> 0) AS deleted_there,
           keywords_kept AND bool_or(m.keywords IS NOT NULL) AS has_keywords
    INTO total
    FROM unnest(firsts, lasts) AS g (first, last) JOIN gatepost.messages m
        ON m.mailbox_id = mailbox AND m.uid BETWEEN g.first AND g.last;
    IF total.messages = 0 THEN
        RETURN;
    END IF;
    uids := total.uids;
    IF NOT (move AND stays) THEN
        PERFORM gatepost.check_quota(goal.account_id, total.bytes, total.messages);
    END IF;
    IF total.has_keywords AND mailbox <> target THEN
        words := gatepost.admit_keywords(target, ARRAY(
            SELECT DISTINCT k FROM unnest(uids) AS u (uid)
            JOIN gatepost.messages m ON m.mailbox_id = mailbox AND m.uid = u.uid,
            unnest(m.keywords) AS k));
    END IF;

    IF move THEN
        INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, account_id, blob_id)
        SELECT mailbox, m.uid, source.highest_modseq + 1,
               CASE WHEN NOT stays THEN m.account_id END, m.blob_id
        FROM unnest(uids) AS u (uid)
        JOIN gatepost.messages m ON m.mailbox_id = mailbox AND m.uid = u.uid;
        UPDATE gatepost.messages m
        SET mailbox_id = target, uid = goal.uid_next + u.n - 1, modseq = goal.highest_modseq + 1,
            account_id = CASE WHEN stays THEN m.account_id END, save_date = now(),
            flags = m.flags & flags_kept,
            keywords = CASE WHEN keywords_kept
                            THEN gatepost.keywords_spelt(m.keywords, words) END
        FROM unnest(uids) WITH ORDINALITY AS u (uid, n)
        WHERE m.mailbox_id = mailbox AND m.uid = u.uid;
        UPDATE gatepost.mailboxes b
        SET highest_modseq = b.highest_modseq + 1,
            message_count = b.message_count - total.messages,
            byte_count = b.byte_count - total.bytes, unseen_count = b.unseen_count - total.unseen,
            deleted_count = b.deleted_count - total.deleted
        WHERE b.id = mailbox AND b.id <> target;
    ELSE
        INSERT INTO gatepost.messages (mailbox_id, uid, modseq, blob_id, size, position, segment,
            internal_date, edge, flags, keywords, message_id, subject, sender, summary)
        SELECT target, goal.uid_next + u.n - 1, goal.highest_modseq + 1, m.blob_id, m.size,
               m.position, m.segment, m.internal_date, m.edge, m.flags & flags_kept,
               CASE WHEN keywords_kept THEN gatepost.keywords_spelt(m.keywords, words) END,
               m.message_id, m.subject, m.sender, m.summary
        FROM unnest(uids) WITH ORDINALITY AS u (uid, n)
        JOIN gatepost.messages m ON m.mailbox_id = mailbox AND m.uid = u.uid;
    END IF;
    UPDATE gatepost.mailboxes b
    SET highest_modseq = b.highest_modseq + 1, uid_next = b.uid_next + total.messages,
        message_count = b.message_count + total.messages * c.more,
        byte_count = b.byte_count + total.bytes * c.more,
        unseen_count = b.unseen_count + total.unseen_there - total.unseen * (1 - c.more),
        deleted_count = b.deleted_count + total.deleted_there - total.deleted * (1 - c.more)
    FROM (SELECT CASE WHEN move AND mailbox = target THEN 0 ELSE 1 END AS more) AS c
    WHERE b.id = target;
    IF NOT (move AND stays) THEN
        UPDATE gatepost.account_usage u
        SET bytes = u.bytes + CASE WHEN u.account_id = goal.account_id THEN 1 ELSE -1 END * total.bytes,
            messages = u.messages
                + CASE WHEN u.account_id = goal.account_id THEN 1 ELSE -1 END * total.messages
        WHERE u.account_id = ANY (ARRAY[goal.account_id, CASE WHEN move THEN source.account_id END]);
    END IF;
    RETURN QUERY SELECT u.uid, goal.uid_next + u.n - 1
        FROM unnest(uids) WITH ORDINALITY AS u (uid, n);
END $$;

REVOKE ALL ON FUNCTION gatepost.copy_messages, gatepost.append_together, gatepost.mailboxes_check
    FROM PUBLIC;

-- Nobody loses a right; and whoever may append, may do this.
SELECT gatepost.grant_as('gatepost.copy_messages_before', '{gatepost.copy_messages}');
SELECT gatepost.grant_as('gatepost.append_messages', '{gatepost.copy_messages,gatepost.append_together}');
DROP FUNCTION gatepost.copy_messages_before;

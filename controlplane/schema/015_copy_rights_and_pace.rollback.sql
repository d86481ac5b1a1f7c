DROP FUNCTION gatepost.append_together;
ALTER FUNCTION gatepost.copy_messages RENAME TO copy_messages_after;

-- What follows is as it was in 011 and 013.

-- COPY and MOVE of the messages of these ranges, as a whole or not at all. A message that is moved
-- within its account stays the one that was delivered, so that its delivery is not repeated. Gives
-- which became which, ascending.
CREATE FUNCTION gatepost.copy_messages(mailbox bigint, firsts bigint[], lasts bigint[],
                                       target bigint, move boolean)
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
           bool_or(m.keywords IS NOT NULL) AS has_keywords
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
            keywords = gatepost.keywords_spelt(m.keywords, words)
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
               m.position, m.segment, m.internal_date, m.edge, m.flags,
               gatepost.keywords_spelt(m.keywords, words), m.message_id, m.subject, m.sender,
               m.summary
        FROM unnest(uids) WITH ORDINALITY AS u (uid, n)
        JOIN gatepost.messages m ON m.mailbox_id = mailbox AND m.uid = u.uid;
    END IF;
    UPDATE gatepost.mailboxes b
    SET highest_modseq = b.highest_modseq + 1, uid_next = b.uid_next + total.messages,
        message_count = b.message_count + total.messages * c.more,
        byte_count = b.byte_count + total.bytes * c.more,
        unseen_count = b.unseen_count + total.unseen * c.more,
        deleted_count = b.deleted_count + total.deleted * c.more
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
REVOKE ALL ON FUNCTION gatepost.copy_messages FROM PUBLIC;

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

DROP TRIGGER messages_refuse_insert ON gatepost.messages;
CREATE OR REPLACE FUNCTION gatepost.messages_refuse() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a message cannot be put into gatepost.messages by INSERT'
        USING HINT = 'Use gatepost.append_messages or gatepost.copy_messages, which count it.';
END $$;
CREATE TRIGGER messages_refuse_insert BEFORE INSERT ON gatepost.messages
    FOR EACH STATEMENT
    WHEN (current_setting('search_path') NOT LIKE '%, gatepost_counts')
    EXECUTE FUNCTION gatepost.messages_refuse();

DROP TRIGGER mailboxes_check ON gatepost.mailboxes;
DROP FUNCTION gatepost.mailboxes_check;
ALTER TABLE gatepost.account_usage
    DROP CONSTRAINT account_usage_numbers,
    ADD CONSTRAINT account_usage_bytes_check CHECK (bytes >= 0),
    ADD CONSTRAINT account_usage_messages_check CHECK (messages >= 0);
ALTER TABLE gatepost.mailboxes
    DROP CONSTRAINT mailboxes_numbers,
    ADD CONSTRAINT mailboxes_uid_validity_check CHECK (uid_validity BETWEEN 1 AND 4294967295),
    ADD CONSTRAINT mailboxes_uid_next_check CHECK (uid_next BETWEEN 1 AND 4294967296),
    ADD CONSTRAINT mailboxes_highest_modseq_check CHECK (highest_modseq >= 1),
    ADD CONSTRAINT mailboxes_message_count_check CHECK (message_count >= 0),
    ADD CONSTRAINT mailboxes_byte_count_check CHECK (byte_count >= 0),
    ADD CONSTRAINT mailboxes_counts CHECK (least(unseen_count, deleted_count) >= 0),
    ADD CONSTRAINT mailboxes_special_use_check CHECK (special_use IN
        ('\All', '\Archive', '\Drafts', '\Flagged', '\Junk', '\Sent', '\Trash')),
    ADD CONSTRAINT mailboxes_name_check CHECK (gatepost.mailbox_name_is_valid(name));
ALTER TABLE gatepost.messages
    ADD CONSTRAINT messages_uid_check CHECK (uid BETWEEN 1 AND 4294967295),
    ADD CONSTRAINT messages_size_check CHECK (size >= 0),
    ADD CONSTRAINT messages_position_check CHECK (position >= 0),
    ADD CONSTRAINT messages_segment_check CHECK (segment >= 0),
    ADD CONSTRAINT messages_flags_check CHECK (flags BETWEEN 0 AND 31);

SELECT gatepost.grant_as('gatepost.copy_messages_after', '{gatepost.copy_messages}');
DROP FUNCTION gatepost.copy_messages_after, gatepost.grant_as;

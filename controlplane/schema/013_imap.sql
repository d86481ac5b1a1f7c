-- What services of IMAP do with messages: flags, copies, and what is appended and expunged.
--
-- Locks are those of 011: rows of account_usage in the order of the account, then those of mailboxes
-- in the order of the id; what changes flags alone needs the latter only. What one call changes in a
-- mailbox has one modseq, assigned under the mailbox's lock, so that modseqs become visible in their
-- order.
--
-- Plans use indexes only, whatever statistics say, and are made once a connection: the settings of
-- the functions see to it. A search_path that ends in gatepost_counts, a schema that there is not,
-- says that who changes messages keeps the counters himself; for everybody else triggers do. (A
-- setting of our own in a function would need a superuser to make it.)
--
-- Errors by SQLSTATE: P0002 not there, 53100 over quota, 54000 a limit, 40001 somebody was faster.

ALTER TABLE gatepost.mailboxes
    ADD COLUMN unseen_count    bigint NOT NULL DEFAULT 0,
    ADD COLUMN deleted_count   bigint NOT NULL DEFAULT 0,
    ADD COLUMN expunged_floor  bigint NOT NULL DEFAULT 0,
    ADD COLUMN keywords        text[] COLLATE "C" NOT NULL DEFAULT '{}',
    -- One, as PostgreSQL prepares every CHECK of a table anew for each statement that writes it.
    ADD CONSTRAINT mailboxes_counts CHECK (least(unseen_count, deleted_count) >= 0);
COMMENT ON COLUMN gatepost.mailboxes.unseen_count IS 'Messages without \Seen.';
COMMENT ON COLUMN gatepost.mailboxes.deleted_count IS 'Messages with \Deleted.';
COMMENT ON COLUMN gatepost.mailboxes.expunged_floor IS
    'Rows of gatepost.expunged up to this modseq may have been deleted: whoever asks what went since '
    'an older one is told of every UID that is not there.';
COMMENT ON COLUMN gatepost.mailboxes.keywords IS
    'Keywords that its messages may have, each in one spelling (they are the same in any case, '
    'RFC 9051 §2.3.2). Those that no message has any more go when there is no place for another.';

-- What changed since a modseq (RFC 7162 §3.1.4.1, §3.2.5).
CREATE INDEX messages_modseq ON gatepost.messages (mailbox_id, modseq);
CREATE INDEX expunged_modseq ON gatepost.expunged (mailbox_id, modseq);
CREATE INDEX messages_deleted ON gatepost.messages (mailbox_id, uid) WHERE flags & 8 <> 0;
COMMENT ON COLUMN gatepost.messages.modseq IS 'Of its last change (RFC 7162 §3.1).';

UPDATE gatepost.mailboxes b
SET unseen_count = c.unseen, deleted_count = c.deleted, keywords = coalesce(c.keywords, '{}')
FROM (SELECT m.mailbox_id, count(*) FILTER (WHERE m.flags & 1 = 0) AS unseen,
             count(*) FILTER (WHERE m.flags & 8 <> 0) AS deleted,
             (SELECT array_agg(k.keyword) FROM (
                  SELECT DISTINCT ON (lower(w.keyword)) w.keyword
                  FROM gatepost.messages n, unnest(n.keywords) AS w (keyword)
                  WHERE n.mailbox_id = m.mailbox_id ORDER BY lower(w.keyword) LIMIT 64) AS k)
                 AS keywords
      FROM gatepost.messages m GROUP BY m.mailbox_id) AS c
WHERE b.id = c.mailbox_id;

ALTER PUBLICATION gatepost ADD TABLE gatepost.mailboxes;

-- ---- Locks

-- Locks mailboxes, and their accounts first; P0002 where one is gone. A NULL is none.
CREATE FUNCTION gatepost.lock_mailboxes(ids bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    there bigint[];
BEGIN
    PERFORM FROM gatepost.account_usage u
    WHERE u.account_id = ANY (ARRAY(SELECT b.account_id FROM gatepost.mailboxes b
                                    WHERE b.id = ANY (ids)))
    ORDER BY u.account_id FOR NO KEY UPDATE;
    SELECT array_agg(l.id) INTO there
    FROM (SELECT b.id FROM gatepost.mailboxes b WHERE b.id = ANY (ids)
          ORDER BY b.id FOR NO KEY UPDATE) AS l;
    IF NOT coalesce(array_remove(ids, NULL) <@ there, false) THEN
        RAISE EXCEPTION 'the mailbox is gone' USING ERRCODE = 'no_data_found';
    END IF;
END $$;

-- 53100 where an account has no room for so much more. Its lock is held.
CREATE FUNCTION gatepost.check_quota(account bigint, more_bytes bigint, more_messages bigint)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM gatepost.accounts a JOIN gatepost.account_usage u ON u.account_id = a.id
    WHERE a.id = account
      AND (more_bytes > 0 AND a.quota_bytes > 0 AND u.bytes + more_bytes > a.quota_bytes
           OR more_messages > 0 AND a.quota_messages > 0
              AND u.messages + more_messages > a.quota_messages);
    IF FOUND THEN
        RAISE EXCEPTION 'the quota of the account does not take it' USING ERRCODE = 'disk_full';
    END IF;
END $$;

-- ---- Keywords

-- Keywords in the spelling that a mailbox, whose lock is held, has for them, sorted, each once; new
-- ones become known to it. 54000 where it would have too many.
CREATE FUNCTION gatepost.admit_keywords(mailbox bigint, words text[]) RETURNS text[]
    LANGUAGE plpgsql AS $$
DECLARE
    keywords_max CONSTANT integer := 64;  -- bits of an edge's set of them
    known text[];
    fresh text[];
BEGIN
    SELECT b.keywords INTO known FROM gatepost.mailboxes b WHERE b.id = mailbox;
    IF NOT words <@ known THEN
        SELECT array_agg(n.word) INTO fresh
        FROM (SELECT DISTINCT ON (lower(w)) w AS word FROM unnest(words) AS w
              WHERE w <> '' AND lower(w) <> ALL (ARRAY(SELECT lower(k) FROM unnest(known) AS k))
              ORDER BY lower(w)) AS n;
    END IF;
    IF fresh IS NOT NULL THEN
        IF cardinality(known) + cardinality(fresh) > keywords_max THEN
            known := ARRAY(SELECT k FROM unnest(known) AS k WHERE k = ANY (ARRAY(
                SELECT DISTINCT w FROM gatepost.messages m, unnest(m.keywords) AS w
                WHERE m.mailbox_id = mailbox)));
        END IF;
        IF cardinality(known) + cardinality(fresh) > keywords_max THEN
            RAISE EXCEPTION 'a mailbox has % keywords at most', keywords_max
                USING ERRCODE = 'program_limit_exceeded';
        END IF;
        known := known || fresh;
        UPDATE gatepost.mailboxes b SET keywords = known WHERE b.id = mailbox;
    END IF;
    IF cardinality(words) = 1 AND words <@ known THEN
        RETURN words;
    END IF;
    RETURN ARRAY(SELECT DISTINCT k COLLATE "C" FROM unnest(known) AS k JOIN unnest(words) AS w
                 ON lower(k) = lower(w) ORDER BY 1);
END $$;

-- What a message's keywords become by STORE. `words` are in the mailbox's spelling, but for those
-- that are taken away. NULL: none.
CREATE FUNCTION gatepost.keywords_after(had text[], action integer, words text[]) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF action = 2 THEN
        RETURN nullif(words, '{}');
    ELSIF action = 1 THEN
        RETURN nullif(ARRAY(SELECT h FROM unnest(had) AS h WHERE lower(h) <> ALL (
            ARRAY(SELECT lower(w) FROM unnest(words) AS w))), '{}');
    ELSIF had IS NULL OR had = words THEN
        RETURN nullif(words, '{}');
    END IF;
    RETURN ARRAY(SELECT k COLLATE "C" FROM unnest(had) AS k
                 UNION SELECT w FROM unnest(words) AS w ORDER BY 1);
END $$;

-- A message's keywords in another mailbox's spelling; `words` NULL: they stay.
CREATE FUNCTION gatepost.keywords_spelt(had text[], words text[]) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF had IS NULL OR words IS NULL OR had <@ words THEN
        RETURN had;
    END IF;
    RETURN ARRAY(SELECT w COLLATE "C" FROM unnest(words) AS w
                 WHERE lower(w) = ANY (ARRAY(SELECT lower(h) FROM unnest(had) AS h)) ORDER BY 1);
END $$;

-- ---- Messages

-- STORE. The first arrays have an element for each request: its mailbox, what is done (0 add,
-- 1 remove, 2 replace), with which flags, and keywords (joined by blanks; '' none), and up to which
-- modseq a message is changed (NULL: any; RFC 7162 §3.1.3). The last three have the UIDs of all
-- requests in ranges, with the number of the request from 1 on; ranges of a request do not overlap.
-- Requests take effect one after the other. Gives a row for each message addressed, as it is now;
-- `changed` is false where it was left alone because of `unchanged_since`. A message whose flags were
-- so already keeps its modseq.
CREATE FUNCTION gatepost.store_flags(
    mailboxes bigint[], actions integer[], request_flags integer[], request_keywords text[],
    unchanged_since bigint[], range_requests integer[], range_firsts bigint[], range_lasts bigint[])
    RETURNS TABLE (request integer, uid bigint, modseq bigint, flags integer, keywords text[],
                   changed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    requests CONSTANT integer := coalesce(cardinality(mailboxes), 0);
    modseqs bigint[];      -- of the request's mailbox, after this
    words text[];
    wave integer := requests;  -- requests that are done at once
    done integer := 0;
    apart integer;         -- mailboxes, each counted once
BEGIN
    IF requests = 0 THEN
        RETURN;
    END IF;
    SELECT array_agg(l.highest_modseq + 1 ORDER BY l.n), count(DISTINCT l.id) INTO modseqs, apart
    FROM (SELECT r.n, b.id, b.highest_modseq
          FROM unnest(mailboxes) WITH ORDINALITY AS r (id, n)
          JOIN gatepost.mailboxes b ON b.id = r.id
          ORDER BY b.id, r.n FOR NO KEY UPDATE OF b) AS l;
    IF coalesce(cardinality(modseqs), 0) < requests THEN
        RAISE EXCEPTION 'the mailbox is gone' USING ERRCODE = 'no_data_found';
    END IF;

    FOR n IN 1 .. requests LOOP
        IF request_keywords[n] <> '' AND actions[n] <> 1 THEN
            words := gatepost.admit_keywords(mailboxes[n], string_to_array(request_keywords[n], ' '));
            request_keywords[n] := array_to_string(words, ' ');
        END IF;
    END LOOP;

    -- All at once, unless two requests may mean the same message.
    IF apart < requests AND (
        SELECT bool_or(o.first <= o.reached) FROM (
            SELECT g.first, max(g.last) OVER (PARTITION BY mailboxes[g.request] ORDER BY g.first
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
            FROM unnest(range_requests, range_firsts, range_lasts) AS g (request, first, last)) AS o)
    THEN
        wave := 1;
    END IF;

    WHILE done < requests LOOP
        RETURN QUERY
        WITH found AS MATERIALIZED (
            SELECT g.request, m.mailbox_id, m.uid, m.modseq, m.flags, m.keywords,
                   CASE actions[g.request] WHEN 0 THEN m.flags | request_flags[g.request]
                        WHEN 1 THEN m.flags & ~request_flags[g.request]
                        ELSE request_flags[g.request] END AS new_flags,
                   CASE WHEN request_keywords[g.request] <> '' THEN gatepost.keywords_after(
                            m.keywords, actions[g.request],
                            string_to_array(request_keywords[g.request], ' '))
                        WHEN actions[g.request] = 2 THEN NULL
                        ELSE m.keywords END AS new_keywords,
                   coalesce(m.modseq <= unchanged_since[g.request], true) AS fresh
            FROM unnest(range_requests, range_firsts, range_lasts) AS g (request, first, last)
            JOIN gatepost.messages m
                ON m.mailbox_id = mailboxes[g.request] AND m.uid BETWEEN g.first AND g.last
            WHERE g.request > done AND g.request <= done + wave),
        told AS MATERIALIZED (
            SELECT f.*, f.fresh AND (f.new_flags <> f.flags
                                     OR f.new_keywords IS DISTINCT FROM f.keywords) AS differs
            FROM found f),
        stored AS (
            UPDATE gatepost.messages m
            SET flags = t.new_flags, keywords = t.new_keywords, modseq = modseqs[t.request]
            FROM told t WHERE t.differs AND m.mailbox_id = t.mailbox_id AND m.uid = t.uid),
        counted AS (
            UPDATE gatepost.mailboxes b
            SET highest_modseq = c.modseq, unseen_count = b.unseen_count + c.unseen,
                deleted_count = b.deleted_count + c.deleted
            FROM (SELECT t.mailbox_id, max(modseqs[t.request]) AS modseq,
                         sum((t.flags & 1) - (t.new_flags & 1)) AS unseen,
                         sum(((t.new_flags & 8) - (t.flags & 8)) / 8) AS deleted
                  FROM told t WHERE t.differs GROUP BY t.mailbox_id) AS c
            WHERE b.id = c.mailbox_id)
        SELECT t.request, t.uid, CASE WHEN t.differs THEN modseqs[t.request] ELSE t.modseq END,
               CASE WHEN t.fresh THEN t.new_flags ELSE t.flags END,
               CASE WHEN t.fresh THEN t.new_keywords ELSE t.keywords END, t.fresh
        FROM told t;
        done := done + wave;
    END LOOP;
END $$;

-- Takes messages out of a mailbox whose lock is held, and its account's.
CREATE FUNCTION gatepost.remove_messages(mailbox bigint, uids bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH gone AS (
        DELETE FROM gatepost.messages m USING unnest(uids) AS u (uid)
        WHERE m.mailbox_id = mailbox AND m.uid = u.uid
        RETURNING m.uid, m.size, m.flags, m.account_id, m.blob_id),
    counted AS (
        UPDATE gatepost.mailboxes b
        SET highest_modseq = b.highest_modseq + 1, message_count = b.message_count - c.messages,
            byte_count = b.byte_count - c.bytes, unseen_count = b.unseen_count - c.unseen,
            deleted_count = b.deleted_count - c.deleted
        FROM (SELECT count(*) AS messages, sum(g.size)::bigint AS bytes,
                     count(*) FILTER (WHERE g.flags & 1 = 0) AS unseen,
                     count(*) FILTER (WHERE g.flags & 8 <> 0) AS deleted FROM gone g) AS c
        WHERE b.id = mailbox AND c.messages > 0
        RETURNING b.account_id, b.highest_modseq, c.messages, c.bytes),
    used AS (
        UPDATE gatepost.account_usage u
        SET bytes = u.bytes - c.bytes, messages = u.messages - c.messages
        FROM counted c WHERE u.account_id = c.account_id),
    traces AS (
        INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, account_id, blob_id)
        SELECT mailbox, g.uid, c.highest_modseq, g.account_id, g.blob_id FROM gone g, counted c)
    SELECT g.uid FROM gone g ORDER BY g.uid;
END $$;

-- Ranges of one call do not overlap here and below.
--
-- EXPUNGE: takes away messages of these ranges (`firsts` NULL: all), those with \Deleted alone where
-- `deleted_only`. Gives the UIDs of those that went, ascending.
CREATE FUNCTION gatepost.expunge_messages(mailbox bigint, firsts bigint[], lasts bigint[],
                                          deleted_only boolean)
    RETURNS TABLE (uid bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    doomed bigint[];
BEGIN
    PERFORM gatepost.lock_mailboxes(ARRAY[mailbox]);
    IF firsts IS NULL THEN
        firsts := '{1}';
        lasts := '{4294967295}';
    END IF;
    IF deleted_only THEN
        SELECT array_agg(m.uid) INTO doomed
        FROM unnest(firsts, lasts) AS g (first, last) JOIN gatepost.messages m
            ON m.mailbox_id = mailbox AND m.uid BETWEEN g.first AND g.last AND m.flags & 8 <> 0;
    ELSE
        SELECT array_agg(m.uid) INTO doomed
        FROM unnest(firsts, lasts) AS g (first, last) JOIN gatepost.messages m
            ON m.mailbox_id = mailbox AND m.uid BETWEEN g.first AND g.last;
    END IF;
    IF doomed IS NOT NULL THEN
        RETURN QUERY SELECT r.uid FROM gatepost.remove_messages(mailbox, doomed) AS r (uid);
    END IF;
END $$;

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

-- APPEND of messages that are in a message log already, all or none; and REPLACE (RFC 8508): the
-- message `replaced_uid` of `replaced_mailbox` (both NULL: none) goes in the same step; 40001 where it
-- has gone before. Gives the UIDs in the order of the messages.
CREATE FUNCTION gatepost.append_messages(
    mailbox bigint, edge integer, blobs uuid[], segments bigint[], positions bigint[],
    sizes bigint[], dates timestamptz[], flags integer[], keywords text[], summaries bytea[],
    message_ids text[], subjects text[], senders text[], replaced_mailbox bigint,
    replaced_uid bigint)
    RETURNS TABLE (uid bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    goal gatepost.mailboxes;
    replaced record;
    total record;
BEGIN
    IF replaced_mailbox = 0 THEN
        replaced_mailbox := NULL;
    END IF;
    PERFORM gatepost.lock_mailboxes(ARRAY[mailbox, replaced_mailbox]);
    IF replaced_mailbox IS NOT NULL THEN
        PERFORM gatepost.remove_messages(replaced_mailbox, ARRAY[replaced_uid]);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the message that was to be replaced is gone'
                USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    SELECT * INTO goal FROM gatepost.mailboxes b WHERE b.id = mailbox;
    SELECT count(*) AS messages, sum(g.size)::bigint AS bytes,
           count(*) FILTER (WHERE g.flags & 1 = 0) AS unseen,
           count(*) FILTER (WHERE g.flags & 8 <> 0) AS deleted
    INTO total FROM unnest(sizes, flags) AS g (size, flags);
    IF total.messages = 0 THEN
        RETURN;
    END IF;
    PERFORM gatepost.check_quota(goal.account_id, total.bytes, total.messages);
    FOR n IN 1 .. total.messages LOOP
        IF keywords[n] <> '' THEN
            keywords[n] := array_to_string(gatepost.admit_keywords(
                mailbox, string_to_array(keywords[n], ' ')), ' ');
        END IF;
    END LOOP;
    INSERT INTO gatepost.messages (mailbox_id, uid, modseq, blob_id, size, position, segment,
        internal_date, edge, flags, keywords, message_id, subject, sender, summary)
    SELECT mailbox, goal.uid_next + g.n - 1, goal.highest_modseq + 1, g.blob, sizes[g.n],
           positions[g.n], segments[g.n], coalesce(dates[g.n], now()), edge, flags[g.n],
           string_to_array(nullif(keywords[g.n], ''), ' '), message_ids[g.n], subjects[g.n],
           senders[g.n], summaries[g.n]
    FROM unnest(blobs) WITH ORDINALITY AS g (blob, n);
    UPDATE gatepost.mailboxes b
    SET uid_next = b.uid_next + total.messages, highest_modseq = goal.highest_modseq + 1,
        message_count = b.message_count + total.messages, byte_count = b.byte_count + total.bytes,
        unseen_count = b.unseen_count + total.unseen,
        deleted_count = b.deleted_count + total.deleted
    WHERE b.id = mailbox;
    UPDATE gatepost.account_usage u
    SET bytes = u.bytes + total.bytes, messages = u.messages + total.messages
    WHERE u.account_id = goal.account_id;
    RETURN QUERY SELECT goal.uid_next + n - 1 FROM generate_series(1, total.messages) AS n;
END $$;

-- ---- Tombstones

-- Deletes what gatepost.expunged has of older times; gives how many rows. Clients that have been
-- away for longer are told of every UID that is not there.
CREATE FUNCTION gatepost.prune_expunged(older_than interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    until CONSTANT timestamptz := now() - older_than;
    pruned bigint;
BEGIN
    PERFORM FROM gatepost.mailboxes b
    WHERE b.id IN (SELECT e.mailbox_id FROM gatepost.expunged e WHERE e.at < until)
    ORDER BY b.id FOR NO KEY UPDATE;
    WITH gone AS (
        DELETE FROM gatepost.expunged e WHERE e.at < until RETURNING e.mailbox_id, e.modseq),
    floors AS (
        UPDATE gatepost.mailboxes b SET expunged_floor = greatest(b.expunged_floor, g.modseq)
        FROM (SELECT o.mailbox_id, max(o.modseq) AS modseq FROM gone o GROUP BY o.mailbox_id) AS g
        WHERE b.id = g.mailbox_id)
    SELECT count(*) INTO pruned FROM gone;
    RETURN pruned;
END $$;

-- ---- Mailboxes that were deleted

CREATE OR REPLACE FUNCTION gatepost.mailboxes_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts AS $$
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

-- ---- SQL of one's own on gatepost.messages

-- It has changed rows before it takes the locks of their mailboxes: where it meets another that
-- holds them and waits for a row, PostgreSQL ends one of the two.

CREATE FUNCTION gatepost.messages_refuse() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a message cannot be put into gatepost.messages by INSERT'
        USING HINT = 'Use gatepost.append_messages or gatepost.copy_messages, which count it.';
END $$;

CREATE TRIGGER messages_refuse_insert BEFORE INSERT ON gatepost.messages
    FOR EACH STATEMENT
    WHEN (current_setting('search_path') NOT LIKE '%, gatepost_counts')
    EXECUTE FUNCTION gatepost.messages_refuse();

CREATE FUNCTION gatepost.messages_after_update() RETURNS trigger
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

CREATE TRIGGER messages_after_update AFTER UPDATE ON gatepost.messages
    REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT
    WHEN (current_setting('search_path') NOT LIKE '%, gatepost_counts')
    EXECUTE FUNCTION gatepost.messages_after_update();

CREATE FUNCTION gatepost.messages_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts AS $$
DECLARE
    boxes CONSTANT bigint[] := ARRAY(SELECT DISTINCT g.mailbox_id FROM gone g);
BEGIN
    IF boxes = '{}' THEN
        RETURN NULL;
    END IF;
    PERFORM gatepost.lock_mailboxes(ARRAY(SELECT b.id FROM gatepost.mailboxes b
                                          WHERE b.id = ANY (boxes)));
    INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, account_id, blob_id)
    SELECT g.mailbox_id, g.uid, b.highest_modseq + 1, g.account_id, g.blob_id
    FROM gone g JOIN gatepost.mailboxes b ON b.id = g.mailbox_id
    ON CONFLICT (mailbox_id, uid) DO UPDATE SET modseq = excluded.modseq;
    UPDATE gatepost.account_usage u
    SET bytes = u.bytes - c.bytes, messages = u.messages - c.messages
    FROM (SELECT b.account_id, sum(g.size)::bigint AS bytes, count(*) AS messages
          FROM gone g JOIN gatepost.mailboxes b ON b.id = g.mailbox_id GROUP BY b.account_id) AS c
    WHERE u.account_id = c.account_id;
    UPDATE gatepost.mailboxes b
    SET highest_modseq = b.highest_modseq + 1, message_count = b.message_count - c.messages,
        byte_count = b.byte_count - c.bytes, unseen_count = b.unseen_count - c.unseen,
        deleted_count = b.deleted_count - c.deleted
    FROM (SELECT g.mailbox_id, count(*) AS messages, sum(g.size)::bigint AS bytes,
                 count(*) FILTER (WHERE g.flags & 1 = 0) AS unseen,
                 count(*) FILTER (WHERE g.flags & 8 <> 0) AS deleted
          FROM gone g GROUP BY g.mailbox_id) AS c
    WHERE b.id = c.mailbox_id;
    RETURN NULL;
END $$;

CREATE TRIGGER messages_after_delete AFTER DELETE ON gatepost.messages
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    WHEN (current_setting('search_path') NOT LIKE '%, gatepost_counts')
    EXECUTE FUNCTION gatepost.messages_after_delete();

-- ---- Delivery

-- As in 011, with unseen_count.
CREATE OR REPLACE FUNCTION gatepost.deliver(
    edge integer, blobs uuid[], segments bigint[], positions bigint[], sizes bigint[],
    received timestamptz[], message_ids text[], subjects text[], authors text[], summaries bytea[],
    reverse_paths text[], sender_accounts bigint[], envids text[], rets text[], bodies text[],
    smtputf8s boolean[], held_reason text,
    places integer[], accounts bigint[], folders text[], addresses text[], targets text[],
    originals text[], notifies integer[])
    RETURNS TABLE (recipient integer, mailbox bigint, uid bigint, modseq bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp, gatepost_counts
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan SET jit = off AS $$
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
            message_count = b.message_count + c.messages, byte_count = b.byte_count + c.bytes,
            unseen_count = b.unseen_count + c.messages
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

REVOKE ALL ON FUNCTION gatepost.lock_mailboxes, gatepost.check_quota, gatepost.admit_keywords,
    gatepost.keywords_after, gatepost.keywords_spelt, gatepost.store_flags,
    gatepost.remove_messages, gatepost.expunge_messages, gatepost.copy_messages,
    gatepost.append_messages, gatepost.prune_expunged FROM PUBLIC;

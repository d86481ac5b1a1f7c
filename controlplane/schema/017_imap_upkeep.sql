-- Upkeep of mailboxes: tombstones go in small steps, and a mailbox whose past was lost gets another
-- UIDVALIDITY.

-- The oldest ones are found without reading all of them.
CREATE INDEX expunged_at ON gatepost.expunged (at);

ALTER FUNCTION gatepost.prune_expunged RENAME TO prune_expunged_before;

-- Deletes the oldest rows of gatepost.expunged, `rows_max` at most, that are older than that; gives
-- how many: fewer than `rows_max`, and none is left. Whoever changes one of their mailboxes waits
-- for no more than one call. Clients that were away for longer are told of every UID that is not
-- there (RFC 7162 §3.2.6).
CREATE FUNCTION gatepost.prune_expunged(older_than interval, rows_max integer DEFAULT 1000)
    RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    until CONSTANT timestamptz := now() - older_than;
    boxes bigint[];
    uids bigint[];
    pruned bigint;
BEGIN
    SELECT array_agg(o.mailbox_id), array_agg(o.uid) INTO boxes, uids
    FROM (SELECT e.mailbox_id, e.uid FROM gatepost.expunged e WHERE e.at < until
          ORDER BY e.at LIMIT rows_max) AS o;
    IF boxes IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM FROM gatepost.mailboxes b WHERE b.id = ANY (boxes) ORDER BY b.id FOR NO KEY UPDATE;
    -- What was pruned by another meanwhile, or has come back with a later time, is left alone.
    WITH gone AS (
        DELETE FROM gatepost.expunged e USING unnest(boxes, uids) AS o (mailbox_id, uid)
        WHERE e.mailbox_id = o.mailbox_id AND e.uid = o.uid AND e.at < until
        RETURNING e.mailbox_id, e.modseq),
    floors AS (
        UPDATE gatepost.mailboxes b SET expunged_floor = g.modseq
        FROM (SELECT d.mailbox_id, max(d.modseq) AS modseq FROM gone d GROUP BY d.mailbox_id) AS g
        WHERE b.id = g.mailbox_id AND b.expunged_floor < g.modseq)
    SELECT count(*) INTO pruned FROM gone;
    RETURN pruned;
END $$;

-- Gives a mailbox another UIDVALIDITY, the only thing by which clients learn that what they know of
-- its UIDs is void (RFC 9051 §2.3.1.1), unless it is not the one that was seen. For mailboxes whose
-- state went back: PostgreSQL was restored from a backup, or a replica that lagged behind took its
-- place. `seen_…`: what was told of it before, NULL where nothing is known; UIDs and modseqs go on
-- behind that, so that whoever follows the mailbox sees a step forward. Gives the UIDVALIDITY that
-- it has then; NULL: it is gone.
CREATE FUNCTION gatepost.renumber_mailbox(mailbox bigint, seen_uid_validity bigint DEFAULT NULL,
                                          seen_uid_next bigint DEFAULT NULL,
                                          seen_modseq bigint DEFAULT NULL)
    RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE gatepost.mailboxes b
    SET uid_validity = gatepost.next_uid_validity(),
        uid_next = greatest(b.uid_next, seen_uid_next),
        highest_modseq = greatest(b.highest_modseq, seen_modseq) + 1,
        expunged_floor = greatest(b.highest_modseq, seen_modseq) + 1
    WHERE b.id = mailbox AND b.uid_validity = coalesce(seen_uid_validity, b.uid_validity);
    SELECT b.uid_validity FROM gatepost.mailboxes b WHERE b.id = mailbox;
$$;

REVOKE ALL ON FUNCTION gatepost.prune_expunged, gatepost.renumber_mailbox FROM PUBLIC;

-- Nobody loses a right; and whoever may append, may do this.
SELECT gatepost.grant_as('gatepost.prune_expunged_before', '{gatepost.prune_expunged}');
SELECT gatepost.grant_as('gatepost.append_messages', '{gatepost.prune_expunged,gatepost.renumber_mailbox}');
DROP FUNCTION gatepost.prune_expunged_before;

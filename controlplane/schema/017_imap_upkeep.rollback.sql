DROP FUNCTION gatepost.renumber_mailbox(bigint, bigint, bigint, bigint);
ALTER FUNCTION gatepost.prune_expunged RENAME TO prune_expunged_after;
DROP INDEX gatepost.expunged_at;

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
REVOKE ALL ON FUNCTION gatepost.prune_expunged FROM PUBLIC;
SELECT gatepost.grant_as('gatepost.prune_expunged_after', '{gatepost.prune_expunged}');
DROP FUNCTION gatepost.prune_expunged_after;

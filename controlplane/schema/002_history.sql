-- Every change of a zone or RRset: who, when, what it was, what it became. Rows are only ever
-- added. zone_id is no foreign key, as the history of a zone outlives it.

-- Who is writing: the person that a program named with SET LOCAL gatepost.actor, else the role that
-- logged in.
CREATE FUNCTION gatepost.actor() RETURNS text
    LANGUAGE sql STABLE
    RETURN coalesce(nullif(current_setting('gatepost.actor', true), ''), session_user);

CREATE TABLE gatepost.history (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    who      text NOT NULL DEFAULT gatepost.actor(),
    via      text NOT NULL DEFAULT current_setting('application_name'),
    zone_id  bigint NOT NULL,
    zone     text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    type     text COLLATE "C" NOT NULL,
    action   text NOT NULL,
    old      jsonb,
    new      jsonb
);
-- Rows come in the order of time, so the primary key serves a look at the latest of all zones. By
-- name, because a zone that is removed and made again gets another id; the rows of one transaction
-- share their entry.
CREATE INDEX history_zone ON gatepost.history (zone, at);
COMMENT ON COLUMN gatepost.history.who IS
    'The person that a program named (gatepost.actor), else the database role.';
COMMENT ON COLUMN gatepost.history.via IS 'The program: application_name of the connection.';
COMMENT ON COLUMN gatepost.history.type IS 'SOA for the zone itself.';
COMMENT ON COLUMN gatepost.history.action IS 'insert, update or delete.';

CREATE FUNCTION gatepost.history_refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history cannot be changed: % of gatepost.history refused', TG_OP
        USING HINT = 'To drop old rows, the owner of the table disables the trigger '
                     'history_append_only for one transaction.';
END $$;

CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gatepost.history
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.history_refuse_change();

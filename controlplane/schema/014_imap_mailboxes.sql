-- What services of IMAP do with mailboxes: names, subscriptions, sharing, and annotations.
--
-- Locks are those of 011. Errors by SQLSTATE: P0002 not there, 23505 is there already, 42602 a name
-- or a change that is not allowed, 54000 a limit, 54001 an annotation too large, 55006 a special use
-- that another mailbox has.

CREATE TABLE gatepost.mailbox_subscriptions (
    account_id  bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    name        text COLLATE "C" NOT NULL CHECK (gatepost.mailbox_name_is_valid(name)),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE gatepost.mailbox_subscriptions IS
    'Names that an account subscribes to and that are no mailboxes of its own: of those the column '
    'mailboxes.subscribed tells. A name stays when its mailbox goes (RFC 9051 §6.3.7).';

-- mailbox_id is no foreign key here and below: updates of counters would pay for it. The trigger of
-- gatepost.mailboxes deletes what belongs to a mailbox.
CREATE TABLE gatepost.mailbox_acl (
    mailbox_id  bigint NOT NULL,
    account_id  bigint REFERENCES gatepost.accounts ON DELETE CASCADE,
    rights      integer NOT NULL CHECK (rights BETWEEN 1 AND 2047),
    CONSTRAINT mailbox_acl_entry UNIQUE NULLS NOT DISTINCT (mailbox_id, account_id)
);
CREATE INDEX mailbox_acl_account ON gatepost.mailbox_acl (account_id);
ALTER TABLE gatepost.mailbox_acl REPLICA IDENTITY FULL;  -- it has no other key: NULL is a value
COMMENT ON TABLE gatepost.mailbox_acl IS
    'What others may do with a mailbox (RFC 4314). Its owner may do everything.';
COMMENT ON COLUMN gatepost.mailbox_acl.account_id IS 'NULL: anyone.';
COMMENT ON COLUMN gatepost.mailbox_acl.rights IS
    'The sum of 1 l, 2 r, 4 s, 8 w, 16 i, 32 p, 64 k, 128 x, 256 t, 512 e, 1024 a.';

CREATE TABLE gatepost.mailbox_metadata (
    account_id  bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    mailbox_id  bigint,
    entry       text COLLATE "C" NOT NULL CHECK (
                    entry ~ '^/(private|shared)(/[^/*%[:cntrl:]]+)+$' AND entry = lower(entry)
                    AND octet_length(entry) <= 1000),
    value       bytea NOT NULL CHECK (octet_length(value) <= 65536),
    CONSTRAINT mailbox_metadata_entry UNIQUE NULLS NOT DISTINCT (account_id, mailbox_id, entry)
);
CREATE INDEX mailbox_metadata_mailbox ON gatepost.mailbox_metadata (mailbox_id);
COMMENT ON TABLE gatepost.mailbox_metadata IS 'Annotations of mailboxes and accounts (RFC 5464).';
COMMENT ON COLUMN gatepost.mailbox_metadata.account_id IS
    'Whose it is: of a mailbox''s /shared entries, its owner''s.';
COMMENT ON COLUMN gatepost.mailbox_metadata.mailbox_id IS 'NULL: of the account.';

CREATE FUNCTION gatepost.mailbox_belongings_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM gatepost.mailbox_acl c USING gone g WHERE c.mailbox_id = g.id;
    DELETE FROM gatepost.mailbox_metadata d USING gone g WHERE d.mailbox_id = g.id;
    RETURN NULL;
END $$;

CREATE TRIGGER mailbox_belongings_after_delete AFTER DELETE ON gatepost.mailboxes
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.mailbox_belongings_after_delete();

ALTER PUBLICATION gatepost ADD TABLE gatepost.mailbox_acl, gatepost.mailbox_subscriptions;

-- ---- Names

-- The name as it is stored: INBOX is the same in any case (RFC 9051 §5.1).
CREATE FUNCTION gatepost.mailbox_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN lower(name) = 'inbox' THEN 'INBOX' ELSE name END;

-- "Other Users/ADDRESS/NAME" is how an account sees the mailboxes of others (RFC 2342).
CREATE FUNCTION gatepost.mailbox_name_is_own(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN gatepost.mailbox_name_is_valid(name) AND name <> 'Other Users'
        AND NOT starts_with(name, 'Other Users/');

-- What comes by a rule that is not for an account's own mailbox goes to INBOX.
CREATE OR REPLACE FUNCTION gatepost.delivery_mailbox(account bigint, folder text) RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE
        WHEN starts_with(folder, '\') THEN coalesce(
            (SELECT m.name FROM gatepost.mailboxes m
             WHERE m.account_id = account AND m.special_use = folder),
            (SELECT d.name FROM gatepost.default_mailboxes() d WHERE d.special_use = folder),
            'INBOX')
        WHEN gatepost.mailbox_name_is_own(folder) THEN folder
        ELSE 'INBOX' END;

-- Locks an account's mailboxes; P0002 where the account is gone.
CREATE FUNCTION gatepost.lock_account(account bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM gatepost.account_usage u WHERE u.account_id = account FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the account is gone' USING ERRCODE = 'no_data_found';
    END IF;
END $$;

-- ---- Mailboxes

-- Special use '' or NULL: none. Gives the id.
CREATE FUNCTION gatepost.create_mailbox(account bigint, name text, special_use text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mailboxes_max CONSTANT integer := 10000;  -- of an account: each LIST reads them all
    new_name CONSTANT text := gatepost.mailbox_name(create_mailbox.name);
    use CONSTANT text := nullif(create_mailbox.special_use, '');
    kept boolean;
    made bigint;
BEGIN
    IF NOT coalesce(gatepost.mailbox_name_is_own(new_name), false) THEN
        RAISE EXCEPTION 'this cannot be a mailbox''s name' USING ERRCODE = 'invalid_name';
    END IF;
    IF use NOT IN ('\All', '\Archive', '\Drafts', '\Flagged', '\Junk', '\Sent', '\Trash') THEN
        RAISE EXCEPTION 'the special use % is unknown', use USING ERRCODE = 'invalid_name';
    END IF;
    PERFORM gatepost.lock_account(account);
    IF EXISTS (SELECT FROM gatepost.mailboxes b WHERE b.account_id = account AND b.name = new_name)
    THEN
        RAISE EXCEPTION 'there is a mailbox of this name' USING ERRCODE = 'unique_violation';
    END IF;
    IF EXISTS (SELECT FROM gatepost.mailboxes b WHERE b.account_id = account AND b.special_use = use)
    THEN
        RAISE EXCEPTION 'another mailbox has this special use' USING ERRCODE = 'object_in_use';
    END IF;
    IF (SELECT count(*) FROM gatepost.mailboxes b WHERE b.account_id = account) >= mailboxes_max THEN
        RAISE EXCEPTION 'an account has % mailboxes at most', mailboxes_max
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    DELETE FROM gatepost.mailbox_subscriptions s WHERE s.account_id = account AND s.name = new_name;
    kept := FOUND;
    INSERT INTO gatepost.mailboxes AS b (account_id, name, special_use, subscribed)
    VALUES (account, new_name, use, kept) RETURNING b.id INTO made;
    RETURN made;
END $$;

-- With its messages; those below it stay (RFC 9051 §6.3.5), and so does the subscription.
CREATE FUNCTION gatepost.delete_mailbox(mailbox bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    it gatepost.mailboxes;
BEGIN
    PERFORM gatepost.lock_mailboxes(ARRAY[mailbox]);
    SELECT * INTO it FROM gatepost.mailboxes b WHERE b.id = mailbox;
    IF it.name = 'INBOX' THEN
        RAISE EXCEPTION 'INBOX cannot be deleted: mail arrives there' USING ERRCODE = 'invalid_name';
    END IF;
    IF it.subscribed THEN
        INSERT INTO gatepost.mailbox_subscriptions (account_id, name)
        VALUES (it.account_id, it.name) ON CONFLICT DO NOTHING;
    END IF;
    DELETE FROM gatepost.mailboxes b WHERE b.id = mailbox;
END $$;

-- With the mailboxes below it; `mailbox` NULL or 0: `name` is none itself, but has some below it.
-- INBOX stays, and so do those below it: its messages go into a new mailbox (RFC 9051 §6.3.6).
-- Old names stay subscribed to, as only the client may end that (§6.3.7), and the new ones are.
CREATE FUNCTION gatepost.rename_mailbox(account bigint, mailbox bigint, name text, new_name text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old CONSTANT text := gatepost.mailbox_name(rename_mailbox.name);
    new CONSTANT text := gatepost.mailbox_name(rename_mailbox.new_name);
    moved bigint[];   -- the mailbox and those below it
    made bigint;
BEGIN
    IF NOT coalesce(gatepost.mailbox_name_is_own(new), false) THEN
        RAISE EXCEPTION 'this cannot be a mailbox''s name' USING ERRCODE = 'invalid_name';
    END IF;
    IF starts_with(new, old || '/') AND old <> 'INBOX' THEN
        RAISE EXCEPTION 'a mailbox cannot be below itself' USING ERRCODE = 'invalid_name';
    END IF;
    PERFORM gatepost.lock_account(account);
    IF new = old OR EXISTS (SELECT FROM gatepost.mailboxes b
                            WHERE b.account_id = account AND b.name = new) THEN
        RAISE EXCEPTION 'there is a mailbox of this name' USING ERRCODE = 'unique_violation';
    END IF;
    SELECT array_agg(l.id) INTO moved FROM (
        SELECT b.id FROM gatepost.mailboxes b
        WHERE b.account_id = account AND (b.name = old OR starts_with(b.name, old || '/'))
        ORDER BY b.id FOR NO KEY UPDATE) AS l;
    IF moved IS NULL OR nullif(mailbox, 0) IS DISTINCT FROM
        (SELECT b.id FROM gatepost.mailboxes b WHERE b.account_id = account AND b.name = old) THEN
        RAISE EXCEPTION 'the mailbox is gone' USING ERRCODE = 'no_data_found';
    END IF;
    IF old = 'INBOX' AND nullif(mailbox, 0) IS NOT NULL THEN
        made := gatepost.create_mailbox(account, new, NULL);
        PERFORM gatepost.copy_messages(mailbox, '{1}', '{4294967295}', made, true);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM gatepost.mailboxes b
               WHERE b.id = ANY (moved)
                 AND octet_length(b.name) + octet_length(new) - octet_length(old) > 1000) THEN
        RAISE EXCEPTION 'the name of a mailbox below it would be too long'
            USING ERRCODE = 'invalid_name';
    END IF;
    IF EXISTS (SELECT FROM gatepost.mailboxes b JOIN gatepost.mailboxes o
                   ON o.account_id = account AND o.name = new || substr(b.name, length(old) + 1)
               WHERE b.id = ANY (moved)) THEN
        RAISE EXCEPTION 'there is a mailbox of the name that one below it would have'
            USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO gatepost.mailbox_subscriptions (account_id, name)
    SELECT account, b.name FROM gatepost.mailboxes b WHERE b.id = ANY (moved) AND b.subscribed
    ON CONFLICT DO NOTHING;
    WITH kept AS (
        DELETE FROM gatepost.mailbox_subscriptions s USING gatepost.mailboxes b
        WHERE b.id = ANY (moved) AND s.account_id = account
          AND s.name = new || substr(b.name, length(old) + 1)
        RETURNING b.id)
    UPDATE gatepost.mailboxes b
    SET name = new || substr(b.name, length(old) + 1),
        subscribed = b.subscribed OR b.id IN (SELECT k.id FROM kept k)
    WHERE b.id = ANY (moved);
END $$;

-- `name` as the account sees it; there need not be such a mailbox (RFC 9051 §6.3.7).
CREATE FUNCTION gatepost.subscribe_mailbox(account bigint, name text, subscribed boolean)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    subscriptions_max CONSTANT integer := 10000;  -- of an account: each LIST reads them all
    wanted CONSTANT text := gatepost.mailbox_name(subscribe_mailbox.name);
    is_wanted CONSTANT boolean := subscribe_mailbox.subscribed;
BEGIN
    IF NOT coalesce(gatepost.mailbox_name_is_valid(wanted), false) THEN
        RAISE EXCEPTION 'this cannot be a mailbox''s name' USING ERRCODE = 'invalid_name';
    END IF;
    PERFORM gatepost.lock_account(account);
    UPDATE gatepost.mailboxes b SET subscribed = is_wanted
    WHERE b.account_id = account AND b.name = wanted AND b.subscribed <> is_wanted;
    IF NOT is_wanted OR EXISTS (SELECT FROM gatepost.mailboxes b
                                WHERE b.account_id = account AND b.name = wanted) THEN
        DELETE FROM gatepost.mailbox_subscriptions s
        WHERE s.account_id = account AND s.name = wanted;
        RETURN;
    END IF;
    IF (SELECT count(*) FROM gatepost.mailbox_subscriptions s WHERE s.account_id = account)
        >= subscriptions_max THEN
        RAISE EXCEPTION 'an account subscribes to % names at most', subscriptions_max
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    INSERT INTO gatepost.mailbox_subscriptions (account_id, name) VALUES (account, wanted)
    ON CONFLICT DO NOTHING;
END $$;

-- The mailboxes as an account sees them: its own, those of others that it has any right on, and
-- names that it subscribes to and that are not there (mailbox_id NULL). Special uses are of one's
-- own mailboxes.
CREATE FUNCTION gatepost.list_mailboxes(account bigint)
    RETURNS TABLE (mailbox_id bigint, owner_id bigint, name text, special_use text,
                   subscribed boolean, rights integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH shared AS MATERIALIZED (
        SELECT b.id, b.account_id, 'Other Users/' || o.address || '/' || b.name AS name,
               bit_or(c.rights) AS rights
        FROM (SELECT e.mailbox_id, e.rights FROM gatepost.mailbox_acl e WHERE e.account_id = account
              UNION ALL
              SELECT e.mailbox_id, e.rights FROM gatepost.mailbox_acl e WHERE e.account_id IS NULL)
            AS c
        JOIN gatepost.mailboxes b ON b.id = c.mailbox_id AND b.account_id <> account
        JOIN gatepost.accounts o ON o.id = b.account_id AND o.state <> 'removed'
        GROUP BY b.id, o.address)
    SELECT b.id, b.account_id, b.name::text, b.special_use::text, b.subscribed, 2047
    FROM gatepost.mailboxes b WHERE b.account_id = account
    UNION ALL
    SELECT s.id, s.account_id, s.name, NULL,
           EXISTS (SELECT FROM gatepost.mailbox_subscriptions n
                   WHERE n.account_id = account AND n.name = s.name COLLATE "C"), s.rights
    FROM shared s
    UNION ALL
    SELECT NULL, NULL, n.name, NULL, true,
           CASE WHEN starts_with(n.name, 'Other Users/') THEN 1 ELSE 2047 END
    FROM gatepost.mailbox_subscriptions n
    WHERE n.account_id = account
      AND NOT EXISTS (SELECT FROM gatepost.mailboxes b
                      WHERE b.account_id = account AND b.name = n.name)
      AND NOT EXISTS (SELECT FROM shared s WHERE s.name COLLATE "C" = n.name);
END $$;

-- The accounts whose lists have a mailbox.
CREATE FUNCTION gatepost.mailbox_viewers(mailbox bigint) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM gatepost.mailbox_acl c
               WHERE c.mailbox_id = mailbox AND c.account_id IS NULL) THEN
        RETURN QUERY SELECT a.id FROM gatepost.accounts a;
    ELSE
        RETURN QUERY
            SELECT b.account_id FROM gatepost.mailboxes b WHERE b.id = mailbox
            UNION SELECT c.account_id FROM gatepost.mailbox_acl c WHERE c.mailbox_id = mailbox;
    END IF;
END $$;

-- ---- Beside the messages

-- Whose row an entry has: a mailbox's /shared entries are its owner's, whoever sets them.
CREATE FUNCTION gatepost.metadata_account(account bigint, mailbox bigint, entry text) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF mailbox IS NULL OR NOT starts_with(entry, '/shared/') THEN
        RETURN account;
    END IF;
    RETURN (SELECT b.account_id FROM gatepost.mailboxes b WHERE b.id = mailbox);
END $$;

-- The entries named, and those so many levels below them (-1: all; RFC 5464 §4.2.2), as an account
-- sees them. `mailbox` NULL or 0: the account's.
CREATE FUNCTION gatepost.get_metadata(account bigint, mailbox bigint, entries text[], depth integer)
    RETURNS TABLE (entry text, value bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    mailbox := nullif(mailbox, 0);
    RETURN QUERY
    SELECT d.entry::text, d.value FROM gatepost.mailbox_metadata d
    WHERE d.account_id IN (account, gatepost.metadata_account(account, mailbox, '/shared/'))
      AND d.mailbox_id IS NOT DISTINCT FROM mailbox
      AND d.account_id = gatepost.metadata_account(account, mailbox, d.entry)
      AND EXISTS (
          SELECT FROM unnest(entries) AS q (name)
          WHERE d.entry = q.name
             OR depth <> 0 AND starts_with(d.entry, rtrim(q.name, '/') || '/')
                AND (depth < 0 OR depth >= cardinality(string_to_array(
                    substr(d.entry, length(rtrim(q.name, '/')) + 2), '/'))))
    ORDER BY d.entry;
END $$;

-- Values NULL: the entry goes. All are set, or none.
CREATE FUNCTION gatepost.set_metadata(account bigint, mailbox bigint, entries text[], vals bytea[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    value_octets_max CONSTANT integer := 65536;  -- RFC 5464 §4.3: MAXSIZE
    entries_max CONSTANT integer := 1000;        -- of an account or a mailbox
    owner bigint;
BEGIN
    mailbox := nullif(mailbox, 0);
    IF EXISTS (SELECT FROM unnest(vals) AS v WHERE octet_length(v) > value_octets_max) THEN
        RAISE EXCEPTION 'a value has % octets at most', value_octets_max
            USING ERRCODE = 'statement_too_complex';
    END IF;
    IF EXISTS (SELECT FROM unnest(entries) AS e
               WHERE coalesce(e !~ '^/(private|shared)(/[^/*%[:cntrl:]]+)+$' OR e <> lower(e)
                              OR octet_length(e) > 1000, true)) THEN
        RAISE EXCEPTION 'this cannot be an entry''s name' USING ERRCODE = 'invalid_name';
    END IF;
    SELECT b.account_id INTO owner FROM gatepost.mailboxes b WHERE b.id = mailbox;
    PERFORM FROM gatepost.account_usage u WHERE u.account_id IN (account, owner)
    ORDER BY u.account_id FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM gatepost.account_usage u WHERE u.account_id = account)
       OR mailbox IS NOT NULL
          AND NOT EXISTS (SELECT FROM gatepost.mailboxes b WHERE b.id = mailbox) THEN
        RAISE EXCEPTION 'the account or mailbox is gone' USING ERRCODE = 'no_data_found';
    END IF;
    DELETE FROM gatepost.mailbox_metadata d USING unnest(entries) AS e (name)
    WHERE d.entry = e.name AND d.mailbox_id IS NOT DISTINCT FROM mailbox
      AND d.account_id = gatepost.metadata_account(account, mailbox, e.name);
    INSERT INTO gatepost.mailbox_metadata (account_id, mailbox_id, entry, value)
    SELECT gatepost.metadata_account(account, mailbox, n.name), mailbox, n.name, n.value
    FROM (SELECT DISTINCT ON (e.name) e.name, e.value
          FROM unnest(entries, vals) WITH ORDINALITY AS e (name, value, n)
          ORDER BY e.name, e.n DESC) AS n
    WHERE n.value IS NOT NULL;
    IF (SELECT count(*) FROM gatepost.mailbox_metadata d
        WHERE d.account_id = account AND d.mailbox_id IS NOT DISTINCT FROM mailbox) > entries_max
       OR mailbox IS NOT NULL AND (
        SELECT count(*) FROM gatepost.mailbox_metadata d
        WHERE d.account_id = owner AND d.mailbox_id = mailbox) > entries_max THEN
        RAISE EXCEPTION 'there are % entries at most', entries_max
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
END $$;

-- Addresses of accounts, and "anyone"; the owner, who has all rights, comes first.
CREATE FUNCTION gatepost.get_acl(mailbox bigint) RETURNS TABLE (identifier text, rights integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.identifier, r.rights FROM (
        SELECT a.address::text AS identifier, 2047 AS rights, 0 AS place
        FROM gatepost.mailboxes b JOIN gatepost.accounts a ON a.id = b.account_id
        WHERE b.id = mailbox
        UNION ALL
        SELECT CASE WHEN c.account_id IS NULL THEN 'anyone' ELSE a.address END, c.rights, 1
        FROM gatepost.mailbox_acl c LEFT JOIN gatepost.accounts a ON a.id = c.account_id
        WHERE c.mailbox_id = mailbox) AS r
    WHERE r.identifier IS NOT NULL ORDER BY r.place, r.identifier COLLATE "C";
END $$;

-- Rights are added (0), removed (1) or replaced (2; none: the entry goes).
CREATE FUNCTION gatepost.set_acl(mailbox bigint, identifier text, action integer, rights integer)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entries_max CONSTANT integer := 1000;  -- of a mailbox
    given CONSTANT integer := set_acl.rights;
    who bigint;
    owner bigint;
    had integer;
    has integer;
BEGIN
    PERFORM gatepost.lock_mailboxes(ARRAY[mailbox]);
    SELECT b.account_id INTO owner FROM gatepost.mailboxes b WHERE b.id = mailbox;
    IF identifier <> 'anyone' THEN
        SELECT a.id INTO who FROM gatepost.accounts a WHERE a.address = lower(identifier);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no account %', identifier USING ERRCODE = 'no_data_found';
        END IF;
    END IF;
    IF who = owner THEN
        RAISE EXCEPTION 'the owner of a mailbox has all rights' USING ERRCODE = 'invalid_name';
    END IF;
    SELECT c.rights INTO had FROM gatepost.mailbox_acl c
    WHERE c.mailbox_id = mailbox AND c.account_id IS NOT DISTINCT FROM who;
    had := coalesce(had, 0);
    has := CASE action WHEN 0 THEN had | given WHEN 1 THEN had & ~given ELSE given END;
    IF has = had THEN
        RETURN;
    ELSIF has = 0 THEN
        DELETE FROM gatepost.mailbox_acl c
        WHERE c.mailbox_id = mailbox AND c.account_id IS NOT DISTINCT FROM who;
    ELSIF had <> 0 THEN
        UPDATE gatepost.mailbox_acl c SET rights = has
        WHERE c.mailbox_id = mailbox AND c.account_id IS NOT DISTINCT FROM who;
    ELSIF (SELECT count(*) FROM gatepost.mailbox_acl c WHERE c.mailbox_id = mailbox) >= entries_max
    THEN
        RAISE EXCEPTION 'a mailbox is shared with % at most', entries_max
            USING ERRCODE = 'program_limit_exceeded';
    ELSE
        INSERT INTO gatepost.mailbox_acl (mailbox_id, account_id, rights)
        VALUES (mailbox, who, has);
    END IF;
END $$;

-- Octets and messages of an account, and how many it may have; 0: any (RFC 9208).
CREATE FUNCTION gatepost.get_quota(account bigint)
    RETURNS TABLE (bytes bigint, bytes_max bigint, messages bigint, messages_max bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT u.bytes, a.quota_bytes, u.messages, a.quota_messages
        FROM gatepost.accounts a JOIN gatepost.account_usage u ON u.account_id = a.id
        WHERE a.id = account;
END $$;

-- ---- Imports

-- Gives messages that were delivered to a mailbox's account the flags, dates (NULL: as they are) and
-- keywords (joined by blanks) that they had elsewhere, and puts them into the mailbox, in the order
-- of the arrays; gives how many. Those that are not there any more are left out.
CREATE FUNCTION gatepost.file_messages(mailbox bigint, blobs uuid[], flags integer[],
                                       dates timestamptz[], keywords text[])
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp, gatepost_counts AS $$
#variable_conflict use_column
DECLARE
    goal gatepost.mailboxes;
    filed bigint;
BEGIN
    SELECT * INTO goal FROM gatepost.mailboxes b WHERE b.id = mailbox;
    PERFORM FROM gatepost.account_usage u WHERE u.account_id = goal.account_id FOR NO KEY UPDATE;
    PERFORM gatepost.lock_mailboxes(ARRAY(
        SELECT mailbox UNION SELECT m.mailbox_id FROM gatepost.messages m
        WHERE m.blob_id = ANY (blobs) AND m.account_id = goal.account_id));
    FOR n IN 1 .. coalesce(cardinality(blobs), 0) LOOP
        IF keywords[n] <> '' THEN
            keywords[n] := array_to_string(gatepost.admit_keywords(
                mailbox, string_to_array(keywords[n], ' ')), ' ');
        END IF;
    END LOOP;
    SELECT * INTO goal FROM gatepost.mailboxes b WHERE b.id = mailbox;
    WITH found AS MATERIALIZED (
        SELECT m.mailbox_id, m.uid, m.size, m.blob_id, m.flags AS old_flags, g.flags, g.keywords,
               g.date, m.mailbox_id <> mailbox AS moves, b.highest_modseq AS old_modseq,
               row_number() OVER (PARTITION BY m.mailbox_id <> mailbox ORDER BY g.n) AS place
        FROM unnest(blobs, flags, dates, keywords) WITH ORDINALITY
            AS g (blob_id, flags, date, keywords, n)
        JOIN gatepost.messages m ON m.blob_id = g.blob_id AND m.account_id = goal.account_id
        JOIN gatepost.mailboxes b ON b.id = m.mailbox_id),
    moved AS (
        UPDATE gatepost.messages m
        SET mailbox_id = mailbox, modseq = goal.highest_modseq + 1, flags = f.flags,
            uid = CASE WHEN f.moves THEN goal.uid_next + f.place - 1 ELSE m.uid END,
            keywords = string_to_array(nullif(f.keywords, ''), ' '),
            internal_date = coalesce(f.date, m.internal_date)
        FROM found f WHERE m.mailbox_id = f.mailbox_id AND m.uid = f.uid),
    -- Without its account: the delivery is known by the message itself.
    gone AS (
        INSERT INTO gatepost.expunged (mailbox_id, uid, modseq, blob_id)
        SELECT f.mailbox_id, f.uid, f.old_modseq + 1, f.blob_id FROM found f WHERE f.moves),
    deltas AS (
        SELECT f.mailbox_id AS id, -count(*) AS messages, -sum(f.size) AS bytes, 0 AS uids,
               -count(*) FILTER (WHERE f.old_flags & 1 = 0) AS unseen,
               -count(*) FILTER (WHERE f.old_flags & 8 <> 0) AS deleted
        FROM found f WHERE f.moves GROUP BY f.mailbox_id
        UNION ALL
        SELECT mailbox, count(*) FILTER (WHERE f.moves),
               coalesce(sum(f.size) FILTER (WHERE f.moves), 0), count(*) FILTER (WHERE f.moves),
               count(*) FILTER (WHERE f.flags & 1 = 0)
                   - count(*) FILTER (WHERE NOT f.moves AND f.old_flags & 1 = 0),
               count(*) FILTER (WHERE f.flags & 8 <> 0)
                   - count(*) FILTER (WHERE NOT f.moves AND f.old_flags & 8 <> 0)
        FROM found f HAVING count(*) > 0),
    counted AS (
        UPDATE gatepost.mailboxes b
        SET message_count = b.message_count + d.messages, byte_count = b.byte_count + d.bytes,
            uid_next = b.uid_next + d.uids, highest_modseq = b.highest_modseq + 1,
            unseen_count = b.unseen_count + d.unseen, deleted_count = b.deleted_count + d.deleted
        FROM deltas d WHERE b.id = d.id)
    SELECT count(*) INTO filed FROM found;
    RETURN filed;
END $$;

REVOKE ALL ON FUNCTION gatepost.lock_account, gatepost.create_mailbox, gatepost.delete_mailbox,
    gatepost.rename_mailbox, gatepost.subscribe_mailbox, gatepost.list_mailboxes,
    gatepost.mailbox_viewers, gatepost.metadata_account, gatepost.get_metadata,
    gatepost.set_metadata, gatepost.get_acl, gatepost.set_acl, gatepost.get_quota,
    gatepost.file_messages FROM PUBLIC;

-- Mailboxes and the messages in them, and the one function by which accepted mail gets there.
--
-- Locks: whoever adds or removes messages, mailboxes or both locks the rows of account_usage first,
-- in the order of the account, then the rows of mailboxes, in the order of the id. UIDs are assigned
-- under these locks, so that they become visible in their order.

-- RFC 9051 §5.1.2: levels are separated by "/"; INBOX is the same in any case.
CREATE FUNCTION gatepost.mailbox_name_is_valid(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN octet_length(name) BETWEEN 1 AND 1000 AND name !~ '[[:cntrl:]]'
        AND name !~ '(^|/)(/|$)' AND (lower(name) <> 'inbox' OR name = 'INBOX');

-- Rises by one at least each time, and is never behind the seconds since 1970: no mailbox gets the
-- number of one of the same name before it (RFC 9051 §2.3.1.1), also after the database was restored
-- from an older state.
CREATE SEQUENCE gatepost.uid_validity AS bigint MAXVALUE 4294967295;
CREATE FUNCTION gatepost.next_uid_validity() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lock CONSTANT bigint := 7306098452736671596;
    least CONSTANT bigint := floor(extract(epoch FROM clock_timestamp()));
    number bigint;
BEGIN
    -- Not until the transaction ends: it guards no more than these lines.
    PERFORM pg_advisory_lock(lock);
    number := nextval('gatepost.uid_validity');
    IF number < least THEN
        number := setval('gatepost.uid_validity', least);
    END IF;
    PERFORM pg_advisory_unlock(lock);
    RETURN number;
END $$;

CREATE TABLE gatepost.mailboxes (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    uid_validity    bigint NOT NULL DEFAULT gatepost.next_uid_validity()
                    CHECK (uid_validity BETWEEN 1 AND 4294967295),
    uid_next        bigint NOT NULL DEFAULT 1 CHECK (uid_next BETWEEN 1 AND 4294967296),
    highest_modseq  bigint NOT NULL DEFAULT 1 CHECK (highest_modseq >= 1),
    message_count   bigint NOT NULL DEFAULT 0 CHECK (message_count >= 0),
    byte_count      bigint NOT NULL DEFAULT 0 CHECK (byte_count >= 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    subscribed      boolean NOT NULL DEFAULT true,
    special_use     text COLLATE "C" CHECK (special_use IN
                        ('\All', '\Archive', '\Drafts', '\Flagged', '\Junk', '\Sent', '\Trash')),
    name            text COLLATE "C" NOT NULL CHECK (gatepost.mailbox_name_is_valid(name)),
    CONSTRAINT mailboxes_name UNIQUE (account_id, name)
) WITH (fillfactor = 50);  -- each delivery updates a row in place
CREATE UNIQUE INDEX mailboxes_special_use ON gatepost.mailboxes (account_id, special_use)
    WHERE special_use IS NOT NULL;
COMMENT ON TABLE gatepost.mailboxes IS
    'Mailboxes (RFC 9051 §2.3). Their messages are in gatepost.messages, and go with them.';
COMMENT ON COLUMN gatepost.mailboxes.name IS 'UTF-8, "/" between the levels; INBOX in upper case.';
COMMENT ON COLUMN gatepost.mailboxes.special_use IS 'RFC 6154 §2; NULL: an ordinary mailbox.';
COMMENT ON COLUMN gatepost.mailboxes.highest_modseq IS
    'RFC 7162 §3.1.2.1. What one transaction changes in a mailbox has one number.';

CREATE TABLE gatepost.messages (
    mailbox_id     bigint NOT NULL,
    uid            bigint NOT NULL CHECK (uid BETWEEN 1 AND 4294967295),
    modseq         bigint NOT NULL,
    account_id     bigint,
    blob_id        uuid NOT NULL,
    size           bigint NOT NULL CHECK (size >= 0),
    position       bigint NOT NULL CHECK (position >= 0),
    segment        bigint NOT NULL CHECK (segment >= 0),
    internal_date  timestamptz NOT NULL,
    save_date      timestamptz NOT NULL DEFAULT now(),
    edge           integer NOT NULL DEFAULT 0,
    flags          integer NOT NULL DEFAULT 0 CHECK (flags BETWEEN 0 AND 31),
    keywords       text[] COLLATE "C",
    message_id     text NOT NULL DEFAULT '',
    subject        text NOT NULL DEFAULT '',
    sender         text NOT NULL DEFAULT '',
    summary        bytea NOT NULL DEFAULT '',
    PRIMARY KEY (mailbox_id, uid),
    CONSTRAINT messages_delivery UNIQUE (blob_id, account_id)
) WITH (fillfactor = 90);  -- flags change in place
COMMENT ON TABLE gatepost.messages IS
    'A message in a mailbox. mailbox_id is no foreign key, which would cost a query a row: triggers '
    'of gatepost.mailboxes delete the messages with it.';
COMMENT ON COLUMN gatepost.messages.account_id IS
    'Whom it was delivered to: a message is delivered to an account once. NULL for what came into '
    'the mailbox in another way.';
COMMENT ON COLUMN gatepost.messages.blob_id IS
    'Names the octets for ever; edge, segment and position are where they lie now.';
COMMENT ON COLUMN gatepost.messages.size IS 'Octets (RFC822.SIZE).';
COMMENT ON COLUMN gatepost.messages.internal_date IS 'INTERNALDATE: when it was received.';
COMMENT ON COLUMN gatepost.messages.save_date IS 'SAVEDATE (RFC 8514): when it came here.';
COMMENT ON COLUMN gatepost.messages.flags IS
    'The sum of 1 \Seen, 2 \Answered, 4 \Flagged, 8 \Deleted, 16 \Draft.';
COMMENT ON COLUMN gatepost.messages.keywords IS 'Flags without "\"; NULL: none.';
COMMENT ON COLUMN gatepost.messages.summary IS
    'Structure and header fields, worked out when it came. Empty: nothing is known.';

CREATE TABLE gatepost.expunged (
    mailbox_id  bigint NOT NULL,
    uid         bigint NOT NULL,
    modseq      bigint NOT NULL,
    account_id  bigint,
    blob_id     uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mailbox_id, uid)
);
CREATE INDEX expunged_delivery ON gatepost.expunged (blob_id, account_id)
    WHERE account_id IS NOT NULL;
COMMENT ON TABLE gatepost.expunged IS
    'Messages that are gone: for QRESYNC (RFC 7162 §3.2), and so that a delivery that is repeated '
    'after a crash does not bring one back. Old rows may be deleted.';

CREATE TABLE gatepost.account_usage (
    account_id  bigint PRIMARY KEY REFERENCES gatepost.accounts ON DELETE CASCADE,
    bytes       bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    messages    bigint NOT NULL DEFAULT 0 CHECK (messages >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE gatepost.account_usage IS
    'What the mailboxes of an account hold. Its row lock is the lock of all of them.';

CREATE TABLE gatepost.outbound (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    blob_id            uuid NOT NULL,
    edge               integer NOT NULL DEFAULT 0,
    segment            bigint NOT NULL,
    position           bigint NOT NULL,
    size               bigint NOT NULL CHECK (size >= 0),
    sender             text NOT NULL,
    sender_account_id  bigint,
    recipient          text NOT NULL CHECK (recipient <> ''),
    address            text NOT NULL DEFAULT '',
    original           text NOT NULL DEFAULT '',
    notify             integer NOT NULL DEFAULT 0 CHECK (notify BETWEEN 0 AND 15),
    envid              text NOT NULL DEFAULT '',
    ret                text COLLATE "C" NOT NULL DEFAULT '' CHECK (ret IN ('', 'FULL', 'HDRS')),
    body               text COLLATE "C" NOT NULL DEFAULT '7BIT'
                       CHECK (body IN ('7BIT', '8BITMIME', 'BINARYMIME')),
    smtputf8           boolean NOT NULL DEFAULT false,
    state              text COLLATE "C" NOT NULL DEFAULT 'held'
                       CHECK (state IN ('held', 'ready', 'leased', 'delivered', 'failed')),
    held_reason        text NOT NULL DEFAULT '',
    lease_id           uuid,
    lease_expires_at   timestamptz,
    attempts           integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_error         text NOT NULL DEFAULT '',
    created_at         timestamptz NOT NULL DEFAULT now(),
    expires_at         timestamptz NOT NULL DEFAULT now() + interval '5 days',
    CONSTRAINT outbound_delivery UNIQUE (blob_id, recipient),
    CONSTRAINT outbound_lease CHECK
        ((state = 'leased') = (lease_id IS NOT NULL AND lease_expires_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX outbound_state ON gatepost.outbound (state, id)
    WHERE state IN ('held', 'ready', 'leased');
COMMENT ON TABLE gatepost.outbound IS
    'Mail that goes to other systems, one row for each recipient.';
COMMENT ON COLUMN gatepost.outbound.sender IS 'The reverse-path; empty: the null reverse-path.';
COMMENT ON COLUMN gatepost.outbound.recipient IS 'Where it is sent.';
COMMENT ON COLUMN gatepost.outbound.address IS
    'What the client gave: another one than the recipient where an alias leads out.';
COMMENT ON COLUMN gatepost.outbound.original IS 'ORCPT (RFC 3461 §4.2).';
COMMENT ON COLUMN gatepost.outbound.notify IS
    'NOTIFY (RFC 3461 §4.1): the sum of 1 NEVER, 2 SUCCESS, 4 FAILURE, 8 DELAY; 0: not given.';
COMMENT ON COLUMN gatepost.outbound.state IS 'held: nobody sends it until it is released.';

CREATE TABLE gatepost.undeliverable (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    blob_id     uuid NOT NULL,
    edge        integer NOT NULL DEFAULT 0,
    segment     bigint NOT NULL,
    position    bigint NOT NULL,
    size        bigint NOT NULL,
    account_id  bigint NOT NULL,
    sender      text NOT NULL,
    recipient   text NOT NULL,
    reason      text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT undeliverable_delivery UNIQUE (blob_id, account_id)
);
COMMENT ON TABLE gatepost.undeliverable IS
    'Mail that was accepted, and whose account was gone when it was to be delivered: kept for a '
    'person to decide. It goes with its row.';

-- ---- Quotas

CREATE FUNCTION gatepost.is_over_quota(quota_bytes bigint, quota_messages bigint, bytes bigint,
                                       messages bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (quota_bytes > 0 AND bytes >= quota_bytes)
        OR (quota_messages > 0 AND messages >= quota_messages);

-- SECURITY DEFINER here and below: whoever writes accounts or mailboxes needs no right to write the
-- tables that follow them.
CREATE FUNCTION gatepost.account_usage_after_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE gatepost.accounts a SET over_quota = NOT a.over_quota
    FROM now_used u
    WHERE a.id = u.account_id AND a.over_quota <> gatepost.is_over_quota(
        a.quota_bytes, a.quota_messages, u.bytes, u.messages);
    RETURN NULL;
END $$;

CREATE TRIGGER account_usage_after_update AFTER UPDATE ON gatepost.account_usage
    REFERENCING NEW TABLE AS now_used
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.account_usage_after_update();

CREATE FUNCTION gatepost.account_quota_before_update() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT gatepost.is_over_quota(NEW.quota_bytes, NEW.quota_messages, u.bytes, u.messages)
    INTO NEW.over_quota
    FROM gatepost.account_usage u WHERE u.account_id = NEW.id;
    NEW.over_quota := coalesce(NEW.over_quota, false);
    RETURN NEW;
END $$;

CREATE TRIGGER account_quota_before_update
    BEFORE UPDATE OF quota_bytes, quota_messages ON gatepost.accounts
    FOR EACH ROW EXECUTE FUNCTION gatepost.account_quota_before_update();

-- ---- Mailboxes of an account

-- Those that an account has from its beginning.
CREATE FUNCTION gatepost.default_mailboxes() RETURNS TABLE (name text, special_use text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    VALUES ('INBOX', NULL), ('Sent', '\Sent'), ('Drafts', '\Drafts'), ('Junk', '\Junk'),
           ('Trash', '\Trash'), ('Archive', '\Archive');
END;

CREATE FUNCTION gatepost.account_mailboxes_after_insert() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gatepost.account_usage (account_id) VALUES (NEW.id);
    INSERT INTO gatepost.mailboxes (account_id, name, special_use)
    SELECT NEW.id, d.name, d.special_use FROM gatepost.default_mailboxes() d;
    RETURN NULL;
END $$;

CREATE TRIGGER account_mailboxes_after_insert AFTER INSERT ON gatepost.accounts
    FOR EACH ROW EXECUTE FUNCTION gatepost.account_mailboxes_after_insert();

INSERT INTO gatepost.account_usage (account_id) SELECT id FROM gatepost.accounts;
INSERT INTO gatepost.mailboxes (account_id, name, special_use)
SELECT a.id, d.name, d.special_use FROM gatepost.accounts a CROSS JOIN gatepost.default_mailboxes() d;

-- The messages of mailboxes that were deleted. What was delivered leaves a trace: its delivery may
-- not be known to be done yet.
CREATE FUNCTION gatepost.mailboxes_after_delete() RETURNS trigger
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

CREATE TRIGGER mailboxes_after_delete AFTER DELETE ON gatepost.mailboxes
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.mailboxes_after_delete();

CREATE TRIGGER mailboxes_refuse_truncate BEFORE TRUNCATE ON gatepost.mailboxes
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();
CREATE TRIGGER messages_refuse_truncate BEFORE TRUNCATE ON gatepost.messages
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.refuse_truncate();

-- ---- Delivery

-- The mailbox that a delivery is filed into: its name, or "\Junk" for the one with that use. What
-- cannot be a mailbox's name leads to INBOX, as nothing that was accepted is refused any more.
CREATE FUNCTION gatepost.delivery_mailbox(account bigint, folder text) RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE
        WHEN starts_with(folder, '\') THEN coalesce(
            (SELECT m.name FROM gatepost.mailboxes m
             WHERE m.account_id = account AND m.special_use = folder),
            (SELECT d.name FROM gatepost.default_mailboxes() d WHERE d.special_use = folder),
            'INBOX')
        WHEN gatepost.mailbox_name_is_valid(folder) THEN folder
        ELSE 'INBOX' END;

-- Notes the recipients whose accounts are gone; gives their numbers. What such an account got while
-- it was there is delivered.
CREATE FUNCTION gatepost.refuse_delivery(
    edge integer, blobs uuid[], segments bigint[], positions bigint[], sizes bigint[],
    reverse_paths text[], places integer[], accounts bigint[], addresses text[], live bigint[])
    RETURNS SETOF integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    dead integer[];
BEGIN
    SELECT array_agg(r.n) INTO dead
    FROM unnest(accounts) WITH ORDINALITY AS r (account, n)
    WHERE r.account IS NOT NULL AND r.account <> ALL (coalesce(live, '{}'))
      AND NOT EXISTS (SELECT FROM gatepost.messages m
                      WHERE m.blob_id = blobs[places[r.n]] AND m.account_id = r.account);
    INSERT INTO gatepost.undeliverable (blob_id, edge, segment, position, size, account_id, sender,
                                        recipient, reason)
    SELECT blobs[places[n]], edge, segments[places[n]], positions[places[n]], sizes[places[n]],
           accounts[n], reverse_paths[places[n]], addresses[n], 'the account was removed'
    FROM unnest(dead) AS d (n)
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT unnest(dead);
END $$;

-- Delivers messages to recipients in one transaction, those of other systems into gatepost.outbound.
-- The first arrays have an element for each message, those from `places` on for each recipient,
-- whose place is the number of its message; `accounts` is NULL for those of other systems. Gives a
-- row for each recipient whose message was put into a mailbox now, or whose account is gone
-- (mailbox NULL); for the others the delivery had happened before.
--
-- Written so that the plan does not depend on statistics: nested loops over indexes, whatever the
-- sizes of tables were when it was made.
CREATE FUNCTION gatepost.deliver(
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
REVOKE ALL ON FUNCTION gatepost.refuse_delivery FROM PUBLIC;
REVOKE ALL ON FUNCTION gatepost.deliver FROM PUBLIC;

-- ---- Logins

-- Notes logins that succeeded: times, and a hash of a better scheme where the one that was verified
-- (`old_hashes`) is still there; no new one: ''. A time is written once in ten minutes, as each
-- change of a row goes to all edges.
CREATE FUNCTION gatepost.note_logins(accounts bigint[], credentials bigint[], old_hashes text[],
                                     new_hashes text[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE gatepost.accounts a SET last_login_at = now()
    WHERE a.id = ANY (accounts)
      AND coalesce(a.last_login_at < now() - interval '10 minutes', true);
    UPDATE gatepost.credentials c SET last_used_at = now()
    WHERE c.id = ANY (credentials)
      AND coalesce(c.last_used_at < now() - interval '10 minutes', true);
    UPDATE gatepost.credentials c SET hash = r.new_hash
    FROM (SELECT DISTINCT ON (q.id) q.id, q.old_hash, q.new_hash
          FROM unnest(credentials, old_hashes, new_hashes) AS q (id, old_hash, new_hash)
          WHERE q.new_hash <> '' ORDER BY q.id) AS r
    WHERE c.id = r.id AND c.hash = r.old_hash;
END $$;
REVOKE ALL ON FUNCTION gatepost.note_logins FROM PUBLIC;

-- Puts attempts to log in that failed into the audit log, one row for each element.
CREATE FUNCTION gatepost.note_auth_failures(services text[], names text[], addresses text[],
                                            reasons text[], counts bigint[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO gatepost.audit_log (actor, service, action, resource, address, success, error, data)
    SELECT r.name, r.service, 'login', r.name, nullif(r.address, '')::inet, false, r.reason,
           CASE WHEN r.attempts > 1 THEN jsonb_build_object('attempts', r.attempts) END
    FROM unnest(services, names, addresses, reasons, counts)
        AS r (service, name, address, reason, attempts);
END $$;
REVOKE ALL ON FUNCTION gatepost.note_auth_failures FROM PUBLIC;

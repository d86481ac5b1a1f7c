-- Access keys of mailboxes: what URLs of their messages are signed with (RFC 4467).
--
-- Errors by SQLSTATE: P0002 not there.

-- mailbox_id is no foreign key: updates of counters would pay for it. The trigger below deletes the
-- keys of a mailbox with it.
CREATE TABLE gatepost.mailbox_url_keys (
    account_id  bigint NOT NULL REFERENCES gatepost.accounts ON DELETE CASCADE,
    mailbox_id  bigint NOT NULL,
    key         bytea NOT NULL CHECK (octet_length(key) = 32),
    PRIMARY KEY (account_id, mailbox_id)
);
CREATE INDEX mailbox_url_keys_mailbox ON gatepost.mailbox_url_keys (mailbox_id);
COMMENT ON TABLE gatepost.mailbox_url_keys IS
    'Who reads a key can sign URLs of all messages that its account may read in its mailbox.';
COMMENT ON COLUMN gatepost.mailbox_url_keys.account_id IS
    'Whose key it is: each account that may read a mailbox has one of its own (RFC 4467 §2.2).';
COMMENT ON COLUMN gatepost.mailbox_url_keys.key IS 'Has 244 random bits.';
REVOKE ALL ON gatepost.mailbox_url_keys FROM PUBLIC;

CREATE FUNCTION gatepost.mailbox_url_keys_after_delete() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM gatepost.mailbox_url_keys k USING gone g WHERE k.mailbox_id = g.id;
    RETURN NULL;
END $$;

CREATE TRIGGER mailbox_url_keys_after_delete AFTER DELETE ON gatepost.mailboxes
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION gatepost.mailbox_url_keys_after_delete();

-- RFC 4467 §2.2: 128 bits at least, that nobody can guess. Each of the two is 122 of the operating
-- system's.
CREATE FUNCTION gatepost.new_url_key() RETURNS bytea
    LANGUAGE sql VOLATILE
    RETURN uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

-- Keeps an account and a mailbox from being deleted until the end of the transaction; P0002 where one
-- is gone. The account first, as whoever deletes it does.
CREATE FUNCTION gatepost.hold_mailbox(account bigint, mailbox bigint) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM gatepost.accounts a WHERE a.id = account FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the account is gone' USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM FROM gatepost.mailboxes b WHERE b.id = mailbox FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the mailbox is gone' USING ERRCODE = 'no_data_found';
    END IF;
END $$;

-- The key that an account has for a mailbox; made where there is none.
CREATE FUNCTION gatepost.make_url_key(account bigint, mailbox bigint) RETURNS bytea
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_key bytea;
BEGIN
    PERFORM gatepost.hold_mailbox(account, mailbox);
    SELECT k.key INTO found_key FROM gatepost.mailbox_url_keys k
    WHERE k.account_id = account AND k.mailbox_id = mailbox;
    IF FOUND THEN
        RETURN found_key;
    END IF;
    -- Whoever comes at the same time gets the same one.
    INSERT INTO gatepost.mailbox_url_keys AS k (account_id, mailbox_id, key)
    VALUES (account, mailbox, gatepost.new_url_key())
    ON CONFLICT (account_id, mailbox_id) DO UPDATE SET key = k.key
    RETURNING k.key INTO found_key;
    RETURN found_key;
END $$;

-- Another key in the place of the one that there is; `mailbox` NULL: all of the account's go. What
-- was signed with them is of no use any more.
CREATE FUNCTION gatepost.reset_url_keys(account bigint, mailbox bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF mailbox IS NULL THEN
        DELETE FROM gatepost.mailbox_url_keys k WHERE k.account_id = account;
        RETURN;
    END IF;
    PERFORM gatepost.hold_mailbox(account, mailbox);
    INSERT INTO gatepost.mailbox_url_keys (account_id, mailbox_id, key)
    VALUES (account, mailbox, gatepost.new_url_key())
    ON CONFLICT (account_id, mailbox_id) DO UPDATE SET key = excluded.key;
END $$;

-- The mailbox that a URL of an account names, as that account sees it, and the key for it; no row
-- where there is none, or where the account may not read it (any more): a URL gives what its owner
-- may read at that moment (RFC 4467, URLFETCH).
CREATE FUNCTION gatepost.find_url_key(owner text, name text)
    RETURNS TABLE (mailbox_id bigint, key bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    right_read CONSTANT integer := 2;
    wanted CONSTANT text := gatepost.mailbox_name(find_url_key.name);
    account bigint;
BEGIN
    SELECT a.id INTO account FROM gatepost.accounts a
    WHERE a.address = lower(owner) AND a.state = 'active';
    IF account IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT k.mailbox_id, k.key
    FROM gatepost.mailboxes b JOIN gatepost.mailbox_url_keys k ON k.mailbox_id = b.id
    WHERE b.account_id = account AND b.name = wanted AND k.account_id = account;
    IF FOUND OR NOT starts_with(wanted, 'Other Users/') THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT k.mailbox_id, k.key
    FROM gatepost.mailbox_url_keys k
    JOIN gatepost.mailboxes b ON b.id = k.mailbox_id AND b.account_id <> account
    JOIN gatepost.accounts o ON o.id = b.account_id AND o.state <> 'removed'
    WHERE k.account_id = account AND 'Other Users/' || o.address || '/' || b.name = wanted
      AND EXISTS (SELECT FROM gatepost.mailbox_acl c
                  WHERE c.mailbox_id = b.id AND c.rights & right_read <> 0
                    AND (c.account_id = account OR c.account_id IS NULL));
END $$;

REVOKE ALL ON FUNCTION gatepost.new_url_key, gatepost.hold_mailbox, gatepost.make_url_key,
    gatepost.reset_url_keys, gatepost.find_url_key FROM PUBLIC;

-- Whoever may append, may do this.
SELECT gatepost.grant_as('gatepost.append_messages',
    '{gatepost.make_url_key,gatepost.reset_url_keys,gatepost.find_url_key}');

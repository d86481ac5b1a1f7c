-- Annotations, sharing, and subscriptions to what is not there are lost with this.
ALTER PUBLICATION gatepost DROP TABLE gatepost.mailbox_acl, gatepost.mailbox_subscriptions;
DROP FUNCTION gatepost.file_messages;
DROP FUNCTION gatepost.get_quota;
DROP FUNCTION gatepost.set_acl;
DROP FUNCTION gatepost.get_acl;
DROP FUNCTION gatepost.set_metadata;
DROP FUNCTION gatepost.get_metadata;
DROP FUNCTION gatepost.metadata_account;
DROP FUNCTION gatepost.mailbox_viewers;
DROP FUNCTION gatepost.list_mailboxes;
DROP FUNCTION gatepost.subscribe_mailbox;
DROP FUNCTION gatepost.rename_mailbox;
DROP FUNCTION gatepost.delete_mailbox;
DROP FUNCTION gatepost.create_mailbox;
DROP FUNCTION gatepost.lock_account;

-- As it was in 011.
CREATE OR REPLACE FUNCTION gatepost.delivery_mailbox(account bigint, folder text) RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE
        WHEN starts_with(folder, '\') THEN coalesce(
            (SELECT m.name FROM gatepost.mailboxes m
             WHERE m.account_id = account AND m.special_use = folder),
            (SELECT d.name FROM gatepost.default_mailboxes() d WHERE d.special_use = folder),
            'INBOX')
        WHEN gatepost.mailbox_name_is_valid(folder) THEN folder
        ELSE 'INBOX' END;


DROP FUNCTION gatepost.mailbox_name_is_own;
DROP FUNCTION gatepost.mailbox_name;
DROP TRIGGER mailbox_belongings_after_delete ON gatepost.mailboxes;
DROP FUNCTION gatepost.mailbox_belongings_after_delete;
DROP TABLE gatepost.mailbox_metadata;
DROP TABLE gatepost.mailbox_acl;
DROP TABLE gatepost.mailbox_subscriptions;

DROP FUNCTION gatepost.find_url_key, gatepost.reset_url_keys, gatepost.make_url_key, gatepost.hold_mailbox,
    gatepost.new_url_key;
DROP TRIGGER mailbox_url_keys_after_delete ON gatepost.mailboxes;
DROP FUNCTION gatepost.mailbox_url_keys_after_delete;
DROP TABLE gatepost.mailbox_url_keys;

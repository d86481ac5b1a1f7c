// An envelope with every field set.
#pragma once

#include "storage/spool/envelope.h"

namespace gatepost::storage {

inline Envelope sample_envelope() {
    Envelope envelope;
    envelope.id = {0x017f22e279b07cc3, 0x98c4dc0c0c07398f};
    envelope.received_us = 1'760'000'000'123'456;
    envelope.reverse_path = "sender@example.org";
    envelope.body = BodyKind::eight_bit_mime;
    envelope.smtputf8 = true;
    envelope.envid = "QQ314159";
    envelope.dsn_return = DsnReturn::headers;
    envelope.sender_account_id = 42;
    envelope.client = "2001:db8::25";
    envelope.helo = "mx.example.org";
    envelope.session = "7f3a-12";
    envelope.score = -7;
    envelope.rules = {"FROM_KNOWN", "SIZE_SMALL"};
    envelope.recipients.push_back({.address = "Anna+lists@example.com",
                                   .original = "rfc822;anna@example.com",
                                   .notify = kNotifySuccess | kNotifyFailure,
                                   .kind = RecipientKind::account,
                                   .account_id = 1001,
                                   .target = "anna@example.com",
                                   .folder = "Lists/gatepost"});
    envelope.recipients.push_back({.address = "all@example.com",
                                   .original = "",
                                   .notify = kNotifyNever,
                                   .kind = RecipientKind::external,
                                   .account_id = 0,
                                   .target = "bert@example.net",
                                   .folder = ""});
    return envelope;
}

}  // namespace gatepost::storage

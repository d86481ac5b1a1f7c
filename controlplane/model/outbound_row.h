// A row of gatepost.outbound as text of SQL, and read. Private to outbound*.cc.
#pragma once

#include "controlplane/model/outbound.h"
#include "controlplane/pg/result.h"

namespace gatepost::controlplane {

inline constexpr const char* kOutboundColumns =
    "o.id, o.blob_id, o.segment, o.position, o.size, o.sender, o.recipient, o.address, "
    "o.original, o.notify, o.envid, o.ret, o.body, o.smtputf8, o.state, o.held_reason, "
    "o.attempts, o.last_error, "
    "to_char(o.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "to_char(o.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
    "to_char(o.lease_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') ";

inline OutboundMessage outbound_of_row(const PgResult& rows, int row) {
    return {.id = rows.integer(row, 0),
            .blob_id = rows.text(row, 1),
            .body = {static_cast<uint32_t>(rows.unsigned_integer(row, 2)),
                     rows.unsigned_integer(row, 3), rows.unsigned_integer(row, 4)},
            .sender = rows.text(row, 5),
            .recipient = rows.text(row, 6),
            .address = rows.text(row, 7),
            .original = rows.text(row, 8),
            .notify = static_cast<int>(rows.integer(row, 9)),
            .envid = rows.text(row, 10),
            .ret = rows.text(row, 11),
            .body_kind = rows.text(row, 12),
            .smtputf8 = rows.boolean(row, 13),
            .state = rows.text(row, 14),
            .held_reason = rows.text(row, 15),
            .attempts = rows.integer(row, 16),
            .last_error = rows.text(row, 17),
            .created_at = rows.text(row, 18),
            .expires_at = rows.text(row, 19),
            .lease_expires_at = rows.text(row, 20)};
}

}  // namespace gatepost::controlplane

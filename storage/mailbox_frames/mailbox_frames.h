// Requests, replies, events and notes about mailboxes as frames (storage/delivery/frame.h).
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/delivery/frame.h"
#include "storage/mailbox_frames/mailbox_reply.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::storage {

// Each appends one frame, or refuses (invalid) one that is too long and leaves `out` as it was.
Status append_frame(std::vector<uint8_t>& out, uint64_t sequence, const MailboxRequest& request);
Status append_frame(std::vector<uint8_t>& out, const MailboxReply& reply);
Status append_frame(std::vector<uint8_t>& out, const MailboxEvent& event);
Status append_frame(std::vector<uint8_t>& out, const MailboxNote& note);

struct NumberedMailboxRequest {
    uint64_t sequence = 0;  // comes back with the reply
    MailboxRequest request;
};

// Of frames' payloads; refuse (invalid) what is cut off, out of range or goes on behind its end,
// and take no memory that the payload does not account for.
Result<NumberedMailboxRequest> decode_mailbox_request(Bytes payload);
Result<MailboxReply> decode_mailbox_reply(Bytes payload);
Result<MailboxEvent> decode_mailbox_event(Bytes payload);
Result<MailboxNote> decode_mailbox_note(Bytes payload);

}  // namespace gatepost::storage

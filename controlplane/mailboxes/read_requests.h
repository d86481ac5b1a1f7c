// Requests that are answered from the database, and leave the index as it is.
#pragma once

#include "controlplane/mailboxes/mailbox_rows.h"
#include "storage/mailbox_frames/mailbox_reply.h"
#include "storage/mailbox_frames/mailbox_request.h"

namespace gatepost::controlplane {

bool is_read(const storage::MailboxRequest& request);
std::vector<PipelineQuery> read_queries(const storage::MailboxRequest& request);
// Of the results of the queries.
void take_read(const storage::MailboxRequest& request, const std::vector<PgResult>& results,
               storage::MailboxReply& reply);

// What a failed statement is to whoever asked for it.
storage::MailboxOutcome outcome_of(const PipelineFailure& failure);
std::string text_of(const PipelineFailure& failure);  // for people

// The part of a set of UIDs in ascending ranges that `known` has; all of it where that is empty.
void add_known_uid(storage::UidSet& set, uint32_t uid, const storage::UidSet& known);

}  // namespace gatepost::controlplane

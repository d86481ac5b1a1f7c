// Which of an account's mailboxes NOTIFY and ESEARCH are about.
#pragma once

#include <cstdint>

#include "dataplane/imap_syntax/command.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// Whether the filter has that mailbox of `account_id`'s list. The one that is selected is the
// session's to know: a filter for that has none.
bool is_meant(const MailboxFilter& filter, const storage::MailboxListing& mailbox,
              uint64_t account_id);

}  // namespace gatepost::dataplane

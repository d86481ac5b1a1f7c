// Puts the record of an account together.
#pragma once

#include <span>
#include <vector>

#include "storage/mailbox_index/mailbox_index_header.h"

namespace gatepost::storage {

// The record's octets, with serial 0: they differ only where the lists differ. Of mailboxes with
// the same name the first one stays.
std::vector<uint8_t> make_account_record(uint64_t account_id,
                                         std::span<const MailboxListing> mailboxes);

}  // namespace gatepost::storage

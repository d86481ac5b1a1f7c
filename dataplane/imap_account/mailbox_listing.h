// Which mailboxes LIST names, and what it says of each (RFC 9051 §6.3.9, RFC 5258).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_syntax/command.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

struct ListedMailbox {
    std::string name;
    uint64_t mailbox_id = 0;  // 0: there is none of that name, but some below it, or it is
                              // subscribed to all the same
    uint16_t rights = 0;
    storage::SpecialUse special_use = storage::SpecialUse::none;
    bool subscribed = false;
    bool has_children = false;
    bool selected = true;         // by the selection options; else it is there for what is below
    bool child_selected = false;  // some mailbox below it is: CHILDINFO
};

// In the order of the names. `lsub`: as LSUB has it, where a parent of a subscribed mailbox that a
// "%" ends at is named (RFC 3501 §6.3.9).
std::vector<ListedMailbox> list_mailboxes(const storage::AccountView& account,
                                          const ListArguments& arguments, bool lsub);

}  // namespace gatepost::dataplane

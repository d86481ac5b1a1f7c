// Conversations out of what is known of messages (RFC 5256 §3), without the mailbox.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_search/search.h"

namespace gatepost::dataplane {

struct ThreadMessage {
    uint32_t uid = 0;
    int64_t sent_s = 0;                   // seconds since 1970
    std::string id = {};                  // of the Message-ID field; empty: there is no valid one
    std::vector<std::string> references;  // message IDs, the oldest first
    std::string subject = {};             // the base subject's collation_key()
    bool is_reply = false;                // of BaseSubject
};

// `messages` in the order of their UIDs. Neither goes deeper into the stack for a deeper tree.
ThreadResult thread_by_subject(const std::vector<ThreadMessage>& messages);
ThreadResult thread_by_references(const std::vector<ThreadMessage>& messages);

}  // namespace gatepost::dataplane

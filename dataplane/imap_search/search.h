// SEARCH, SORT and THREAD over the index, summaries and, where nothing else helps, bodies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/imap_port/imap_counters.h"
#include "dataplane/imap_port/mailbox_port.h"
#include "dataplane/imap_syntax/search_key.h"
#include "dataplane/imap_view/message_numbers.h"
#include "dataplane/mail/charset.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"

namespace gatepost::dataplane {

// What a search is over. All of it outlives the search; `numbers` does not change meanwhile.
struct SearchScope {
    MailboxPort& mailboxes;
    MessageStore& store;
    const Charsets& charsets;
    ImapCounters& counters;
    uint64_t mailbox_id = 0;
    const MessageNumbers& numbers;  // messages that the session knows: no others are found
    const storage::UidSet& saved;   // "$"
    int64_t now_s = 0;              // seconds since 1970
    // Called between messages whose bodies are read: false ends the search (the client has gone, or
    // the session is to end). May be used to say INPROGRESS (RFC 9585).
    class Progress {
      public:
        virtual Task<bool> on_progress(uint32_t done, uint32_t all) = 0;

      protected:
        ~Progress() = default;
    };
    Progress& progress;
};

enum class SearchStatus : uint8_t {
    ok,
    bad_set,     // a number beyond the last message: BAD
    unreadable,  // some message could not be read: NO [UNAVAILABLE]
    ended,       // by Progress
};

struct SearchResult {
    SearchStatus status = SearchStatus::ok;
    std::vector<uint32_t> uids;  // of SEARCH ascending, of SORT in its order
    uint64_t modseq = 0;         // the highest of the messages found
};

struct ThreadNode {
    uint32_t uid = 0;                // 0: a message that is not in the mailbox
    std::vector<uint32_t> children;  // indexes of nodes
};
struct ThreadResult {
    SearchStatus status = SearchStatus::ok;
    std::vector<ThreadNode> nodes;
    std::vector<uint32_t> roots;  // indexes of nodes, in their order
};

Task<SearchResult> search_messages(const SearchScope& scope, const SearchKey& key);
Task<SearchResult> sort_messages(const SearchScope& scope, const SearchKey& key,
                                 const std::vector<SortCriterion>& criteria);
Task<ThreadResult> thread_messages(const SearchScope& scope, const SearchKey& key,
                                   ThreadAlgorithm algorithm);

}  // namespace gatepost::dataplane

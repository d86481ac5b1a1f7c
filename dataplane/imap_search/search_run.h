// One SEARCH from its beginning to its end: the index first, then what has to be read.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/imap_search/body_windows.h"
#include "dataplane/imap_search/mailbox_scan.h"
#include "dataplane/imap_search/message_text.h"
#include "dataplane/imap_search/search.h"
#include "dataplane/imap_search/search_program.h"

namespace gatepost::dataplane {

class SearchRun {
  public:
    // Both outlive it.
    SearchRun(const SearchScope& scope, SearchProgram& program);

    Task<SearchResult> run();

  private:
    Task<SearchStatus> look_at_index();
    uint64_t look_at_slice(const storage::MailboxView& mailbox, uint64_t from);
    void look_at(const storage::MailboxView& mailbox, const storage::MailboxEntry& entry);
    Task<SearchStatus> look_at_summaries();

    Task<SearchStatus> look_at_bodies();
    uint64_t look_at_window(const storage::MailboxView& mailbox, const BodyWindows& windows);
    bool look_into(const storage::MailboxView& mailbox, const storage::MailboxEntry& entry,
                   Bytes octets);
    // Of any size, read in pieces.
    Task<SearchStatus> look_into_large(uint32_t uid);
    Task<SearchStatus> read_large(const storage::MailboxEntry& entry,
                                  const std::vector<uint8_t>& encoded);

    void found(const storage::MailboxEntry& entry);
    void want(const storage::MailboxEntry& entry, uint64_t octets);

    const SearchScope& scope_;
    SearchProgram& program_;
    MessageText text_;
    SearchResult result_;
    WorkMeter meter_;
    uint32_t decided_ = 0;           // messages
    std::vector<uint32_t> to_load_;  // UIDs of messages whose summaries are to be loaded
    bool may_load_ = true;
    std::vector<WantedOctets> wanted_;
    std::vector<uint32_t> apart_;  // UIDs of those that are read on their own
};

}  // namespace gatepost::dataplane

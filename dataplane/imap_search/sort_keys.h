// What messages are sorted by (RFC 5256 §3, RFC 5957).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/mailbox_scan.h"
#include "dataplane/imap_search/summary_view.h"
#include "dataplane/imap_syntax/search_key.h"
#include "dataplane/mail/charset.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::dataplane {

// Octets of a text that messages are compared by; fields have up to 64 KiB, and keys of all
// messages are in memory at once. Nobody sees an order, or tells subjects apart, by what is behind
// them.
inline constexpr size_t kKeyOctetsMax = 1024;
// collation_key() of it, cut there.
std::string sort_key(std::string_view text);

// Seconds since 1970 in UTC; without a Date field the internal date (RFC 5256 §2.2).
int64_t sent_date_s(const storage::MailboxEntry& entry, SummaryView& summary);

// Keys of messages, in the order in which they are added.
class SortKeys final : public SummaryVisitor {
  public:
    // Both outlive it.
    SortKeys(const std::vector<SortCriterion>& criteria, const Charsets& charsets)
        : criteria_(criteria), charsets_(charsets) {}

    bool needs_summaries() const;
    // `summary` may be nullptr where none is needed.
    void add(const storage::MailboxEntry& entry, SummaryView* summary);
    void on_summary(const storage::MailboxEntry& entry, SummaryView& summary) override {
        add(entry, &summary);
    }
    // The messages added, sorted; equal ones by their numbers.
    std::vector<uint32_t> sorted_uids() const;

  private:
    struct Key {
        int64_t number = 0;
        std::string text = {};
    };
    Key key_of(SortCriterion::Kind kind, const storage::MailboxEntry& entry,
               SummaryView* summary) const;
    std::string display_of(AddressCursor addresses) const;

    const std::vector<SortCriterion>& criteria_;
    const Charsets& charsets_;
    std::vector<uint32_t> uids_;
    std::vector<Key> keys_;  // of each message one for each criterion
};

}  // namespace gatepost::dataplane

// The row changes of one transaction, kept compactly until its commit arrives, then handed out zone
// by zone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "controlplane/directory/directory_change.h"
#include "controlplane/sync/cookie_secrets.h"
#include "controlplane/sync/mailbox_notice.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

enum class ChangeKind : uint8_t { zone_put, zone_remove, rrset_put, rrset_remove };

struct Change {
    ZoneId zone_id = 0;
    uint64_t offset = 0;  // of the row in the batch's octets
    uint32_t length = 0;  // octets
    ChangeKind kind = ChangeKind::zone_put;
};

class ChangeBatch {
  public:
    void put_zone(const ZoneRow& row);
    void remove_zone(ZoneId id);
    // A row without its data takes them from the last change of the same RRset among the recent
    // ones of this batch; false where there is none.
    [[nodiscard]] bool put_rrset(const RRsetRow& row);
    void remove_rrset(const RRsetKey& key);
    void change_cookie_secret(const CookieSecretChange& change) {
        cookie_secrets_.push_back(change);
    }

    void change_directory(DirectoryChange change) {
        directory_bytes_ += gatepost::controlplane::size_bytes(change);
        directory_.push_back(std::move(change));
    }

    // Of no concern to zones and directory; not counted by size().
    void note_mailbox(MailboxNotice notice) {
        mailbox_bytes_ += gatepost::controlplane::size_bytes(notice);
        mailboxes_.push_back(std::move(notice));
    }
    std::vector<MailboxNotice> take_mailboxes() { return std::exchange(mailboxes_, {}); }

    // Sorts the changes by zone; those of one zone keep their order.
    void group_by_zone();
    std::span<const Change> changes() const { return changes_; }
    // These are of no zone.
    std::span<const CookieSecretChange> cookie_secrets() const { return cookie_secrets_; }
    std::span<const DirectoryChange> directory() const { return directory_; }

    ZoneRow zone(const Change& change) const { return read_zone_row(octets(change)); }
    // Of rrset_put and rrset_remove; the latter has nothing but its key.
    RRsetRow rrset(const Change& change) const { return read_rrset_row(octets(change)); }
    Bytes octets(const Change& change) const {
        return Bytes(octets_).subspan(change.offset, change.length);
    }

    bool empty() const { return size() == 0; }
    size_t size() const { return changes_.size() + cookie_secrets_.size() + directory_.size(); }
    // Heap octets that the batch fills.
    size_t size_bytes() const {
        return octets_.size() + changes_.size() * sizeof(Change) +
               cookie_secrets_.size() * sizeof(CookieSecretChange) + directory_bytes_ +
               mailbox_bytes_;
    }
    // Keeps a moderate buffer for the next transaction.
    void clear();

  private:
    void add(ZoneId zone_id, ChangeKind kind, size_t offset);
    std::optional<RRsetRow> last_row(const RRsetKey& key) const;

    std::vector<uint8_t> octets_;
    std::vector<Change> changes_;
    std::vector<CookieSecretChange> cookie_secrets_;
    std::vector<DirectoryChange> directory_;
    std::vector<MailboxNotice> mailboxes_;
    size_t directory_bytes_ = 0;
    size_t mailbox_bytes_ = 0;
};

}  // namespace gatepost::controlplane

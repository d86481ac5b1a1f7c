// The mailboxes of a control plane and its database, in memory: executes every request as they do,
// and shows what comes of it in an index of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/imap_port/mailbox_port.h"
#include "storage/arena/qsbr.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::tests {

struct MemoryMessage {
    storage::AppendedMessage given;
    std::set<std::string> keywords;
    int64_t save_date_s = 0;
    uint64_t modseq = 0;
    uint8_t flags = 0;
};

struct MemoryMailbox {
    uint64_t id = 0;
    uint64_t owner_id = 0;
    std::string name;
    storage::SpecialUse special_use = storage::SpecialUse::none;
    bool subscribed = true;
    uint32_t uid_validity = 0;
    uint32_t uid_next = 1;
    uint64_t modseq = 1;
    std::map<uint32_t, MemoryMessage> messages;
    std::vector<std::pair<uint64_t, uint32_t>> expunged;  // modseq, UID
    std::map<uint64_t, uint16_t> rights;                  // of other accounts
};

class MemoryMailboxes final : public dataplane::MailboxPort {
  public:
    MemoryMailboxes();

    uint64_t add_mailbox(uint64_t account_id, std::string name,
                         storage::SpecialUse use = storage::SpecialUse::none);
    // As delivery does it. Gives the UID.
    uint32_t add_message(uint64_t mailbox_id, storage::AppendedMessage message);
    MemoryMailbox& mailbox(uint64_t id) { return mailboxes_.at(id); }
    MemoryMailbox* find(uint64_t account_id, std::string_view name);
    // As other sessions elsewhere do it.
    void change_flags(uint64_t mailbox_id, uint32_t uid, uint8_t toggled);
    void expunge_message(uint64_t mailbox_id, uint32_t uid);
    void remove_mailbox(uint64_t id);
    void share(uint64_t mailbox_id, uint64_t account_id, uint16_t rights);
    // What the control plane may do at any time: the messages are not in the index any more.
    void evict(uint64_t mailbox_id);
    // As a compaction does it: nothing else of the message changes.
    void move_body(uint64_t mailbox_id, uint32_t uid, const storage::BodyLocation& to);
    // Watchers hear of what has happened since the last call.
    void tell();
    void disconnect(uint64_t account_id, const std::string& reason);
    bool has_watchers() const { return !watchers_.empty(); }
    std::vector<storage::SessionNote> notes() const;

    bool available = true;
    bool loses_answers = false;         // to changes, which are made
    bool summaries_come_later = false;  // LoadSummaries brings them
    int64_t quota_messages = -1;        // of all mailboxes together; -1: no limit
    int64_t now_s = 1'795'288'214;
    std::vector<storage::MailboxRequest> asked;
    std::function<void()> disturb;  // before and after each request: what others do meanwhile
    std::function<void()> on_look;  // before each look at the index

    // ---- MailboxPort
    std::optional<storage::MailboxIndexView> index() override;
    dataplane::Task<storage::MailboxReply> ask(storage::MailboxRequest request) override;
    void add_watcher(dataplane::MailboxWatcher& watcher, uint64_t account_id) override;
    void watch_mailbox(dataplane::MailboxWatcher& watcher, uint64_t mailbox_id) override;
    void unwatch_mailbox(dataplane::MailboxWatcher& watcher, uint64_t mailbox_id) override;
    void remove_watcher(dataplane::MailboxWatcher& watcher) override;

  private:
    using Reply = storage::MailboxReply;
    struct Watch {
        uint64_t account_id = 0;
        std::set<uint64_t> mailboxes;
    };

    Reply execute(const storage::OpenAccount& request);
    Reply execute(const storage::OpenMailbox& request);
    Reply execute(const storage::LoadSummaries& request);
    Reply execute(const storage::FindExpunged& request);
    Reply execute(const storage::StoreFlags& request);
    Reply execute(const storage::ExpungeMessages& request);
    Reply execute(const storage::CopyMessages& request);
    Reply execute(const storage::AppendMessages& request);
    Reply execute(const storage::CreateMailbox& request);
    Reply execute(const storage::DeleteMailbox& request);
    Reply execute(const storage::RenameMailbox& request);
    Reply execute(const storage::SubscribeMailbox& request);
    Reply execute(const storage::GetMetadata& request);
    Reply execute(const storage::SetMetadata& request);
    Reply execute(const storage::GetAcl& request);
    Reply execute(const storage::SetAcl& request);
    Reply execute(const storage::GetQuota& request);
    Reply execute(const storage::MakeUrlKey& request);
    Reply execute(const storage::FindUrlKey& request);
    Reply execute(const storage::ResetUrlKeys& request);

    static Reply failed(storage::MailboxOutcome outcome);
    bool is_full(size_t more) const;
    void expunge(MemoryMailbox& mailbox, const std::vector<uint32_t>& uids);
    storage::MailboxMessage message_of(const MemoryMessage& message, uint32_t uid) const;
    storage::MailboxStatus status_of(const MemoryMailbox& mailbox) const;
    void publish(const MemoryMailbox& mailbox, const std::vector<uint32_t>& changed,
                 const std::vector<uint32_t>& expunged);
    void publish_account(uint64_t account_id);
    void publish_list(uint64_t account_id);

    std::unique_ptr<storage::Qsbr> qsbr_;
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
    std::map<uint64_t, MemoryMailbox> mailboxes_;
    std::map<dataplane::MailboxWatcher*, Watch> watchers_;
    std::map<std::pair<uint64_t, std::string>, std::string> metadata_;
    std::map<std::pair<uint64_t, uint64_t>, std::string> url_keys_;  // of account and mailbox
    uint8_t next_url_key_ = 1;
    std::set<uint64_t> changed_;
    std::set<uint64_t> changed_accounts_;
    uint64_t next_id_ = 1;
};

bool in_set(const storage::UidSet& set, uint32_t uid);
// ada's, who is 1, and bob's.
std::string account_name(uint64_t account_id);

}  // namespace gatepost::tests

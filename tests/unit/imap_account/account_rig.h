// Commands about mailboxes over an index in memory and a control plane that answers what it is told
// to.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/imap_account/account_commands.h"
#include "storage/arena/qsbr.h"
#include "storage/mailbox_index/mailbox_index_writer.h"

namespace gatepost::tests {

class AccountRig final : public dataplane::MailboxPort {
  public:
    static constexpr uint64_t kAda = 7;
    static constexpr uint64_t kBob = 8;

    AccountRig();
    ~AccountRig();

    // A mailbox of ada's with so many messages; gives its id.
    uint64_t add(std::string name, uint64_t messages = 0,
                 storage::SpecialUse use = storage::SpecialUse::none, bool subscribed = true);
    // One of bob's that ada sees.
    uint64_t share(std::string name, uint16_t rights);
    void subscribe_to_nothing(std::string name);
    // Brings it all into the index.
    void publish();

    // "* LIST …" lines, then the tagged end without its tag.
    std::string run(const dataplane::ImapCommand& command);
    std::string list(std::string pattern, dataplane::ListArguments arguments = {});

    bool utf8 = true;
    bool rev2 = false;
    bool resident = true;                        // else the account is loaded when it is asked for
    std::deque<storage::MailboxReply> replies;   // to what is asked; then `ok`
    std::vector<storage::MailboxRequest> asked;  // but OpenAccount

    // ---- MailboxPort
    std::optional<storage::MailboxIndexView> index() override;
    dataplane::Task<storage::MailboxReply> ask(storage::MailboxRequest request) override;
    void add_watcher(dataplane::MailboxWatcher&, uint64_t) override {}
    void watch_mailbox(dataplane::MailboxWatcher&, uint64_t) override {}
    void unwatch_mailbox(dataplane::MailboxWatcher&, uint64_t) override {}
    void remove_watcher(dataplane::MailboxWatcher&) override {}

  private:
    struct Mailbox {
        std::string name;
        storage::MailboxListing listing;
        storage::MailboxStatus status;
    };

    std::unique_ptr<storage::Qsbr> qsbr_;
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
    std::deque<Mailbox> mailboxes_;
    uint64_t next_id_ = 1;
    dataplane::ImapOptions options_;
};

}  // namespace gatepost::tests

// All that one worker does for mail: the store, the courier to the control plane, logins, the
// mailboxes, and the protocols over them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "dataplane/auth/helper_threads.h"
#include "dataplane/auth/login_cache.h"
#include "dataplane/delivery/delivery_courier.h"
#include "dataplane/delivery/segment_keeper.h"
#include "dataplane/filter/filter_loader.h"
#include "dataplane/mail_service/directory_recipients.h"
#include "dataplane/mail_service/mail_facts.h"
#include "dataplane/mail_service/mail_login.h"
#include "dataplane/mail_service/mail_shared.h"
#include "dataplane/mail_service/mailbox_service.h"
#include "dataplane/policy/mail_policy.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/resolver/resolver_port.h"
#include "dataplane/smtp/smtp_environment.h"
#include "dataplane/smtp/smtp_protocol.h"
#include "dataplane/store/message_log_store.h"
#include "dataplane/store/uring_directory.h"

namespace gatepost::dataplane {

struct MailServiceOptions {
    unsigned worker = 0;
    std::string hostname;
    uint64_t message_octets_max = 0;
    uint32_t recipients_max = 0;
    std::string postmaster;
    std::vector<SaslMechanism> mechanisms;
};

class MailService final : public SmtpEnvironment {
  public:
    // All of them outlive it, but for the ring: close(), then the ring goes, then this.
    struct Parts {
        Ring& ring;
        MailShared& shared;
        std::function<DirectoryNow()> directory;
        std::function<MailboxesNow()> mailboxes;
        TlsContext& smtp_tls;
        TlsContext& imap_tls;
        TlsContext& pop3_tls;
    };
    static Result<std::unique_ptr<MailService>> create(const Parts& parts,
                                                       const MailServiceOptions& options);

    // In the worker's thread, once the ring is enabled.
    void start(uint64_t now_ms);
    // The time of this turn of the loop, before its completions; milliseconds of a clock that never
    // goes back.
    void set_time(uint64_t now_ms) {
        timers_.advance(now_ms);
        mailboxes_.look();
        login_watch_.look(now_ms);
    }
    // After each reap.
    void finish_turn();
    // At the worker's end, before the ring's.
    void close();
    // Any thread: new connections to the control plane, for deliveries and for mailboxes.
    void take_connection(UniqueFd socket) { courier_.take_connection(std::move(socket)); }
    void take_mailbox_connection(UniqueFd socket) { mailboxes_.take_connection(std::move(socket)); }

    StreamProtocol& protocol(SmtpRole role) { return *protocols_[static_cast<size_t>(role)]; }
    MailboxService& mailboxes() { return mailboxes_; }

    // ---- SmtpEnvironment
    RecipientLookup& recipients() override { return recipients_; }
    MessageStore& store() override { return store_; }
    LoginPort& login() override { return login_; }
    SmtpPolicy& policy() override { return policy_; }
    SmtpCounters& counters() override { return counters_.smtp; }
    std::unique_ptr<MessageScanner> make_scanner() override;
    void deliver(const storage::BlobId& id, DeliveryFacts facts) override {
        courier_.deliver(id, std::move(facts));
    }
    storage::BlobId next_blob_id() override { return blob_ids_.next(now_us() / 1000); }
    int64_t now_us() override;

  private:
    MailService(const Parts& parts, const MailServiceOptions& options, UniqueFd folder,
                std::unique_ptr<HelperPort> helpers, std::unique_ptr<ResolverPort> resolver,
                LoginCache cache);

    MailShared& shared_;
    const unsigned worker_;
    MailCounters& counters_;
    const Charsets& charsets_;
    TimerWheel timers_;
    MailFactsMaker facts_;
    DeliveryCourier courier_;
    UringDirectory folder_;
    MessageLogStore store_;
    SegmentKeeper keeper_;
    std::unique_ptr<HelperPort> helpers_;
    std::unique_ptr<ResolverPort> resolver_;
    LoginCache cache_;
    const std::function<DirectoryNow()> directory_;
    FilterLoader filter_;
    DirectoryRecipients recipients_;
    LoginWatch login_watch_;
    MailLogin login_;
    MailPolicy policy_;
    storage::BlobIdSource blob_ids_;
    MailboxService mailboxes_;
    std::array<std::optional<SmtpProtocol>, kSmtpRoles> protocols_;
};

}  // namespace gatepost::dataplane

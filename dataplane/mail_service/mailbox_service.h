// What one worker does for those who read their mail: the mailboxes, and the protocols over them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dataplane/imap/imap_protocol.h"
#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/mail_service/mail_counters.h"
#include "dataplane/mailbox_link/mailbox_link.h"
#include "dataplane/policy/mail_policy.h"
#include "dataplane/pop3/pop3_protocol.h"
#include "dataplane/reactor/ring.h"
#include "dataplane/reactor/timer_wheel.h"
#include "dataplane/reactor/turn_queue.h"
#include "dataplane/tls/tls_context.h"

namespace gatepost::dataplane {

class MailboxService final : public ImapEnvironment, private LoginDamping {
  public:
    // All of them outlive it, but for the ring: close(), then the ring goes, then this.
    struct Parts {
        Ring& ring;
        TimerWheel& timers;
        std::function<MailboxesNow()> mailboxes;
        MessageStore& store;
        LoginPort& login;
        MailPolicy& policy;  // how those who try passwords are damped
        const Charsets& charsets;
        MailCounters& counters;
        TlsContext& imap_tls;
        TlsContext& pop3_tls;
        std::function<storage::BlobId()> next_blob_id;
    };
    struct Options {
        std::string hostname;
        uint64_t message_octets_max = 0;
    };
    MailboxService(Parts parts, const Options& options);

    // As MailboxLink has it.
    void take_connection(UniqueFd socket) { link_.take_connection(std::move(socket)); }
    void look() { link_.look(); }
    void finish_turn() { link_.finish_turn(); }
    void close() { link_.stop(); }

    StreamProtocol& imap() { return *imap_; }    // STARTTLS before a password
    StreamProtocol& imaps() { return *imaps_; }  // under TLS from the first octet
    StreamProtocol& pop3() { return *pop3_; }    // STLS before a password
    StreamProtocol& pop3s() { return *pop3s_; }  // under TLS from the first octet

    // ---- ImapEnvironment
    MailboxPort& mailboxes() override { return link_; }
    MessageStore& store() override { return parts_.store; }
    LoginPort& login() override { return parts_.login; }
    LoginDamping& damping() override { return *this; }
    const Charsets& charsets() override { return parts_.charsets; }
    ImapCounters& counters() override { return parts_.counters.imap; }
    Task<> pause(uint32_t ms) override;
    storage::BlobId next_blob_id() override { return parts_.next_blob_id(); }
    int64_t now_us() override;

  private:
    uint32_t failed(const PeerAddress& client) override {
        return parts_.policy.login_failed(client);
    }
    void succeeded(const PeerAddress& client) override { parts_.policy.login_succeeded(client); }

    Parts parts_;
    MailboxLink link_;
    TurnQueue turns_;
    std::optional<ImapProtocol> imap_;
    std::optional<ImapProtocol> imaps_;
    std::optional<Pop3Protocol> pop3_;
    std::optional<Pop3Protocol> pop3s_;
};

}  // namespace gatepost::dataplane

// What a session of SMTP asks of its worker. A worker implements it over the directory, the message
// store and the rest; tests fake it. All of it runs in the worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/auth/login_port.h"
#include "dataplane/delivery/delivery_facts.h"
#include "dataplane/mail_directory/resolution.h"
#include "dataplane/reactor/task.h"
#include "dataplane/smtp/filter_verdict.h"
#include "dataplane/smtp/reply.h"
#include "dataplane/smtp/smtp_counters.h"
#include "dataplane/smtp/smtp_options.h"
#include "dataplane/store/message_store.h"
#include "dataplane/stream/stream_session.h"
#include "storage/directory/mail_entries.h"
#include "storage/mail_address/mail_address.h"
#include "storage/spool/envelope.h"

namespace gatepost::dataplane {

// Who talks to us.
struct SmtpClient {
    const PeerAddress& address;
    uint64_t session_id = 0;
    SmtpRole role = SmtpRole::mx;
    std::string helo = {};  // "": not said yet
    bool extended = false;  // by EHLO or LHLO
    bool tls = false;
    uint64_t account_id = 0;  // who logged in; 0: nobody
    std::string user = {};    // the same as an address

    LoginClient login() const { return {address, "smtp", storage::kServiceSmtp}; }
};

// ---- the directory

class RecipientLookup {
  public:
    // nullopt: the directory is not loaded yet. <Postmaster> is a local part without a domain.
    virtual std::optional<AddressResolution> resolve(const storage::MailAddress& address) = 0;
    // Whether an account may have that address as its sender.
    virtual bool may_send_as(uint64_t account_id, const storage::MailAddress& address) = 0;

  protected:
    ~RecipientLookup() = default;
};

// ---- the policy

struct PolicyVerdict {
    enum class Action : uint8_t { accept, refuse };
    Action action = Action::accept;
    SmtpReply reply = {};   // of refuse: 4yz "later", 5yz "never"; 421 and 521 end the session
    std::string rule = {};  // the name of the rule that refused
};

// A recipient that the directory has let pass.
struct PolicyRecipient {
    std::string_view given;  // as the client wrote it
    const storage::MailAddress& address;
    const std::vector<MailTarget>& targets;
};

// A message that has come as a whole.
struct PolicyMessage {
    uint64_t octets = 0;
    // Addresses of its From field, in the order there; nullptr: nobody has looked. None, or one
    // that is not valid: as it is there.
    const std::vector<std::string>* authors = nullptr;
};

// Rules with names. A hook may wait (for DNS, or to slow somebody down); what it is given stays
// until it is done. Hooks that refuse in `monitor` count a hit and accept.
class SmtpPolicy {
  public:
    virtual Task<PolicyVerdict> on_connect(const SmtpClient& client) = 0;
    // How long the greeting waits for a client that talks first, in milliseconds, where that is
    // longer than SmtpOptions::greeting_ms.
    virtual uint32_t greeting_ms(const SmtpClient&) { return 0; }
    virtual Task<PolicyVerdict> on_helo(const SmtpClient& client) = 0;
    // reverse_path, size of MAIL's parameter and the other parameters are in `envelope`.
    virtual Task<PolicyVerdict> on_mail(const SmtpClient& client,
                                        const storage::Envelope& envelope) = 0;
    virtual Task<PolicyVerdict> on_rcpt(const SmtpClient& client, const storage::Envelope& envelope,
                                        const PolicyRecipient& recipient) = 0;
    // The filter has let it pass.
    virtual Task<PolicyVerdict> on_data_end(const SmtpClient& client,
                                            const storage::Envelope& envelope,
                                            const PolicyMessage& message) = 0;
    // Before a login is tried: whether this client may try now.
    virtual Task<PolicyVerdict> on_auth(const SmtpClient& client) = 0;
    // After it; the client hears of a failure when this is done (RFC 4954 §9: to slow guessing
    // down).
    virtual Task<> on_auth_end(const SmtpClient& client, const LoginOutcome& outcome) = 0;
    // Counts a hit of a rule that the session itself checks, and says whether it is enforced:
    // early_talker, unauthorized_pipelining and sender_identity can be monitored only. For
    // unknown_recipient and relay_denied the answer does not matter.
    virtual bool on_rule(const SmtpClient& client, SmtpRefusal rule) = 0;

  protected:
    ~SmtpPolicy() = default;
};

// ---- what is in the message

// Looks at one message while it comes in.
class MessageScanner {
  public:
    virtual ~MessageScanner() = default;
    // The next octets of what is stored, header section first.
    virtual void take(Bytes octets) = 0;
    // All have come.
    virtual FilterVerdict judge(const storage::Envelope& envelope) = 0;
    // After the verdict: the addresses of the message's From field (RFC 5322 §3.6.2).
    virtual std::vector<std::string> authors() { return {}; }
    // After the verdict: `prefix` is put in front of what was taken.
    virtual DeliveryFacts facts(Bytes prefix) = 0;
};

// ---- all together

class SmtpEnvironment {
  public:
    virtual RecipientLookup& recipients() = 0;
    virtual MessageStore& store() = 0;
    virtual LoginPort& login() = 0;
    virtual SmtpPolicy& policy() = 0;
    virtual SmtpCounters& counters() = 0;
    // One for each message; nullptr: messages are not looked into.
    virtual std::unique_ptr<MessageScanner> make_scanner() = 0;
    // What is known of a message that is in the spool: as soon as its commit() was ok.
    virtual void deliver(const storage::BlobId& id, DeliveryFacts facts) = 0;
    virtual storage::BlobId next_blob_id() = 0;
    virtual int64_t now_us() = 0;  // microseconds since 1970

  protected:
    ~SmtpEnvironment() = default;
};

}  // namespace gatepost::dataplane

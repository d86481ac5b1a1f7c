// What a session of IMAP asks of its worker. A worker implements it; tests fake it. All of it runs
// in the worker's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/auth/login_port.h"
#include "dataplane/imap_port/imap_counters.h"
#include "dataplane/imap_port/mailbox_port.h"
#include "dataplane/mail/charset.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"
#include "dataplane/stream/stream_session.h"
#include "dataplane/tls/tls_context.h"

namespace gatepost::dataplane {

struct ImapOptions {
    std::string server_name;                           // in the greeting
    TlsContext* tls = nullptr;                         // for STARTTLS; nullptr: not offered
    bool implicit_tls = false;                         // port 993: under TLS from the first octet
    bool tls_required = true;                          // before a password is taken
    uint64_t message_octets_max = uint64_t{50} << 20;  // APPENDLIMIT (RFC 7889)
    // RFC 9051 §5.4: at least 30 minutes; clients renew IDLE every 29.
    uint32_t idle_ms = 31 * 60'000;
    uint32_t login_ms = 60'000;    // until somebody has logged in
    uint32_t command_ms = 60'000;  // from the first octet of a command to its last
    // Messages that one transaction changes, moves or takes away: some tenths of a second, for
    // which others' changes in the mailbox wait.
    uint32_t changed_at_once = 10'000;
};

// Damping of those who try passwords.
class LoginDamping {
  public:
    // How long the client waits for the word that it failed; milliseconds.
    virtual uint32_t failed(const PeerAddress& client) = 0;
    virtual void succeeded(const PeerAddress& client) = 0;

  protected:
    ~LoginDamping() = default;
};

class ImapEnvironment {
  public:
    virtual MailboxPort& mailboxes() = 0;
    virtual MessageStore& store() = 0;
    virtual LoginPort& login() = 0;
    virtual LoginDamping& damping() = 0;
    virtual const Charsets& charsets() = 0;
    virtual ImapCounters& counters() = 0;
    // Resumes after so many milliseconds; 0: when the worker has looked at its other sessions.
    virtual Task<> pause(uint32_t ms) = 0;
    virtual storage::BlobId next_blob_id() = 0;
    virtual int64_t now_us() = 0;  // microseconds since 1970

  protected:
    ~ImapEnvironment() = default;
};

}  // namespace gatepost::dataplane

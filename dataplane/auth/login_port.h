// Logging in, as the protocols ask for it. A worker implements it over the directory and the helper
// threads; tests fake it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/auth/login_hold.h"
#include "dataplane/auth/sasl.h"
#include "dataplane/reactor/task.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

// Who wants to log in.
struct LoginClient {
    const PeerAddress& address;
    std::string_view service;        // for the records: "smtp", "imap", "pop3"
    uint8_t credential_service = 0;  // one of storage::CredentialService
};

struct LoginOutcome {
    enum class Status : uint8_t {
        right,
        wrong,        // whatever is wrong: the client is told the same
        unavailable,  // it cannot be checked now
    };
    Status status = Status::wrong;
    uint64_t account_id = 0;     // of right
    std::string user = {};       // of right: the account's address; else who the client says it is
    std::string reason = {};     // of the others, for the log: "suspended"
    uint64_t credential_id = 0;  // of right: what it was done with
    uint64_t credential_generation = 0;  // of right: which of the secrets that it has been
};

// What it is given stays until the task is done.
class LoginPort {
  public:
    // What is offered, in the order of preference. SCRAM-SHA-256-PLUS is left out by the session
    // where there is nothing to bind to.
    virtual std::span<const SaslMechanism> mechanisms() = 0;
    virtual const ScramDecoyKey& decoy_key() = 0;
    // Whether `secret` is the password, or with OAUTHBEARER the token, of who logs in as `login`.
    virtual Task<LoginOutcome> check(const LoginClient& client, SaslMechanism mechanism,
                                     std::string_view login, std::string_view secret) = 0;
    // Who would log in as `login` with SCRAM, and her keys; they stay without a value where there
    // are none, and the outcome is `wrong`.
    virtual Task<LoginOutcome> find_scram_keys(const LoginClient& client, std::string_view login,
                                               std::optional<storage::ScramKeys>& keys) = 0;
    // How it ended, the proof of SCRAM included: for the records.
    virtual void ended(const LoginClient&, const LoginOutcome&) {}
    // After one that was right: the session is told when what it was done with is good no more (the
    // password is another one, the credential or the account is gone, suspended or past its time).
    virtual void watch(LoginHold&, const LoginClient&, const LoginOutcome&) {}

  protected:
    ~LoginPort() = default;
};

}  // namespace gatepost::dataplane

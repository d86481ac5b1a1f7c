// The server's side of SASL (RFC 4422), as state machines without any I/O, clock or look-up: the
// protocol (SMTP, IMAP, POP3) moves lines, and asks the directory and the helper threads what an
// exchange wants to know.
//
//   auto exchange = make_sasl_exchange(mechanism, context);
//   SaslStep step = initial ? exchange->step(*initial) : exchange->begin();
//   challenge        → send base64(step.challenge), decode the answer, exchange->step(answer)
//   check_password   → is exchange->secret() the password of exchange->login()?
//                      exchange->decide(yes or no)
//   check_token      → the same, of a token
//   find_scram_keys  → exchange->give_keys(those of exchange->login(), or nullptr)
//   success, failure → the end
//
// That the client gives up ("*", RFC 4954 §4) is the protocol's business: it drops the exchange.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/password/scram_keys.h"

namespace gatepost::dataplane {

enum class SaslMechanism : uint8_t {
    plain,               // RFC 4616
    login,               // draft-murchison-sasl-login-00, for old Outlooks
    scram_sha_256,       // RFC 7677
    scram_sha_256_plus,  // with channel binding
    oauthbearer,         // RFC 7628
};

// "SCRAM-SHA-256-PLUS"
std::string_view mechanism_name(SaslMechanism mechanism);
// Without regard to case, as clients write them. nullopt: it is not offered here.
std::optional<SaslMechanism> find_mechanism(std::string_view name);

// RFC 4954 §4: a line of base64 must be taken up to this length, in characters; longer ones end
// the exchange.
inline constexpr size_t kSaslTextMax = 12288;
// Of a login name, in octets: the longest mail address (RFC 5321 §4.5.3.1: 64, 1 and 255).
inline constexpr size_t kLoginMax = 320;

// A line of the client, strictly read (RFC 4648). nullopt: no base64, or too long.
std::optional<std::string> decode_sasl_text(std::string_view base64);
// The same for an initial response, which is "=" when it is empty (RFC 4954 §4).
std::optional<std::string> decode_initial_response(std::string_view base64);

enum class SaslFailure : uint8_t {
    none,
    malformed,            // not what the mechanism's grammar has
    wrong_credentials,    // no such login, or not its password
    authzid_refused,      // nobody acts for somebody else here
    binding_mismatch,     // SCRAM: bound to another connection than this one
    binding_unsupported,  // SCRAM: of a kind that this connection does not have
    binding_downgraded,   // SCRAM: somebody hid from the client that -PLUS is offered
};
// "the channel binding is that of another connection": for the log.
std::string_view failure_text(SaslFailure failure);

struct SaslStep {
    enum class Kind : uint8_t {
        challenge,
        check_password,
        check_token,
        find_scram_keys,
        success,
        failure,
    };
    Kind kind = Kind::failure;
    std::string challenge = {};  // octets, not yet base64
    SaslFailure failure = SaslFailure::none;

    static SaslStep challenging(std::string octets) { return {Kind::challenge, std::move(octets)}; }
    static SaslStep wanting(Kind what) { return {what}; }
    static SaslStep succeeding() { return {Kind::success}; }
    static SaslStep failing(SaslFailure why) { return {Kind::failure, {}, why}; }
};

// For the salts that those get who have no SCRAM keys. The same as long as the process lives, and
// better for longer (one key of the instance): an unknown login's salt must not change.
using ScramDecoyKey = std::array<uint8_t, 32>;

// What an exchange knows of its connection; views that stay until its end.
struct SaslContext {
    Bytes tls_exporter = {};          // RFC 9266, 32 octets; empty: none (no TLS, or TLS 1.2)
    Bytes tls_server_end_point = {};  // RFC 5929 §4: the certificate's hash; empty: none
    bool plus_offered = false;        // the list of mechanisms had SCRAM-SHA-256-PLUS
    const ScramDecoyKey* decoy_key = nullptr;
};

class SaslExchange {
  public:
    virtual ~SaslExchange();
    SaslExchange(const SaslExchange&) = delete;
    SaslExchange& operator=(const SaslExchange&) = delete;

    // Without an initial response.
    virtual SaslStep begin() { return SaslStep::challenging({}); }
    // The client's octets, decoded. Out of turn it is a failure.
    virtual SaslStep step(std::string_view response) = 0;
    // After check_password and check_token.
    virtual SaslStep decide(bool right);
    // After find_scram_keys. nullptr: there are none, which the client must not notice.
    virtual SaslStep give_keys(const storage::ScramKeys* keys);

    // The login name as the client gave it; the account is who it is looked up as. An
    // authorization identity, where there was one, is the same.
    const std::string& login() const { return login_; }
    // The password or token, for as long as the exchange exists.
    std::string_view secret() const { return secret_; }

  protected:
    SaslExchange() = default;
    // Takes them where they are sound: the step that fails otherwise.
    std::optional<SaslStep> take_names(std::string_view authzid, std::string_view login);
    bool take_secret(std::string_view secret);

  private:
    std::string login_;
    std::string secret_;
};

// Refused: no randomness for a nonce.
Result<std::unique_ptr<SaslExchange>> make_sasl_exchange(SaslMechanism mechanism,
                                                         const SaslContext& context);

}  // namespace gatepost::dataplane

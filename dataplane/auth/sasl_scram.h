// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): the password does not travel, and with
// -PLUS nobody can have been between.
//
// Who has no keys gets a salt that is made of the login, and an exchange that goes on to its end
// and fails as with a wrong password. It has the salt's length and the count of keys that are
// created here; keys of other counts, taken over from elsewhere, still tell that their login
// exists.
#pragma once

#include "dataplane/auth/gs2_header.h"
#include "dataplane/auth/sasl.h"

namespace gatepost::dataplane {

class SaslScram final : public SaslExchange {
  public:
    // `nonce`: new for each exchange; printable, without comma. `context` has a decoy key.
    SaslScram(bool plus, const SaslContext& context, std::string nonce);
    ~SaslScram() override;

    SaslStep step(std::string_view response) override;
    SaslStep give_keys(const storage::ScramKeys* keys) override;

  private:
    enum class State : uint8_t { first, keys, final, acknowledgement, ended };

    SaslStep take_first(std::string_view message);
    SaslStep take_final(std::string_view message);
    SaslStep fail_with(SaslFailure why);
    SaslFailure check_binding(const Gs2Header& header) const;
    // The octets that the client's c= must be about.
    std::string binding_input() const;
    bool is_proof(std::string_view proof, std::string_view auth_message) const;
    storage::ScramKeys decoy_keys() const;

    const SaslContext context_;
    const bool plus_;
    State state_ = State::first;
    bool known_ = false;        // the keys are those of an account
    std::string gs2_header_;    // as it came
    Bytes binding_;             // of this connection, of the kind that the client named
    std::string nonce_;         // ours; from the first message on the client's before it
    std::string auth_message_;  // RFC 5802 §3, as far as it has come
    storage::ScramKeys keys_;
};

}  // namespace gatepost::dataplane

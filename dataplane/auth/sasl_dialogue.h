// A login by SASL, as all protocols have it: the exchange, and what that asks of the LoginPort. The
// session has the lines.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/auth/login_port.h"
#include "dataplane/auth/sasl.h"
#include "dataplane/reactor/task.h"
#include "dataplane/tls/tls_session.h"

namespace gatepost::dataplane {

// Passwords do not stay in memory for longer than they are used.
void wipe(std::string& text);
void wipe(std::optional<std::string>& text);

// Wipes `text` at the end of a scope, whichever way that is left.
template <class Text>
class WipedAtEnd {
  public:
    explicit WipedAtEnd(Text& text) : text_(text) {}
    ~WipedAtEnd() { wipe(text_); }
    WipedAtEnd(const WipedAtEnd&) = delete;
    WipedAtEnd& operator=(const WipedAtEnd&) = delete;

  private:
    Text& text_;
};

// What is offered on a connection with that TLS, nullptr: none; in the order of preference. Without
// SCRAM-SHA-256-PLUS where there is nothing to bind to (RFC 5802 §6).
std::vector<SaslMechanism> usable_mechanisms(LoginPort& port, const TlsSession* tls);

class SaslDialogue {
  public:
    // `port`, what `client` refers to, and `tls` outlive this.
    SaslDialogue(LoginPort& port, const LoginClient& client, const TlsSession* tls);
    SaslDialogue(const SaslDialogue&) = delete;
    SaslDialogue& operator=(const SaslDialogue&) = delete;

    bool offers(SaslMechanism mechanism) const;
    // With one that is offered, before anything else. False: it cannot be done now.
    bool choose(SaslMechanism mechanism);

    // Each goes on until the client is to be asked (true), or to the end (false). begin() is
    // without an initial response; answer() takes that, or what the client says to challenge(),
    // decoded, and wipes it.
    Task<bool> begin();
    Task<bool> answer(std::string& octets);

    // Octets for the client, not yet base64.
    const std::string& challenge() const { return step_.challenge; }

    // The secret is wrong, whatever the client says to the challenge that tells it so (RFC 7628
    // §3.2.2), and if it says nothing at all: it is a login that failed.
    bool has_refused() const { return has_refused_; }
    // At the end, or once it has refused: who it was, or who the client says it is, and what was
    // wrong.
    const LoginOutcome& outcome() const { return who_; }
    SaslFailure failure() const;

  private:
    Task<bool> go_on();
    Task<> ask_port();

    LoginPort& port_;
    const LoginClient client_;
    const std::vector<SaslMechanism> usable_;
    SaslMechanism mechanism_ = SaslMechanism::plain;
    std::array<uint8_t, 32> binding_{};
    bool is_bound_ = false;  // binding_ is of this connection
    bool has_refused_ = false;
    std::unique_ptr<SaslExchange> exchange_;
    SaslStep step_;
    LoginOutcome who_;
};

}  // namespace gatepost::dataplane

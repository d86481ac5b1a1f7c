// OAUTHBEARER (RFC 7628): a token instead of a password. The token is looked up among those of the
// account that the client names: there is no authorization server to ask.
#pragma once

#include "dataplane/auth/sasl.h"

namespace gatepost::dataplane {

class SaslOauthBearer final : public SaslExchange {
  public:
    SaslStep step(std::string_view response) override;
    SaslStep decide(bool right) override;

  private:
    enum class State : uint8_t { message, token, error, ended };

    SaslStep take_message(std::string_view message);
    State state_ = State::message;
};

}  // namespace gatepost::dataplane

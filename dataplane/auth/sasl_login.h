// LOGIN (draft-murchison-sasl-login-00): obsolete, and all that some clients and printers know.
#pragma once

#include "dataplane/auth/sasl.h"

namespace gatepost::dataplane {

class SaslLogin final : public SaslExchange {
  public:
    SaslStep begin() override;
    // An initial response, where there is one, is the login.
    SaslStep step(std::string_view response) override;

  private:
    enum class State : uint8_t { login, password, ended };
    State state_ = State::login;
};

}  // namespace gatepost::dataplane

// PLAIN (RFC 4616): authorization identity, login and password in one message.
#pragma once

#include "dataplane/auth/sasl.h"

namespace gatepost::dataplane {

class SaslPlain final : public SaslExchange {
  public:
    SaslStep step(std::string_view response) override;

  private:
    bool taken_ = false;
};

}  // namespace gatepost::dataplane

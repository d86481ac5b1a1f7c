// SMTP and LMTP for the server of streams: one for each listener of a worker.
#pragma once

#include <utility>

#include "dataplane/smtp/smtp_environment.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

class SmtpProtocol final : public StreamProtocol {
  public:
    SmtpProtocol(SmtpEnvironment& environment, SmtpOptions options)
        : environment_(environment), options_(std::move(options)) {}

    Task<> serve(Session& session) override;

  private:
    SmtpEnvironment& environment_;
    const SmtpOptions options_;
};

}  // namespace gatepost::dataplane

// POP3 for the server of streams: one for each listener of a worker.
#pragma once

#include <utility>

#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/pop3/pop3_options.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

class Pop3Protocol final : public StreamProtocol {
  public:
    // `environment` outlives it.
    Pop3Protocol(ImapEnvironment& environment, Pop3Options options)
        : environment_(environment), options_(std::move(options)) {}

    Task<> serve(Session& session) override;

  private:
    ImapEnvironment& environment_;
    const Pop3Options options_;
};

}  // namespace gatepost::dataplane

// IMAP for the server of streams: one for each listener of a worker.
#pragma once

#include <utility>

#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

class ImapProtocol final : public StreamProtocol {
  public:
    // `environment` outlives it.
    ImapProtocol(ImapEnvironment& environment, ImapOptions options)
        : environment_(environment), options_(std::move(options)) {}

    Task<> serve(Session& session) override;

  private:
    ImapEnvironment& environment_;
    const ImapOptions options_;
};

}  // namespace gatepost::dataplane

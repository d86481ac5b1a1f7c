// HTTP on a listener of a worker: HTTP/2 for clients that ask for it, else HTTP/1.1.
#pragma once

#include <memory>

#include "dataplane/http/http_host.h"
#include "dataplane/stream/stream_session.h"

namespace gatepost::dataplane {

class HttpService final : public StreamProtocol {
  public:
    // `environment` outlives the service. One per listener and worker.
    static Result<std::unique_ptr<HttpService>> create(const HttpOptions& options,
                                                       HttpEnvironment& environment);

    Task<> serve(Session& session) override;

    uint64_t received() const { return host_->received(); }  // DNS queries since start

  private:
    explicit HttpService(std::unique_ptr<HttpHost> host) : host_(std::move(host)) {}

    std::unique_ptr<HttpHost> host_;
};

}  // namespace gatepost::dataplane

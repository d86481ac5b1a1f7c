#include "dataplane/http/http_service.h"

#include <algorithm>

#include "dataplane/http/http1_session.h"
#include "dataplane/http/http2_session.h"

namespace gatepost::dataplane {

namespace {

// RFC 9113 §3.4: what a client of HTTP/2 begins with. No method of HTTP/1.1 begins like that.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

bool begins_with_preface(Bytes input) {
    size_t length = std::min(input.size(), kPreface.size());
    return std::equal(input.begin(), input.begin() + static_cast<ptrdiff_t>(length),
                      kPreface.begin());
}

Task<> serve_http1(HttpHost& host, Session& session) {
    Http1Session http(host, session);
    co_await http.run();
}

Task<> serve_http2(HttpHost& host, Session& session) {
    Http2Session http(host, session);
    co_await http.run();
}

}  // namespace

Result<std::unique_ptr<HttpService>> HttpService::create(const HttpOptions& options,
                                                         HttpEnvironment& environment) {
    auto host = HttpHost::create(options, environment);
    if (!host) return tl::unexpected(host.error());
    return std::unique_ptr<HttpService>(new HttpService(std::move(*host)));
}

Task<> HttpService::serve(Session& session) {
    Stream& stream = session.stream;
    std::string_view alpn = stream.tls() == nullptr ? std::string_view() : stream.tls()->alpn();
    // RFC 9113 §3.2, §3.3: by ALPN under TLS; by prior knowledge where there is none.
    if (alpn == "h2") co_return co_await serve_http2(*host_, session);
    if (alpn.empty()) {
        stream.expect_within(host_->options().idle_ms);
        while (begins_with_preface(stream.input()) && stream.input().size() < kPreface.size()) {
            StreamStatus status = co_await stream.fill();
            if (status == StreamStatus::ok) continue;
            session.end = stream_end(status);
            // What has begun is left to HTTP/1.1 to be refused.
            if (stream.input().empty() || status != StreamStatus::end) co_return;
            break;
        }
        if (begins_with_preface(stream.input()) && stream.input().size() >= kPreface.size())
            co_return co_await serve_http2(*host_, session);
        session.end = storage::StreamEnd::server;
    }
    co_await serve_http1(*host_, session);
}

}  // namespace gatepost::dataplane

// One connection of HTTP/1.1 (RFC 9112): requests one after the other, pipelined or not. The DNS
// queries of those that one read brought are answered together.
#pragma once

#include "dataplane/http/body_buffer.h"
#include "dataplane/http/http1_body.h"
#include "dataplane/http/http1_parser.h"
#include "dataplane/http/http_host.h"

namespace gatepost::dataplane {

class Http1Session {
  public:
    Http1Session(HttpHost& host, Session& session)
        : host_(host), session_(session), stream_(session.stream) {}
    Http1Session(const Http1Session&) = delete;
    Http1Session& operator=(const Http1Session&) = delete;

    // Until the connection is to be closed; session.end says why.
    Task<> run();

  private:
    enum class Next : uint8_t { head, body, end };

    // What has come of the request under way. Nothing waits in the burst when a coroutine waits.
    Next take_head();
    Next take_request();
    Next take_body();
    Next finish_body();
    Next out_of_memory();
    // Answers with an error and ends.
    Next refuse(int status);
    bool burst_is_full();
    bool flush();
    bool write(HttpResponse& response, bool keep_alive, bool head_only);
    uint64_t idle_ms() const;
    void end_with(StreamStatus status);

    HttpHost& host_;
    Session& session_;
    Stream& stream_;
    Http1Parser parser_;
    Http1Body body_{Http1Parser::Body::none, 0};
    DohQuery query_;
    BodyBuffer content_;
    uint32_t requests_ = 0;
    bool begun_ = false;       // the deadline of a request is set
    bool keep_alive_ = true;   // after the request under way
    bool http10_ = false;      // the request under way is of HTTP/1.0
    bool wants_body_ = false;  // else it is read to get behind it
};

}  // namespace gatepost::dataplane

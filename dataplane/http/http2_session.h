// One connection of HTTP/2 (RFC 9113) over nghttp2, which does frames, HPACK and flow control; we
// move the octets, bound what a client can make us do, and answer. The DNS queries of all streams
// that one read completed are answered together.
#pragma once

#include "dataplane/http/http2_flood.h"
#include "dataplane/http/http2_head.h"
#include "dataplane/http/http2_library.h"
#include "dataplane/http/http2_stream.h"
#include "dataplane/http/http_host.h"

namespace gatepost::dataplane {

class Http2Session {
  public:
    Http2Session(HttpHost& host, Session& session);
    ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    // Until the connection is to be closed; session.end says why.
    Task<> run();

    const Http2Memory& memory() const { return memory_; }

  private:
    friend struct Http2Callbacks;
    struct Deadline {
        uint64_t at_ms = 0;
        storage::StreamEnd end = storage::StreamEnd::idle;
    };

    bool start();
    bool work();
    bool feed();
    bool pump();
    bool spill();
    void answer();
    Deadline deadline() const;
    void leave(uint32_t error_code, storage::StreamEnd end);
    void say_goodbye();

    // From nghttp2; each gives what its callback has to return.
    int on_begin_headers(int32_t id);
    int on_header(std::string_view name, std::string_view value);
    int on_head(Http2Stream& stream);
    int on_data(Http2Stream& stream, Bytes octets);
    int on_frame(const nghttp2_frame& frame);
    int on_complete(Http2Stream& stream);
    int on_sent(const nghttp2_frame& frame);
    void on_close(Http2Stream& stream);
    ssize_t read_body(Http2Stream& stream, uint8_t* room, size_t size, uint32_t& flags);

    Http2Stream* find(int32_t id) const;
    void judge(Http2Stream& stream);
    void submit(Http2Stream& stream, HttpResponse& response, bool head_only);
    void reset(int32_t id, uint32_t error_code);
    void calm_down();

    HttpHost& host_;
    Session& session_;
    Stream& stream_;
    nghttp2_session* nghttp2_ = nullptr;
    Http2Memory memory_;
    Http2Head head_;
    int32_t head_stream_ = 0;  // whose head it is
    Http2Flood flood_;
    Http2Stream* oldest_ = nullptr;
    Http2Stream* newest_ = nullptr;
    uint32_t streams_ = 0;
    uint32_t requests_ = 0;
    size_t bodies_ = 0;       // octets, of requests under way
    size_t waiting_ = 0;      // octets, of responses under way
    uint64_t active_ms_ = 0;  // when a request was complete last, or a response's octets went
    bool spoken_ = false;     // the client's first frame has come
    bool dry_ = true;         // nghttp2 has nothing more to send now
    bool said_goodbye_ = false;
    bool peer_leaves_ = false;  // it has sent GOAWAY
    bool leaving_ = false;      // GOAWAY, and no more
};

}  // namespace gatepost::dataplane

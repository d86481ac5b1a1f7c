// Responses of an IMAP server, one after the other, from the octets that come in. The octets of a
// message (BODY[]) are handed on while they come: they are never here as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/server_response.h"

namespace gatepost::tools {

class OctetSource {
  public:
    virtual ~OctetSource() = default;
    // Waits until there are some. Those given are valid until the next call; none: the peer has
    // closed.
    virtual Result<std::string_view> read_some() = 0;
};

// Takes the messages that a server sends.
class BodySink {
  public:
    virtual ~BodySink() = default;
    // `uid`: what the response has said so far; 0: nothing.
    virtual Status begin_body(uint32_t uid, uint64_t octets) = 0;
    virtual Status body_octets(std::string_view octets) = 0;
    virtual Status end_body() = 0;
};

class ResponseReader {
  public:
    // `source` outlives this.
    explicit ResponseReader(OctetSource& source) : source_(source) {}

    // The next response. Without a sink there must be no message in it. An error: nothing more can
    // be read; of code unreachable where the connection is to blame, invalid where the server
    // speaks no IMAP.
    Result<ServerResponse> next(BodySink* sink = nullptr);

    // RFC 9051 §6.2.1: what came in before TLS began is forgotten; whether that was anything.
    bool forget_rest();

  private:
    Status line(std::string& text);
    Status literal(std::string& text, uint64_t octets, BodySink* sink);
    Result<std::string_view> some(uint64_t octets_max);
    uint32_t uid_so_far(const std::string& text) const;

    OctetSource& source_;
    std::string_view input_;  // what was read, and not taken yet
    std::vector<std::optional<std::string>> literals_;
    size_t kept_ = 0;  // octets of this response that are held
};

}  // namespace gatepost::tools

// A response before it is written as HTTP/1.1 or HTTP/2: what is to be said, not how.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/http/date_clock.h"
#include "dataplane/stream/chunk_queue.h"

namespace gatepost::dataplane {

struct HttpResponse {
    explicit HttpResponse(BufferPool& pool) : text(pool) {}

    int status = 200;
    std::string_view content_type;    // empty: none
    std::optional<uint32_t> max_age;  // seconds that it may be kept; nullopt: nothing is said
    bool no_store = false;
    bool any_origin = false;            // scripts of any site may read it (CORS)
    bool authenticate = false;          // 401 asks for a bearer token (RFC 6750 §3)
    std::string_view allow;             // of 405
    std::string location;               // of redirects
    std::string client_address;         // of /dns/ip
    uint32_t transport_security_s = 0;  // RFC 6797; 0: none

    // The body: `body`, which stays in place until the session's next wait, or else `text`.
    Bytes body;
    ChunkQueue text;

    size_t length() const { return body.empty() ? text.size() : body.size(); }
    // With a line that says what is wrong.
    void refuse(int code, std::string_view line);
};

// A status without more to it has no body at all (RFC 9110 §6.4.1).
inline bool status_has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}
std::string_view reason_phrase(int status);

struct ResponseField {
    std::string_view name;  // in lower case
    std::string_view value;
};

// The fields of a response's head, which refer to the response and to this object.
class ResponseFields {
  public:
    ResponseFields(const HttpResponse& response, const DateClock& date);
    ResponseFields(const ResponseFields&) = delete;
    ResponseFields& operator=(const ResponseFields&) = delete;

    const ResponseField* begin() const { return fields_.data(); }
    const ResponseField* end() const { return fields_.data() + count_; }
    size_t size() const { return count_; }

    static constexpr size_t kCountMax = 12;

  private:
    void add(std::string_view name, std::string_view value);

    std::array<ResponseField, kCountMax> fields_;
    size_t count_ = 0;
    char max_age_[32];
    char length_[24];
    char transport_security_[32];
};

}  // namespace gatepost::dataplane

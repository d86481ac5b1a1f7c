// A client of HTTP/2 in memory: nghttp2's own for what is well-behaved, frames by hand for the
// rest.
#pragma once

#include <nghttp2/nghttp2.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {

struct Http2Response {
    int status = 0;
    std::map<std::string, std::string> fields;
    std::string body;
    bool complete = false;
    uint32_t error = 0;  // of RST_STREAM, or of the stream's close
};

class Http2Client {
  public:
    explicit Http2Client(HttpConnection& connection, uint32_t window = 65'535,
                         bool auto_window_update = true);
    ~Http2Client();
    Http2Client(const Http2Client&) = delete;
    Http2Client& operator=(const Http2Client&) = delete;

    using Fields = std::vector<std::pair<std::string, std::string>>;
    // Submits; exchange() sends it.
    int32_t get(const std::string& path, const Fields& more = {});
    int32_t post(const std::string& path, const std::string& body, const Fields& more = {});
    int32_t request(const Fields& fields, const std::string* body = nullptr);
    void reset(int32_t stream, uint32_t error = NGHTTP2_CANCEL);
    void open_window(int32_t stream, int32_t octets);

    // What the client has to send, without sending it.
    std::string output();
    // Sends and receives until nothing moves; `octets` go in front.
    void exchange(const std::string& octets = "");
    void receive(const std::string& octets);

    const Http2Response& operator[](int32_t stream) { return responses[stream]; }

    HttpConnection& connection;
    std::map<int32_t, Http2Response> responses;
    std::map<int32_t, std::string> bodies;  // still to be sent
    bool goaway = false;
    uint32_t goaway_error = 0;
    int32_t goaway_last = 0;
    int settings_acks = 0;
    int ping_acks = 0;
    std::map<int, uint32_t> settings;  // of the server
    size_t data_octets = 0;

  private:
    nghttp2_session* nghttp2_ = nullptr;
};

inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
std::string frame(int type, int flags, uint32_t stream, const std::string& payload);
// A header block without Huffman codes and without the dynamic table.
std::string header_block(const Http2Client::Fields& fields);
Http2Client::Fields get_fields(const std::string& path);
// Frames of the server: type, flags, stream, payload.
struct RawFrame {
    int type = 0;
    int flags = 0;
    uint32_t stream = 0;
    std::string payload;
};
std::vector<RawFrame> read_frames(std::string_view octets);
// The error code of the server's GOAWAY; -1: there is none.
int goaway_error(std::string_view octets);

}  // namespace gatepost::tests

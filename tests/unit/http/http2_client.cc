#include "tests/unit/http/http2_client.h"

#include <algorithm>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::tests {

namespace {

Http2Client& of(void* client) {
    return *static_cast<Http2Client*>(client);
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_length,
              const uint8_t* value, size_t value_length, uint8_t, void* client) {
    Http2Response& response = of(client).responses[frame->hd.stream_id];
    std::string key(reinterpret_cast<const char*>(name), name_length);
    std::string text(reinterpret_cast<const char*>(value), value_length);
    if (key == ":status")
        response.status = std::stoi(text);
    else
        response.fields[key] = text;
    return 0;
}

int on_data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t length,
            void* client) {
    of(client).responses[stream].body.append(reinterpret_cast<const char*>(data), length);
    of(client).data_octets += length;
    return 0;
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* client) {
    Http2Client& self = of(client);
    bool ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM && frame->hd.type <= NGHTTP2_HEADERS)
        self.responses[frame->hd.stream_id].complete = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        self.goaway = true;
        self.goaway_error = frame->goaway.error_code;
        self.goaway_last = frame->goaway.last_stream_id;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS && ack) ++self.settings_acks;
    if (frame->hd.type == NGHTTP2_PING && ack) ++self.ping_acks;
    if (frame->hd.type == NGHTTP2_SETTINGS)
        for (size_t i = 0; i < frame->settings.niv; ++i)
            self.settings[frame->settings.iv[i].settings_id] = frame->settings.iv[i].value;
    return 0;
}

int on_close(nghttp2_session*, int32_t stream, uint32_t error, void* client) {
    of(client).responses[stream].error = error;
    return 0;
}

ssize_t read_body(nghttp2_session*, int32_t stream, uint8_t* room, size_t size, uint32_t* flags,
                  nghttp2_data_source*, void* client) {
    std::string& body = of(client).bodies[stream];
    size_t length = std::min(size, body.size());
    std::memcpy(room, body.data(), length);
    body.erase(0, length);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(length);
}

}  // namespace

Http2Client::Http2Client(HttpConnection& to, uint32_t window, bool auto_window_update)
    : connection(to) {
    nghttp2_session_callbacks* callbacks = nullptr;
    GATEPOST_CHECK(::nghttp2_session_callbacks_new(&callbacks) == 0);
    ::nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* option = nullptr;
    GATEPOST_CHECK(::nghttp2_option_new(&option) == 0);
    ::nghttp2_option_set_no_auto_window_update(option, auto_window_update ? 0 : 1);
    ::nghttp2_option_set_peer_max_concurrent_streams(option, 1000);
    GATEPOST_CHECK(::nghttp2_session_client_new2(&nghttp2_, callbacks, this, option) == 0);
    ::nghttp2_option_del(option);
    ::nghttp2_session_callbacks_del(callbacks);
    nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    ::nghttp2_submit_settings(nghttp2_, NGHTTP2_FLAG_NONE, &entry, 1);
}

Http2Client::~Http2Client() {
    ::nghttp2_session_del(nghttp2_);
}

int32_t Http2Client::request(const Fields& fields, const std::string* body) {
    std::vector<nghttp2_nv> head;
    for (const auto& [name, value] : fields)
        head.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE});
    nghttp2_data_provider provider = {{.ptr = nullptr}, read_body};
    int32_t stream = ::nghttp2_submit_request(nghttp2_, nullptr, head.data(), head.size(),
                                              body == nullptr ? nullptr : &provider, nullptr);
    GATEPOST_CHECK(stream > 0);
    if (body != nullptr) bodies[stream] = *body;
    return stream;
}

int32_t Http2Client::get(const std::string& path, const Fields& more) {
    Fields fields = get_fields(path);
    fields.insert(fields.end(), more.begin(), more.end());
    return request(fields);
}

int32_t Http2Client::post(const std::string& path, const std::string& body, const Fields& more) {
    Fields fields = {{":method", "POST"},
                     {":scheme", "https"},
                     {":authority", "dns.example"},
                     {":path", path},
                     {"content-type", "application/dns-message"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return request(fields, &body);
}

void Http2Client::reset(int32_t stream, uint32_t error) {
    ::nghttp2_submit_rst_stream(nghttp2_, NGHTTP2_FLAG_NONE, stream, error);
}

void Http2Client::open_window(int32_t stream, int32_t octets) {
    ::nghttp2_submit_window_update(nghttp2_, NGHTTP2_FLAG_NONE, stream, octets);
}

std::string Http2Client::output() {
    std::string all;
    const uint8_t* octets = nullptr;
    while (ssize_t length = ::nghttp2_session_mem_send(nghttp2_, &octets)) {
        GATEPOST_CHECK(length > 0);
        all.append(reinterpret_cast<const char*>(octets), static_cast<size_t>(length));
    }
    return all;
}

void Http2Client::receive(const std::string& octets) {
    ssize_t used = ::nghttp2_session_mem_recv(nghttp2_, to_bytes(octets).data(), octets.size());
    GATEPOST_CHECK(used == static_cast<ssize_t>(octets.size()));
}

void Http2Client::exchange(const std::string& octets) {
    std::string out = octets + output();
    do {
        receive(connection.play(out));
        out = output();
    } while (!out.empty() && !connection.has_ended());
}

Http2Client::Fields get_fields(const std::string& path) {
    return {
        {":method", "GET"}, {":scheme", "https"}, {":authority", "dns.example"}, {":path", path}};
}

std::string frame(int type, int flags, uint32_t stream, const std::string& payload) {
    auto size = static_cast<uint32_t>(payload.size());
    std::string octets;
    for (int shift : {16, 8, 0}) octets.push_back(static_cast<char>(size >> shift));
    octets.push_back(static_cast<char>(type));
    octets.push_back(static_cast<char>(flags));
    for (int shift : {24, 16, 8, 0}) octets.push_back(static_cast<char>(stream >> shift));
    return octets + payload;
}

std::string header_block(const Http2Client::Fields& fields) {
    std::string block;
    // RFC 7541 §5.1: an integer with a prefix of 7 bits.
    auto put = [&](const std::string& text) {
        size_t length = text.size();
        if (length < 127) {
            block.push_back(static_cast<char>(length));
        } else {
            block.push_back(127);
            for (length -= 127; length >= 128; length >>= 7)
                block.push_back(static_cast<char>(0x80 | (length & 127)));
            block.push_back(static_cast<char>(length));
        }
        block += text;
    };
    for (const auto& [name, value] : fields) {
        block.push_back(0);  // literal, not indexed, new name (§6.2.2)
        put(name);
        put(value);
    }
    return block;
}

std::vector<RawFrame> read_frames(std::string_view octets) {
    std::vector<RawFrame> frames;
    while (octets.size() >= 9) {
        auto octet = [&](size_t i) { return static_cast<uint8_t>(octets[i]); };
        size_t length = size_t{octet(0)} << 16 | size_t{octet(1)} << 8 | octet(2);
        if (octets.size() < 9 + length) break;
        frames.push_back({octet(3), octet(4), load_be32(to_bytes(octets).data() + 5),
                          std::string(octets.substr(9, length))});
        octets.remove_prefix(9 + length);
    }
    return frames;
}

int goaway_error(std::string_view octets) {
    for (const RawFrame& each : read_frames(octets))
        if (each.type == NGHTTP2_GOAWAY)
            return static_cast<int>(load_be32(to_bytes(each.payload).data() + 4));
    return -1;
}

}  // namespace gatepost::tests

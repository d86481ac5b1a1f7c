// From nghttp2's callbacks to the session, and what is submitted to nghttp2.
#include <algorithm>

#include "dataplane/http/http2_session.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {

struct Http2Callbacks {
    static Http2Session& of(void* session) { return *static_cast<Http2Session*>(session); }
    static std::string_view text(const uint8_t* octets, size_t length) {
        return {reinterpret_cast<const char*>(octets), length};
    }
    static bool begins_request(const nghttp2_frame* frame) {
        return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* session) {
        return begins_request(frame) ? of(session).on_begin_headers(frame->hd.stream_id) : 0;
    }
    static int header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                      void* session) {
        if (!begins_request(frame)) return 0;  // trailers are of no use to anybody here
        return of(session).on_header(text(name, name_length), text(value, value_length));
    }
    static int data_chunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t length,
                          void* session) {
        Http2Stream* stream = of(session).find(id);
        return stream == nullptr ? 0 : of(session).on_data(*stream, Bytes(data, length));
    }
    static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* session) {
        return of(session).on_frame(*frame);
    }
    static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* session) {
        return of(session).on_sent(*frame);
    }
    static int stream_closed(nghttp2_session* nghttp2, int32_t id, uint32_t, void* session) {
        Http2Stream* stream = of(session).find(id);
        ::nghttp2_session_set_stream_user_data(nghttp2, id, nullptr);
        if (stream != nullptr) of(session).on_close(*stream);
        return 0;
    }
    static ssize_t body(nghttp2_session*, int32_t, uint8_t* room, size_t size, uint32_t* flags,
                        nghttp2_data_source* source, void* session) {
        return of(session).read_body(*static_cast<Http2Stream*>(source->ptr), room, size, *flags);
    }

    static nghttp2_session_callbacks* make() {
        nghttp2_session_callbacks* all = nullptr;
        GATEPOST_CHECK(::nghttp2_session_callbacks_new(&all) == 0);
        ::nghttp2_session_callbacks_set_on_begin_headers_callback(all, begin_headers);
        ::nghttp2_session_callbacks_set_on_header_callback(all, header);
        ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, data_chunk);
        ::nghttp2_session_callbacks_set_on_frame_recv_callback(all, frame_received);
        ::nghttp2_session_callbacks_set_on_frame_send_callback(all, frame_sent);
        ::nghttp2_session_callbacks_set_on_stream_close_callback(all, stream_closed);
        return all;
    }
};

bool Http2Session::start() {
    static const nghttp2_session_callbacks* const kCallbacks = Http2Callbacks::make();
    if (::nghttp2_session_server_new3(&nghttp2_, kCallbacks, this, http2_options(),
                                      memory_.interface()) != 0)
        return false;
    constexpr nghttp2_settings_entry kSettings[] = {
        {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, kHttp2DecoderTable},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kHttp2StreamsMax},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kHttp2StreamWindow},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kHttpHeadMax},
        // RFC 9218 §2.1: the tree of RFC 7540 is not kept.
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    return ::nghttp2_submit_settings(nghttp2_, NGHTTP2_FLAG_NONE, kSettings,
                                     std::size(kSettings)) == 0;
}

void Http2Session::submit(Http2Stream& stream, HttpResponse& response, bool head_only) {
    ResponseFields fields(response, host_.date());
    nghttp2_nv head[ResponseFields::kCountMax + 1];
    size_t count = 0;
    auto add = [&](std::string_view name, std::string_view value, bool varies) {
        // nghttp2 keeps names where they are (they are constants) and copies values.
        uint8_t flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
        if (varies) flags |= NGHTTP2_NV_FLAG_NO_INDEX;
        head[count++] = {const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(name.data())),
                         const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(value.data())),
                         name.size(), value.size(), flags};
    };
    char status[3] = {};
    for (int i = 2, rest = response.status; i >= 0; --i, rest /= 10)
        status[i] = static_cast<char>('0' + rest % 10);
    add(":status", {status, sizeof status}, false);
    // HPACK's table is for what comes again: not for lengths, ages and addresses.
    for (const ResponseField& field : fields)
        add(field.name, field.value,
            field.name == "content-length" || field.name == "cache-control" ||
                field.name == "location" || field.name == "ip");

    stream.answered = true;
    nghttp2_data_provider provider = {{.ptr = &stream}, Http2Callbacks::body};
    bool has_body = !head_only && response.length() != 0;
    if (has_body) {
        stream.immediate = response.body;
        if (response.body.empty()) stream.rest.splice(response.text);
        waiting_ += stream.unsent();
    }
    host_.count(HttpVersion::http2, response.status);
    if (::nghttp2_submit_response(nghttp2_, stream.id, head, count,
                                  has_body ? &provider : nullptr) != 0)
        reset(stream.id, NGHTTP2_INTERNAL_ERROR);
}

}  // namespace gatepost::dataplane

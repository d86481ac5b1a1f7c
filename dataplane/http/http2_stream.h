// A stream of an HTTP/2 connection: one request and its response.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/http/body_buffer.h"
#include "dataplane/http/doh_burst.h"
#include "dataplane/reactor/frame_pool.h"
#include "dataplane/stream/chunk_queue.h"

namespace gatepost::dataplane {

struct Http2Stream {
    Http2Stream(BufferPool& pool, int32_t stream_id, uint64_t now_ms)
        : id(stream_id), begun_ms(now_ms), rest(pool) {}

    static void* operator new(size_t octets) { return FramePool::allocate(octets); }
    static void operator delete(void* memory, size_t octets) { FramePool::free(memory, octets); }

    int32_t id;
    bool complete = false;    // the whole request has come
    bool wants_body = false;  // which is a DNS query
    bool answered = false;    // a response has been submitted
    int16_t place = -1;       // in the burst
    uint64_t begun_ms;
    DohQuery query;
    BodyBuffer body;
    // The response's body as far as it has not been sent: memory of the burst or of the arena,
    // which is good until the session waits, then `rest`.
    Bytes immediate;
    ChunkQueue rest;
    Http2Stream* next = nullptr;  // of the connection
    Http2Stream* previous = nullptr;

    size_t unsent() const { return immediate.size() + rest.size(); }
};

}  // namespace gatepost::dataplane

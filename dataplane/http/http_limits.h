// What a client of the HTTP server may make us keep or do at most. Whoever goes beyond is told so
// by status, or, where that is no honest mistake, by the end of the connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

// ---- one request

// Request line and headers. A DoH query of 1,232 octets is a line of less than 2 KiB; browsers stay
// below 8 KiB. More is 431, and the waiting octets of a stream (Stream::kInputMax) are no more.
inline constexpr size_t kHttpHeadMax = 16 << 10;
inline constexpr size_t kHttpTargetMax = 12 << 10;  // of these, the target; more is 414
inline constexpr size_t kHttpHeaderLinesMax = 100;  // more is 431
// The longest DNS message (RFC 8484 §6); nobody has more to send. More is 413.
inline constexpr size_t kHttpBodyMax = 65'535;
inline constexpr size_t kChunkLineMax = 256;        // chunk size and extensions (RFC 9112 §7.1.1)
inline constexpr size_t kTrailersMax = 4 << 10;     // of a chunked body; they are ignored
inline constexpr size_t kHttpHeaderFieldsMax = 16;  // of the headers that are looked at

// ---- one connection

inline constexpr size_t kHttpUnsentMax = 64 << 10;  // octets; then we wait for the client to read
// Pipelined DNS queries that are answered together, before it is known how long their replies are:
// 1 MiB at the very most.
inline constexpr size_t kHttp1BurstMax = 16;

// ---- one HTTP/2 connection

// RFC 9113 §6.5.2 advises 100 or more; two bursts of the responder.
inline constexpr uint32_t kHttp2StreamsMax = 128;
// The windows: RFC 9113's own first values. A stream's holds any message but the very longest, and
// is opened again as that comes; the connection's bounds what all of them send at a time.
inline constexpr uint32_t kHttp2StreamWindow = 65'535;
// What bodies of requests under way may hold together; a stream beyond is refused and can be tried
// again (RFC 9113 §8.7).
inline constexpr size_t kHttp2BodiesMax = 256 << 10;
// The same of responses that wait for the client's flow control (CVE-2019-9517), or for their turn.
inline constexpr size_t kHttp2WaitingMax = 512 << 10;
// HPACK's dynamic tables, which stay with an idle connection. Ours holds the few fields that every
// response repeats; the client's has its user agent, authority and the like.
inline constexpr uint32_t kHttp2EncoderTable = 512;
inline constexpr uint32_t kHttp2DecoderTable = 2048;
// A header list of kHttpHeadMax has no use for more CONTINUATION frames (CVE-2024-28182).
inline constexpr size_t kHttp2ContinuationsMax = 4;
inline constexpr size_t kHttp2SettingsMax = 32;  // entries of a frame
inline constexpr size_t kHttp2AcksMax = 64;      // of PING and SETTINGS that wait to be sent

// Floods are counted by the interval; whoever exceeds one of these gets GOAWAY with
// ENHANCE_YOUR_CALM.
inline constexpr uint64_t kHttp2IntervalMs = 10'000;
// Streams that the client opened and reset (CVE-2023-44487), or made us reset (CVE-2025-8671). A
// browser that leaves a page resets what it waits for: as many as there are streams.
inline constexpr uint32_t kHttp2ResetsMax = 2 * kHttp2StreamsMax;
// Frames that ask for nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, DATA without data
// (CVE-2019-9511 to 9518), and those of unknown types. Each request pays for some of them.
inline constexpr uint32_t kHttp2ControlFramesMax = 500;
inline constexpr uint32_t kHttp2ControlFramesPerRequest = 4;
// What nghttp2 may allocate for one connection: a bound behind all bounds. 128 streams with the
// largest of everything are below half of it.
inline constexpr size_t kHttp2MemoryMax = 1 << 20;

}  // namespace gatepost::dataplane

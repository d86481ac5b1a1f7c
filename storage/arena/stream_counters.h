// What a worker counts about its connections; written by that worker only, read by anyone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/arena/qsbr.h"

namespace gatepost::storage {

// How a connection ended.
enum class StreamEnd : uint8_t {
    peer,            // the client closed it
    server,          // it was done, or the protocol says so
    reset,           // the client broke it off, or the network did
    idle,            // nothing came for too long
    deadline,        // a line, a header or a message took too long from its first octet to its last
    not_read,        // the client does not read what it asked for
    tls_failed,      // no TLS came about; see TlsFailure
    protocol,        // what came cannot be followed
    proxy_header,    // a trusted proxy sent none, or a broken one
    listener_limit,  // more connections than the listener may have
    source_limit,    // more than one address may have
    prefix_limit,    // more than one network may have
    no_memory,       // the worker's buffers are all in use
    drained,         // the process ends
};
inline constexpr size_t kStreamEnds = 14;

// Why a handshake, or a connection after it, failed.
enum class TlsFailure : uint8_t {
    none,
    not_tls,        // what came is not TLS
    version,        // the client's versions are all too old
    cipher,         // no common cipher, group or signature
    alpn,           // the client speaks none of the protocols that are served here
    peer_alert,     // the client refused: mostly our certificate
    peer_closed,    // the connection ended in the middle
    bad_record,     // a record that is broken, forged, too large or out of place
    renegotiation,  // asked for by the client; refused
    timeout,
    other,
};
inline constexpr size_t kTlsFailures = 11;

inline constexpr size_t kTlsVersions = 2;    // 1.2, 1.3
inline constexpr size_t kHttpVersions = 2;   // HTTP/1.1, HTTP/2
inline constexpr size_t kStatusClasses = 5;  // 1xx … 5xx

struct alignas(kCacheLine) StreamCounters {
    std::atomic<uint64_t> open;   // connections now
    std::atomic<uint64_t> total;  // accepted since start
    std::atomic<uint64_t> ends[kStreamEnds];
    std::atomic<uint64_t> received_octets;  // as they came, with TLS
    std::atomic<uint64_t> sent_octets;
    std::atomic<uint64_t> handshakes[kTlsVersions][2];  // [version][resumed]
    std::atomic<uint64_t> tls_failures[kTlsFailures];
    std::atomic<uint64_t> identities_loaded;  // chains and keys parsed
    std::atomic<uint64_t> identity_failures;  // that could not be used
    std::atomic<uint64_t> http_requests[kHttpVersions][kStatusClasses];
    std::atomic<uint64_t> buffers_octets;   // in use now
    std::atomic<uint64_t> buffers_refused;  // the pool was empty
    std::atomic<uint64_t> receive_starved;  // no provided buffer was free when octets came
};

// By the one worker that writes the counter: no read-modify-write.
inline void count(std::atomic<uint64_t>& counter, uint64_t amount = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

std::string_view stream_end_name(StreamEnd end);
std::string_view tls_failure_name(TlsFailure failure);

}  // namespace gatepost::storage

// What a worker counts about compressed connections: written by the worker alone, read by anyone.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatepost::dataplane {

struct CompressionCounters {
    std::atomic<uint64_t> begun{0};     // connections that have been compressed
    std::atomic<uint64_t> refused{0};   // because there were too many
    std::atomic<uint64_t> broken{0};    // what came was no deflate stream
    std::atomic<uint64_t> received{0};  // octets on the wire
    std::atomic<uint64_t> inflated{0};  // what they stood for
    std::atomic<uint64_t> said{0};      // octets before they were compressed
    std::atomic<uint64_t> sent{0};      // on the wire
    std::atomic<uint64_t> stored{0};    // of those said: went out as they were
    std::atomic<uint64_t> rested{0};    // silent connections that have given their memory back
    // As it is now.
    std::atomic<uint64_t> compressed{0};  // connections
    std::atomic<uint64_t> deflating{0};   // of them, with a compressor of their own
};

}  // namespace gatepost::dataplane

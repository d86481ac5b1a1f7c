// What compressed connections may use of this host.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

// ---- of one connection
// Of what goes out: a window of 8 KiB and small tables take 64 KiB while something is being said,
// a quarter of what zlib takes unless it is told, for 5 % more octets on the wire.
inline constexpr int kDeflateWindowBits = 13;
inline constexpr int kDeflateMemoryLevel = 6;
// Twice as fast as level 6: a piece of 16 KiB keeps the worker's other sessions for 0.2 ms.
inline constexpr int kDeflateLevel = 4;
// Of what comes in: the client may refer back as far as deflate can (RFC 1951 §2: 32 KiB).
inline constexpr int kInflateWindowBits = 15;
// Octets inflated at a time, and how many may wait to be consumed.
inline constexpr size_t kInflatedMax = 16 << 10;
// Octets inflated before the worker's other sessions have their turn: a few octets may stand for a
// thousand times as many.
inline constexpr size_t kInflatedPerTurn = 64 << 10;

// ---- of all connections of a worker
// 40 KiB each at most, while the client speaks; hardly more than it has said, up to 32 KiB, while
// it is silent.
inline constexpr uint64_t kCompressedMax = 20'000;
// Connections that are compressing at the same time, about 70 KiB each. What one more has to say
// goes out in stored blocks (RFC 1951 §3.2.4), for which nothing is kept.
inline constexpr uint64_t kDeflatersMax = 1'000;

}  // namespace gatepost::dataplane

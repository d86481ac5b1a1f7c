// What a session of POP3 may use of this host, where no option says so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/auth/sasl.h"

namespace gatepost::dataplane {

// ---- commands, in octets with their CR LF
inline constexpr size_t kPop3LineMax = 255;  // RFC 2449 §4
// RFC 5034 §4 has it that clients keep an initial response within a line, and those with tokens do
// not: the longest response and what stands before it.
inline constexpr size_t kPop3AuthLineMax = kSaslTextMax + 40;

// ---- answers
// Octets that are put together before they go to the stream, and that may wait in it before no
// more are made.
inline constexpr size_t kPop3Piece = 16 << 10;
inline constexpr size_t kPop3UnsentMax = 64 << 10;
inline constexpr size_t kPop3BodyPiece = 32 << 10;  // of one read of the message log

// ---- what somebody may try; then the session ends
inline constexpr uint32_t kPop3BadCommandsMax = 20;  // unknown, malformed or out of place
inline constexpr uint32_t kPop3FailedLoginsMax = 5;

// ---- time, in milliseconds
inline constexpr uint32_t kPop3StartTlsMs = 10'000;  // three round trips on a bad line, twice
inline constexpr uint32_t kPop3WriteMs = 60'000;     // for a client to take a piece

}  // namespace gatepost::dataplane

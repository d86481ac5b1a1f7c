// What a session of IMAP may use of this host, where no option says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

// ---- commands, in octets; how long one may be is in dataplane/imap_syntax/command_text.h
// A line or literal that is too long is read over up to here, so that the next command is found.
inline constexpr uint64_t kImapSkippedMax = uint64_t{4} << 20;

// ---- answers
// Octets that are put together before they go to the stream, and that may wait in it before no
// more are made.
inline constexpr size_t kImapPiece = 16 << 10;
inline constexpr size_t kImapUnsentMax = 64 << 10;

// ---- what somebody can make us hold
// Then the session ends.
inline constexpr uint32_t kImapBadCommandsMax = 20;  // answered BAD
inline constexpr uint32_t kImapFailedLoginsMax = 5;

// ---- ESEARCH (RFC 7377)
// Mailboxes of one command: each that is not in memory is loaded.
inline constexpr size_t kSearchedMailboxesMax = 1000;

// ---- time, in milliseconds
inline constexpr uint32_t kImapStartTlsMs = 10'000;  // three round trips on a bad line, twice
inline constexpr uint32_t kImapWriteMs = 60'000;     // for a client to take a piece
inline constexpr uint32_t kImapLiteralMs = 180'000;  // between two pieces of a message
// Of silence, before a compressed connection gives back what it can do without: longer than a
// client takes between the commands of one task.
inline constexpr uint32_t kImapRestMs = 2'000;
inline constexpr uint32_t kImapStillHereMs = 240'000;  // in IDLE: NAT forgets after 5 minutes

}  // namespace gatepost::dataplane

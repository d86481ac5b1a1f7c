// What a session may use of this host, where no option says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatepost::dataplane {

// ---- command lines, in octets with their CR LF
inline constexpr size_t kSmtpCommandMax = 512;  // RFC 5321 §4.5.3.1.4
// Each parameter with the space in front of it.
inline constexpr size_t kSizeParameterMax = 26;   // RFC 1870 §3
inline constexpr size_t kBodyParameterMax = 17;   // RFC 3030 §3: " BODY=BINARYMIME" and one more
inline constexpr size_t kAuthParameterMax = 500;  // RFC 4954 §3
inline constexpr size_t kSmtpUtf8ParameterMax = 10;  // RFC 6531 §3.4
inline constexpr size_t kUtf8PathMax = 460;        // RFC 6531 §3.4: more than a path in ASCII has
inline constexpr size_t kRetParameterMax = 9;      // RFC 3461 §4.3: " RET=FULL"
inline constexpr size_t kEnvidMax = 100;           // RFC 3461 §4.4, of the value
inline constexpr size_t kEnvidParameterMax = 107;  // with " ENVID="
inline constexpr size_t kNotifyParameterMax = 29;  // RFC 3461 §4.1: " NOTIFY=SUCCESS,FAILURE,DELAY"
inline constexpr size_t kOrcptMax = 500;           // RFC 3461 §4.2, of the value
inline constexpr size_t kOrcptParameterMax = 507;  // with " ORCPT="
inline constexpr size_t kMailCommandMax = kSmtpCommandMax + kSizeParameterMax + kBodyParameterMax +
                                          kAuthParameterMax + kSmtpUtf8ParameterMax + kUtf8PathMax +
                                          kRetParameterMax + kEnvidParameterMax;
inline constexpr size_t kRcptCommandMax =
    kSmtpCommandMax + kUtf8PathMax + kNotifyParameterMax + kOrcptParameterMax;
// RFC 4954 §4: what a line of an AUTH dialogue has at most; the command with an initial response,
// too.
inline constexpr size_t kAuthLineMax = 12'288;
// RFC 5321 §4.5.3.1.5: a line of a reply.
inline constexpr size_t kSmtpReplyMax = 512;
// A line that is too long is read over up to here, so that the next command is found; whoever sends
// more than this without a line's end does not speak SMTP.
inline constexpr uint64_t kSkippedLineMax = uint64_t{4} << 20;

// ---- what somebody can make us hold
inline constexpr size_t kHeloMax = 255;  // RFC 5321 §4.5.3.1.2
// Mailboxes and addresses that a message goes to, those behind aliases counted.
inline constexpr size_t kMessageTargetsMax = 10'000;
inline constexpr size_t kUnsentRepliesMax = 8 << 10;  // octets; no further command is read beyond
// Octets of a message that are gathered before the store gets them.
inline constexpr size_t kIntakePiece = 16 << 10;

// ---- time, in milliseconds
inline constexpr uint32_t kStartTlsMs = 10'000;  // three round trips on a bad line, twice
inline constexpr uint32_t kRefusedMs = 10'000;   // for QUIT, after a refusal as greeting

}  // namespace gatepost::dataplane

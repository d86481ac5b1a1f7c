// What a client that makes load needs to know of a response: its number, UIDs, flags.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::tools {

// "12 EXISTS", "3 FETCH (…)": the number, and what follows it.
struct NumberedResponse {
    uint32_t number = 0;
    std::string_view rest;  // "EXISTS", "FETCH (…)"
};
std::optional<NumberedResponse> numbered_response(std::string_view text);

// The system flags, as bits; others are not looked at.
inline constexpr uint8_t kImapSeen = 1;
inline constexpr uint8_t kImapAnswered = 2;
inline constexpr uint8_t kImapFlagged = 4;
inline constexpr uint8_t kImapDeleted = 8;
inline constexpr uint8_t kImapDraft = 16;

struct FetchedFlags {
    uint32_t number = 0;  // in the mailbox
    std::optional<uint32_t> uid;
    std::optional<uint8_t> flags;
};
// Of "12 FETCH (UID 5 FLAGS (\Seen) MODSEQ (7))", whatever else is between; nullopt where it is no
// FETCH, or not well-formed.
std::optional<FetchedFlags> fetched_flags(std::string_view text);

// RFC 4315 §3: of "OK [APPENDUID 38505 3955] …", the one UID; nullopt where it is not told.
std::optional<uint32_t> appended_uid(std::string_view text);

}  // namespace gatepost::tools

// What an IMAP server says, taken apart (RFC 9051 §7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tools {

struct ResponseValue {
    // body: the octets of a message, which went to a BodySink and are not here.
    enum class Kind : uint8_t { atom, string, list, body };

    Kind kind = Kind::atom;
    std::string text;  // of an atom as it was written, of a string what it stands for
    std::vector<ResponseValue> items;

    bool is_list() const { return kind == Kind::list; }
    // NIL is text too: "".
    std::string_view string() const;
    std::optional<uint64_t> number() const;
};

struct ServerResponse {
    enum class Kind : uint8_t { untagged, tagged, continuation };

    Kind kind = Kind::untagged;
    std::string tag;                    // of a tagged one
    std::string status;                 // OK, NO, BAD, BYE, PREAUTH; "": it is data
    std::string code;                   // of a status, what stands in brackets; of the others ""
    std::string text;                   // of a status or a continuation, for people
    std::optional<uint32_t> number;     // of data: of "12 FETCH"
    std::string name;                   // of data, in capitals: "FETCH"
    std::vector<ResponseValue> values;  // of data: what is behind the name

    bool is_ok() const { return status == "OK"; }
    bool is_data(std::string_view of_name) const { return status.empty() && name == of_name; }
    // "OVERQUOTA" of "[OVERQUOTA …]", in capitals.
    std::string code_name() const;
};

// The value behind an item of FETCH ("UID"), whatever its case; nullptr: it is not there.
const ResponseValue* fetch_item(const ServerResponse& response, std::string_view item);

// What FETCH tells of UID; nullopt: nothing.
std::optional<uint32_t> fetched_uid(const ServerResponse& response);

// Limits of one response, so that no server can make us hold more.
inline constexpr size_t kResponseTextMax = 4 << 20;     // octets, but the body of a message
inline constexpr size_t kResponseLiteralMax = 1 << 20;  // octets of a literal that is kept
inline constexpr size_t kResponseDepthMax = 32;         // lists in lists
inline constexpr size_t kResponseTagMax = 32;           // octets; ours are shorter

// A response without its last CR LF. Of a literal, `text` has "{5}" and a CR LF, and its octets are
// the next of `literals`; those of a body are none (nullopt). nullopt: it is no response of IMAP.
std::optional<ServerResponse> parse_response(
    std::string_view text, const std::vector<std::optional<std::string>>& literals);

}  // namespace gatepost::tools

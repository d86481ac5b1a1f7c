// The rules about what is in a message, compiled: what the control plane makes and workers scan
// with. Patterns are numbered from 0; the databases of Hyperscan report them by these numbers.
//
// Decoding gives views into the octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

// Where a pattern is looked for.
enum class FilterField : uint8_t {
    header,      // a field of the message's header, by its name
    recipients,  // the To and Cc fields of the message's header
    any_header,  // of the message and of its parts
    attachment_name,
    envelope_from,
    envelope_to,
    helo,
    client,  // address of the host that sent it
    body,    // text parts
    raw,     // the message as it was sent
};
inline constexpr size_t kFilterFields = 10;

enum class FilterAction : uint8_t { score, reject, junk, discard, tag };
inline constexpr size_t kFilterActions = 5;

struct FilterPattern {
    FilterField field = FilterField::raw;
    std::string_view header_name;  // of FilterField::header, in lower case
};

// One of everybody's.
struct FilterRule {
    std::string_view name;
    uint32_t pattern = 0;
    FilterAction action = FilterAction::score;
    bool monitor = false;  // named and counted, nothing else
    int32_t score = 0;
    std::string_view folder;  // where the message goes; "": it does not matter
};

// One of an account's own.
struct FilingRule {
    uint64_t account_id = 0;
    uint32_t pattern = 0;
    std::string_view folder;
};

struct FilterImage {
    std::optional<int32_t> junk_score;    // a message of this score or more is junk
    std::optional<int32_t> reject_score;  // … is refused
    std::vector<FilterPattern> patterns;
    std::vector<FilterRule> rules;         // in the order in which their folders count
    std::vector<FilingRule> filing_rules;  // by account; of one account in the order they count
    // Serialized databases: of values that are scanned as a whole, of bodies, of raw messages; the
    // last two for streams. Empty: no pattern is looked for there.
    Bytes values;
    Bytes bodies;
    Bytes raws;
};

// Octets of an image: some 100,000 rules. It lies in each worker once, twice while it is replaced.
inline constexpr size_t kFilterImageMax = size_t{64} << 20;

// Strings are at most 65,535 octets, filing rules sorted by account.
std::vector<uint8_t> encode_filter_image(const FilterImage& image);
// Refuses (invalid) what is cut off, of an unknown version, or refers to what is not there.
Result<FilterImage> decode_filter_image(Bytes octets);

}  // namespace gatepost::storage

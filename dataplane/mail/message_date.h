// Dates of messages (RFC 5322 §3.3, §4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

struct MessageDate {
    int64_t utc_s = 0;         // seconds since 1970
    int16_t zone_minutes = 0;  // east of UTC is positive
    // RFC 5322 §3.3: "-0000", and every zone that is not known: the local time is not told.
    bool has_zone = false;

    friend bool operator==(const MessageDate&, const MessageDate&) = default;
};

// The value of a Date field, with comments, obsolete years and zones. nullopt: it is none, or one
// that no calendar has. The name of the day is not compared with the date.
std::optional<MessageDate> parse_message_date(std::string_view value);

}  // namespace gatepost::dataplane

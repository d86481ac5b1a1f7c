// The announcement of a literal at the end of a line (RFC 9051 §4.3, RFC 7888, RFC 3516).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gatepost::dataplane {

// RFC 9051 §9: number64 has 63 bits.
inline constexpr uint64_t kNumber64Max = (uint64_t{1} << 63) - 1;

struct LiteralMark {
    size_t offset = 0;          // where it begins in the line
    uint64_t octets = 0;        // kNumber64Max: that many or more
    bool synchronizing = true;  // "{n}": the client waits for "+ "; "{n+}": it does not
    bool binary = false;        // "~{n}": NUL may be in it

    bool operator==(const LiteralMark&) const = default;
};

// `line` is without its CR LF. nullopt: it does not end with one.
std::optional<LiteralMark> find_literal(std::string_view line);

}  // namespace gatepost::dataplane

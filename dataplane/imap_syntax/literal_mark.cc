#include "dataplane/imap_syntax/literal_mark.h"

namespace gatepost::dataplane {

std::optional<LiteralMark> find_literal(std::string_view line) {
    if (!line.ends_with('}')) return std::nullopt;
    const size_t open = line.rfind('{');
    if (open == std::string_view::npos) return std::nullopt;
    LiteralMark mark{.offset = open};
    std::string_view number = line.substr(open + 1, line.size() - open - 2);
    if (number.ends_with('+')) {
        mark.synchronizing = false;
        number.remove_suffix(1);
    }
    if (number.empty()) return std::nullopt;
    for (char c : number) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<uint64_t>(c - '0');
        // Too large a number is a literal all the same: its octets follow, whatever we think of it.
        mark.octets =
            mark.octets > (kNumber64Max - digit) / 10 ? kNumber64Max : mark.octets * 10 + digit;
    }
    if (open > 0 && line[open - 1] == '~') {
        mark.binary = true;
        --mark.offset;
    }
    return mark;
}

}  // namespace gatepost::dataplane

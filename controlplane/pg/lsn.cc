#include "controlplane/pg/lsn.h"

#include <fmt/core.h>

#include <charconv>

namespace gatepost::controlplane {
namespace {

bool parse_half(std::string_view text, uint32_t& out) {
    if (text.empty() || text.size() > 8) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string lsn_to_text(Lsn lsn) {
    return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xffffffffU);
}

Result<Lsn> lsn_from_text(std::string_view text) {
    const size_t slash = text.find('/');
    uint32_t high = 0;
    uint32_t low = 0;
    if (slash == std::string_view::npos || !parse_half(text.substr(0, slash), high) ||
        !parse_half(text.substr(slash + 1), low))
        return fail(ErrorCode::invalid, "'{}' is not a log position such as 16/B374D848", text);
    return Lsn{high} << 32 | low;
}

}  // namespace gatepost::controlplane

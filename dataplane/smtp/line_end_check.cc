#include "dataplane/smtp/line_end_check.h"

#include <cstring>

namespace gatepost::dataplane {

void LineEndCheck::take(Bytes octets) {
    if (bare_ || octets.empty()) return;
    const uint8_t* at = octets.data();
    const uint8_t* const end = at + octets.size();
    if (after_cr_) {
        after_cr_ = false;
        bare_ = *at++ != '\n';
    }
    // Line by line: the first LF, and in front of it the first CR, have to be neighbours.
    while (!bare_ && at < end) {
        const auto left = static_cast<size_t>(end - at);
        const auto* lf = static_cast<const uint8_t*>(std::memchr(at, '\n', left));
        const auto span = lf == nullptr ? left : static_cast<size_t>(lf - at);
        const auto* cr = static_cast<const uint8_t*>(std::memchr(at, '\r', span));
        if (lf == nullptr) {
            after_cr_ = cr != nullptr && cr + 1 == end;
            bare_ = cr != nullptr && !after_cr_;
            return;
        }
        bare_ = cr == nullptr || cr + 1 != lf;
        at = lf + 1;
    }
}

}  // namespace gatepost::dataplane

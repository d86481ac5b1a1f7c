#include "dataplane/mail/summary_cursor.h"

namespace gatepost::dataplane {

uint64_t SummaryCursor::long_number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < end_; shift += 7) {
        const uint8_t octet = *at_++;
        value |= uint64_t{octet & 0x7fU} << shift;
        if (octet < 0x80) return value;
    }
    fail();
    return 0;
}

}  // namespace gatepost::dataplane

// Numbers of messages, and ranges of results.
#include <cstdlib>

#include "dataplane/imap_syntax/common_arguments.h"

namespace gatepost::dataplane {
namespace {

bool parse_number(ImapScanner& scanner, Star star, uint32_t& out) {
    if (star == Star::allowed && scanner.take('*')) {
        out = kStar;
        return true;
    }
    return scanner.nz_number(out);
}

bool parse_signed(ImapScanner& scanner, int64_t& out) {
    const bool negative = scanner.take('-');
    uint32_t number = 0;
    if (!scanner.nz_number(number)) return false;
    out = negative ? -int64_t{number} : int64_t{number};
    return true;
}

}  // namespace

bool parse_sequence_set(ImapScanner& scanner, SequenceSet& out, Star star) {
    out = {};
    // RFC 5182 §2.1: "$" stands in the place of a whole set.
    if (star == Star::allowed && scanner.take('$')) {
        out.saved_result = true;
        return true;
    }
    do {
        SequenceRange range;
        if (!parse_number(scanner, star, range.first)) return false;
        range.last = range.first;
        if (scanner.take(':') && !parse_number(scanner, star, range.last)) return false;
        out.ranges.push_back(range);
    } while (scanner.take(','));
    return true;
}

bool parse_partial_range(ImapScanner& scanner, int64_t& first, int64_t& last) {
    if (!parse_signed(scanner, first) || !scanner.expect(':') || !parse_signed(scanner, last))
        return false;
    // RFC 9394 §5: both from the beginning, or both from the end.
    if ((first < 0) != (last < 0)) return scanner.fail("the range has two signs");
    if (std::abs(first) > std::abs(last)) std::swap(first, last);
    return true;
}

}  // namespace gatepost::dataplane

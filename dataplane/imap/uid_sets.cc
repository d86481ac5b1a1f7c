#include "dataplane/imap/uid_sets.h"

#include <algorithm>
#include <iterator>

namespace gatepost::dataplane {

using storage::UidRange;
using storage::UidSet;

uint64_t count_uids(const UidSet& set) {
    uint64_t count = 0;
    for (const UidRange& range : set) count += uint64_t{range.last} - range.first + 1;
    return count;
}

bool contains_uid(const UidSet& set, uint32_t uid) {
    const auto at = std::ranges::lower_bound(set, uid, {}, &UidRange::last);
    return at != set.end() && at->first <= uid;
}

UidSet uids_without(const UidSet& set, const UidSet& without) {
    UidSet left;
    auto at = without.begin();
    for (const UidRange& range : set) {
        uint64_t first = range.first;
        while (at != without.end() && at->last < first) ++at;
        for (auto cut = at; cut != without.end() && cut->first <= range.last; ++cut) {
            if (cut->first > first) left.push_back({static_cast<uint32_t>(first), cut->first - 1});
            first = uint64_t{cut->last} + 1;
        }
        if (first <= range.last) left.push_back({static_cast<uint32_t>(first), range.last});
    }
    return left;
}

UidSet uids_within(const UidSet& set, const UidSet& with) {
    UidSet both;
    auto at = with.begin();
    for (const UidRange& range : set) {
        while (at != with.end() && at->last < range.first) ++at;
        for (auto other = at; other != with.end() && other->first <= range.last; ++other)
            both.push_back(
                {std::max(range.first, other->first), std::min(range.last, other->last)});
    }
    return both;
}

UidSet union_of(const UidSet& a, const UidSet& b) {
    UidSet all;
    std::ranges::merge(a, b, std::back_inserter(all), {}, &UidRange::first, &UidRange::first);
    UidSet joined;
    for (const UidRange& range : all) {
        if (!joined.empty() && range.first <= uint64_t{joined.back().last} + 1)
            joined.back().last = std::max(joined.back().last, range.last);
        else
            joined.push_back(range);
    }
    return joined;
}

UidSet uids_of(const SequenceSet& set, uint32_t last) {
    UidSet ranges;
    for (const SequenceRange& range : set.ranges) {
        const uint32_t a = range.first == kStar ? last : range.first;
        const uint32_t b = range.last == kStar ? last : range.last;
        if (a != 0 && b != 0) ranges.push_back({std::min(a, b), std::max(a, b)});
    }
    std::ranges::sort(ranges, {}, &UidRange::first);
    return union_of(ranges, {});
}

UidSet uids_at_places(const UidSet& set, int64_t first, int64_t last) {
    const auto count = static_cast<int64_t>(count_uids(set));
    // From the end: -1 is the last one.
    if (first < 0) first = count + 1 + first;
    if (last < 0) last = count + 1 + last;
    if (first > last) std::swap(first, last);
    first = std::max<int64_t>(first, 1);
    UidSet part;
    int64_t place = 1;  // of the range's first UID
    for (const UidRange& range : set) {
        const int64_t size = int64_t{range.last} - range.first + 1;
        const int64_t from = std::max(first - place, int64_t{0});
        const int64_t to = std::min(last - place, size - 1);
        if (from <= to)
            part.push_back({static_cast<uint32_t>(range.first + from),
                            static_cast<uint32_t>(range.first + to)});
        place += size;
    }
    return part;
}

std::vector<UidSet> in_pieces(const UidSet& set, uint32_t size) {
    std::vector<UidSet> pieces;
    uint32_t room = 0;
    for (UidRange range : set) {
        for (;;) {
            if (room == 0) pieces.emplace_back();
            if (room == 0) room = size;
            const uint32_t beyond = range.last - range.first;  // one less than there are
            const uint32_t taken = std::min(beyond, room - 1);
            pieces.back().push_back({range.first, range.first + taken});
            room -= taken + 1;
            if (taken == beyond) break;
            range.first += taken + 1;
        }
    }
    return pieces;
}

}  // namespace gatepost::dataplane

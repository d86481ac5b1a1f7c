#include "dataplane/imap_view/message_numbers.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

using storage::UidRange;
using storage::UidSet;

// Sorts ranges, and joins those that meet or touch.
void normalize(UidSet& ranges) {
    std::sort(ranges.begin(), ranges.end(),
              [](const UidRange& a, const UidRange& b) { return a.first < b.first; });
    size_t kept = 0;
    for (const UidRange& range : ranges) {
        // In 64 bits: a range may end with the largest number that there is.
        if (kept != 0 && range.first <= uint64_t{ranges[kept - 1].last} + 1)
            ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
        else
            ranges[kept++] = range;
    }
    ranges.resize(kept);
}

// The ranges that a set means where `last` is "*"; not in order. `bad`: one of them is beyond.
UidSet meant_ranges(const SequenceSet& set, uint32_t last, bool by_uid, bool& bad) {
    UidSet meant;
    meant.reserve(set.ranges.size());
    for (const SequenceRange& range : set.ranges) {
        const bool has_star = range.first == kStar || range.last == kStar;
        if (last == 0) {
            // RFC 9051 §6.4.5: numbers beyond the last message are BAD, in an empty mailbox "*",
            // too.
            bad |= !by_uid;
            continue;
        }
        // RFC 9051 §9, seq-range: 2:4 and 4:2 are the same; "*" is in its range even where the
        // other end is beyond the last message.
        const uint32_t a = range.first == kStar ? last : range.first;
        const uint32_t b = range.last == kStar ? last : range.last;
        if (!by_uid && !has_star && std::max(a, b) > last) bad = true;
        meant.push_back({std::min(a, b), std::min(std::max(a, b), last)});
        if (meant.back().first > last) meant.pop_back();
    }
    return meant;
}

}  // namespace

MessageNumbers::MessageNumbers(const storage::MailboxView& mailbox) {
    const size_t chunks = mailbox.chunk_count();
    for (size_t i = 0; i < chunks; ++i) {
        const auto entries = mailbox.chunk(i).entries;
        const auto count = static_cast<uint32_t>(entries.size());
        add(entries.front().uid);
        if (entries.back().uid - entries.front().uid == count - 1) {
            // Without gaps there is no need to look at each.
            runs_.back().count += count - 1;
            size_ += count - 1;
            continue;
        }
        for (const storage::MailboxEntry& entry : entries.subspan(1)) add(entry.uid);
    }
}

uint32_t MessageNumbers::last_uid() const {
    return runs_.empty() ? 0 : runs_.back().first_uid + (runs_.back().count - 1);
}

uint32_t MessageNumbers::uid_at(uint32_t number) const {
    GATEPOST_CHECK(number != 0 && number <= size_);
    const auto behind =
        std::upper_bound(runs_.begin(), runs_.end(), number,
                         [](uint32_t wanted, const Run& run) { return wanted < run.first_number; });
    const Run& run = *std::prev(behind);
    return run.first_uid + (number - run.first_number);
}

uint32_t MessageNumbers::number_of(uint32_t uid) const {
    const auto behind =
        std::upper_bound(runs_.begin(), runs_.end(), uid,
                         [](uint32_t wanted, const Run& run) { return wanted < run.first_uid; });
    if (behind == runs_.begin()) return 0;
    const Run& run = *std::prev(behind);
    return uid - run.first_uid < run.count ? run.first_number + (uid - run.first_uid) : 0;
}

void MessageNumbers::add(uint32_t uid) {
    const uint32_t last = last_uid();
    GATEPOST_CHECK(uid > last);
    ++size_;
    if (last != 0 && uid == last + 1)
        ++runs_.back().count;
    else
        runs_.push_back({uid, size_, 1});
}

uint32_t MessageNumbers::remove(uint32_t uid) {
    const uint32_t number = number_of(uid);
    if (number == 0) return 0;
    auto run = std::prev(
        std::upper_bound(runs_.begin(), runs_.end(), uid,
                         [](uint32_t wanted, const Run& at) { return wanted < at.first_uid; }));
    const uint32_t before = uid - run->first_uid;
    const uint32_t behind = run->count - before - 1;
    if (before == 0 && behind == 0) {
        run = runs_.erase(run);
    } else if (before == 0) {
        ++run->first_uid;
        --run->count;
        ++run;
    } else {
        run->count = before;
        ++run;
        // Its number is that of the one that goes, once those behind have moved up.
        if (behind != 0) run = runs_.insert(run, {uid + 1, number + 1, behind});
    }
    for (; run != runs_.end(); ++run)
        if (run->first_number > number) --run->first_number;
    --size_;
    return number;
}

void MessageNumbers::remove(const UidSet& uids) {
    std::vector<Run> kept;
    kept.reserve(runs_.size() + uids.size());
    uint32_t size = 0;
    const auto keep = [&](uint64_t first, uint64_t last) {
        if (first > last) return;
        const auto count = static_cast<uint32_t>(last - first + 1);
        kept.push_back({static_cast<uint32_t>(first), size + 1, count});
        size += count;
    };
    auto gone = uids.begin();
    for (const Run& run : runs_) {
        uint64_t first = run.first_uid;
        const uint64_t last = first + run.count - 1;
        while (gone != uids.end() && gone->last < first) ++gone;
        for (auto range = gone; range != uids.end() && range->first <= last; ++range) {
            if (range->first > first) keep(first, range->first - uint64_t{1});
            first = std::max(first, range->last + uint64_t{1});
            gone = range;
        }
        keep(first, last);
    }
    runs_ = std::move(kept);
    size_ = size;
}

UidSet MessageNumbers::uids() const {
    UidSet all;
    all.reserve(runs_.size());
    for (const Run& run : runs_) all.push_back({run.first_uid, run.first_uid + (run.count - 1)});
    return all;
}

UidSet MessageNumbers::present(const UidSet& wanted) const {
    UidSet found;
    auto run = runs_.begin();
    for (const UidRange& range : wanted) {
        run = std::lower_bound(run, runs_.end(), range.first, [](const Run& at, uint32_t uid) {
            return at.first_uid + (at.count - 1) < uid;
        });
        for (auto at = run; at != runs_.end() && at->first_uid <= range.last; ++at)
            found.push_back({std::max(range.first, at->first_uid),
                             std::min(range.last, at->first_uid + (at->count - 1))});
    }
    return found;
}

UidSet MessageNumbers::numbered(const UidSet& wanted) const {
    UidSet found;
    auto run = runs_.begin();
    for (const UidRange& range : wanted) {
        run = std::lower_bound(run, runs_.end(), range.first, [](const Run& at, uint32_t number) {
            return at.first_number + (at.count - 1) < number;
        });
        for (auto at = run; at != runs_.end() && at->first_number <= range.last; ++at) {
            const uint32_t first = std::max(range.first, at->first_number);
            const uint32_t last = std::min(range.last, at->first_number + (at->count - 1));
            found.push_back({at->first_uid + (first - at->first_number),
                             at->first_uid + (last - at->first_number)});
        }
    }
    return found;
}

UidSet MessageNumbers::resolve(const SequenceSet& set, bool by_uid, const UidSet& saved,
                               bool& bad) const {
    bad = false;
    UidSet meant = meant_ranges(set, by_uid ? last_uid() : size_, by_uid, bad);
    if (bad) return {};
    normalize(meant);
    UidSet found = by_uid ? present(meant) : numbered(meant);
    if (!set.saved_result) return found;
    // RFC 5182 §2.1: "$" are UIDs, whatever the command counts by; messages that have gone since
    // are not meant any more.
    const UidSet again = present(saved);
    if (found.empty()) return again;
    found.insert(found.end(), again.begin(), again.end());
    normalize(found);
    return found;
}

}  // namespace gatepost::dataplane

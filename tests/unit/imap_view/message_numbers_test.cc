// Sequence numbers of a session: sets of them and of UIDs, and what stays when messages go.
#include "dataplane/imap_view/message_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::kStar;
using dataplane::MessageNumbers;
using dataplane::SequenceRange;
using dataplane::SequenceSet;
using storage::UidRange;
using storage::UidSet;

MessageNumbers numbers_of(std::initializer_list<uint32_t> uids) {
    MessageNumbers numbers;
    for (const uint32_t uid : uids) numbers.add(uid);
    return numbers;
}

SequenceSet set_of(std::initializer_list<SequenceRange> ranges) {
    return {.ranges = ranges, .saved_result = false};
}

// Of numbers; "BAD" where the set is.
UidSet by_number(const MessageNumbers& numbers, std::initializer_list<SequenceRange> ranges) {
    bool bad = true;
    UidSet uids = numbers.resolve(set_of(ranges), false, {}, bad);
    EXPECT_FALSE(bad);
    return uids;
}

UidSet by_uid(const MessageNumbers& numbers, std::initializer_list<SequenceRange> ranges) {
    bool bad = true;
    UidSet uids = numbers.resolve(set_of(ranges), true, {}, bad);
    EXPECT_FALSE(bad);
    return uids;
}

bool is_bad(const MessageNumbers& numbers, std::initializer_list<SequenceRange> ranges) {
    bool bad = false;
    const UidSet uids = numbers.resolve(set_of(ranges), false, {}, bad);
    EXPECT_TRUE(!bad || uids.empty());
    return bad;
}

TEST(MessageNumbers, NumbersAndUids) {
    MessageNumbers numbers = numbers_of({3, 4, 5, 9, 20, 21});
    EXPECT_EQ(numbers.size(), 6u);
    EXPECT_EQ(numbers.last_uid(), 21u);
    EXPECT_EQ(numbers.uid_at(1), 3u);
    EXPECT_EQ(numbers.uid_at(4), 9u);
    EXPECT_EQ(numbers.uid_at(6), 21u);
    EXPECT_EQ(numbers.number_of(5), 3u);
    EXPECT_EQ(numbers.number_of(20), 5u);
    for (const uint32_t uid : {0u, 2u, 6u, 8u, 10u, 22u, UINT32_MAX})
        EXPECT_EQ(numbers.number_of(uid), 0u) << uid;
    EXPECT_EQ(numbers.uids(), (UidSet{{3, 5}, {9, 9}, {20, 21}}));
    EXPECT_EQ(MessageNumbers().last_uid(), 0u);
    EXPECT_EQ(MessageNumbers().number_of(1), 0u);
}

TEST(MessageNumbers, ThoseBehindMoveUp) {
    MessageNumbers numbers = numbers_of({3, 4, 5, 9, 20, 21});
    EXPECT_EQ(numbers.remove(4), 2u);  // in the middle of a run
    EXPECT_EQ(numbers.remove(4), 0u);
    EXPECT_EQ(numbers.number_of(5), 2u);
    EXPECT_EQ(numbers.number_of(21), 5u);
    EXPECT_EQ(numbers.remove(9), 3u);   // a run by itself
    EXPECT_EQ(numbers.remove(20), 3u);  // the first of one
    EXPECT_EQ(numbers.remove(21), 3u);
    EXPECT_EQ(numbers.last_uid(), 5u);
    EXPECT_EQ(numbers.uids(), (UidSet{{3, 3}, {5, 5}}));
    numbers.add(6);
    EXPECT_EQ(numbers.uids(), (UidSet{{3, 3}, {5, 6}}));
    EXPECT_EQ(numbers.remove(6), 3u);  // the last of a run
    EXPECT_EQ(numbers.remove(3), 1u);
    EXPECT_EQ(numbers.remove(5), 1u);
    EXPECT_EQ(numbers.size(), 0u);
    EXPECT_EQ(numbers.last_uid(), 0u);
}

TEST(MessageNumbers, OfAMailbox) {
    MailboxIndexRig rig;
    storage::MailboxUpdate whole{.status = status_of(4, 1, 1200)};
    for (uint32_t i = 0; i < 1200; ++i)
        whole.messages.push_back(message_of(i < 700 ? i + 1 : i * 2, 1));
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    const MessageNumbers numbers(rig.mailbox(4));
    ASSERT_EQ(numbers.size(), 1200u);
    EXPECT_EQ(numbers.uids().front(), (UidRange{1, 700}));
    EXPECT_EQ(numbers.uids().size(), 501u);
    for (uint32_t i = 0; i < 1200; ++i) {
        EXPECT_EQ(numbers.uid_at(i + 1), whole.messages[i].entry.uid);
        EXPECT_EQ(numbers.number_of(whole.messages[i].entry.uid), i + 1);
    }
}

TEST(MessageNumbers, SetsOfNumbers) {
    const MessageNumbers numbers = numbers_of({3, 4, 5, 9, 20, 21});
    EXPECT_EQ(by_number(numbers, {{2, 4}}), (UidSet{{4, 5}, {9, 9}}));
    EXPECT_EQ(by_number(numbers, {{4, 2}}), (UidSet{{4, 5}, {9, 9}}));
    EXPECT_EQ(by_number(numbers, {{5, 5}, {1, 2}, {3, 3}}), (UidSet{{3, 5}, {20, 20}}));
    EXPECT_EQ(by_number(numbers, {{kStar, kStar}}), (UidSet{{21, 21}}));
    EXPECT_EQ(by_number(numbers, {{kStar, 5}}), (UidSet{{20, 21}}));
    EXPECT_EQ(by_number(numbers, {{5, kStar}}), (UidSet{{20, 21}}));
    // RFC 9051 §9: "*" is in its range whatever the other end.
    EXPECT_EQ(by_number(numbers, {{9, kStar}}), (UidSet{{21, 21}}));
    EXPECT_TRUE(is_bad(numbers, {{7, 7}}));
    EXPECT_TRUE(is_bad(numbers, {{1, 7}}));
    EXPECT_TRUE(is_bad(numbers, {{8, 9}, {1, 1}}));
    EXPECT_TRUE(is_bad(MessageNumbers(), {{1, 1}}));
    EXPECT_TRUE(is_bad(MessageNumbers(), {{1, kStar}}));
}

TEST(MessageNumbers, SetsOfUids) {
    const MessageNumbers numbers = numbers_of({3, 4, 5, 9, 20, 21});
    EXPECT_EQ(by_uid(numbers, {{4, 10}}), (UidSet{{4, 5}, {9, 9}}));
    EXPECT_EQ(by_uid(numbers, {{10, 4}, {21, 21}}), (UidSet{{4, 5}, {9, 9}, {21, 21}}));
    EXPECT_EQ(by_uid(numbers, {{6, 8}, {100, 200}}), UidSet());
    EXPECT_EQ(by_uid(numbers, {{1, UINT32_MAX}}), numbers.uids());
    EXPECT_EQ(by_uid(numbers, {{10, kStar}}), (UidSet{{20, 21}}));
    EXPECT_EQ(by_uid(numbers, {{700, kStar}}), (UidSet{{21, 21}}));
    EXPECT_EQ(by_uid(MessageNumbers(), {{1, kStar}, {7, 9}}), UidSet());
}

TEST(MessageNumbers, SavedResults) {
    MessageNumbers numbers = numbers_of({3, 4, 5, 9, 20, 21});
    const UidSet saved = {{4, 5}, {9, 9}, {21, 21}};
    SequenceSet set{.ranges = {}, .saved_result = true};
    bool bad = true;
    EXPECT_EQ(numbers.resolve(set, false, saved, bad), saved);
    EXPECT_FALSE(bad);
    EXPECT_EQ(numbers.resolve(set, true, {}, bad), UidSet());
    set.ranges = {{1, 1}};
    EXPECT_EQ(numbers.resolve(set, false, saved, bad), (UidSet{{3, 5}, {9, 9}, {21, 21}}));
    set.ranges.clear();
    numbers.remove(5);
    numbers.remove(21);
    EXPECT_EQ(numbers.resolve(set, false, saved, bad), (UidSet{{4, 4}, {9, 9}}));
}

// Sets of thousands of ranges, in a mailbox of millions of messages: by the ranges only.
TEST(MessageNumbers, LargeSets) {
    MessageNumbers numbers;
    for (uint32_t uid = 1; uid <= 3'000'000; ++uid) numbers.add(uid);
    numbers.remove(1'500'000);
    SequenceSet set;
    for (uint32_t i = 0; i < 20'000; ++i)
        set.ranges.push_back({(i * 7919 % 20'000) * 100 + 50, (i * 7919 % 20'000) * 100 + 1});
    set.ranges.push_back({1, kStar});
    bool bad = true;
    EXPECT_EQ(numbers.resolve(set, true, {}, bad), numbers.uids());
    set.ranges.pop_back();
    EXPECT_EQ(numbers.resolve(set, true, {}, bad).size(), 20'000u);
    EXPECT_EQ(numbers.resolve(set, false, {}, bad).size(), 20'000u);
    EXPECT_FALSE(bad);
}

class NumbersModel {
  public:
    explicit NumbersModel(uint64_t seed) : random_(seed) {
        for (uint32_t uid = 1; uid < 400; ++uid)
            if (below(4) != 0) add(uid);
    }

    void step() {
        if (below(3) == 0) {
            add(numbers_.last_uid() + 1 + below(3));
        } else if (below(8) == 0) {
            remove_many();
        } else {
            const uint32_t uid = below(500);
            const auto at = uids_.find(uid);
            const auto number = at == uids_.end() ? 0 : std::distance(uids_.begin(), at) + 1;
            ASSERT_EQ(numbers_.remove(uid), static_cast<uint32_t>(number));
            uids_.erase(uid);
        }
        check();
    }

    void check_sets() {
        SequenceSet set;
        std::set<uint32_t> wanted;
        const std::vector<uint32_t> in_order(uids_.begin(), uids_.end());
        const auto size = static_cast<uint32_t>(in_order.size());
        const bool uid_set = below(2) == 0;
        const uint32_t last = uid_set ? numbers_.last_uid() : size;
        for (uint32_t i = below(20); i-- > 0 && last != 0;) {
            SequenceRange range{1 + below(last), 1 + below(last)};
            if (below(10) == 0) range.last = kStar;
            set.ranges.push_back(range);
            const uint32_t end = range.last == kStar ? last : range.last;
            for (uint32_t n = std::min(range.first, end); n <= std::max(range.first, end); ++n) {
                if (uid_set && !uids_.contains(n)) continue;
                wanted.insert(uid_set ? n : in_order[n - 1]);
            }
        }
        bool bad = true;
        const UidSet found = numbers_.resolve(set, uid_set, {}, bad);
        ASSERT_FALSE(bad);
        UidSet ranges;
        for (const uint32_t uid : wanted) storage::add_uid(ranges, uid);
        ASSERT_EQ(found, ranges);
    }

  private:
    uint32_t below(uint32_t end) { return static_cast<uint32_t>(random_() % end); }
    void add(uint32_t uid) {
        numbers_.add(uid);
        uids_.insert(uid);
    }
    void remove_many() {
        UidSet gone;
        for (uint32_t uid = below(50); uid < 600; uid += 1 + below(120)) {
            const uint32_t last = uid + below(6);
            gone.push_back({uid, last});
            uids_.erase(uids_.lower_bound(uid), uids_.upper_bound(last));
            uid = last;
        }
        numbers_.remove(gone);
    }
    void check() const {
        ASSERT_EQ(numbers_.size(), uids_.size());
        UidSet ranges;
        uint32_t number = 0;
        for (const uint32_t uid : uids_) {
            storage::add_uid(ranges, uid);
            ASSERT_EQ(numbers_.number_of(uid), ++number);
            ASSERT_EQ(numbers_.uid_at(number), uid);
        }
        ASSERT_EQ(numbers_.uids(), ranges);
    }

    std::mt19937_64 random_;
    MessageNumbers numbers_;
    std::set<uint32_t> uids_;
};

TEST(MessageNumbers, RandomSteps) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        NumbersModel model(seed);
        for (int i = 0; i < 300; ++i) {
            ASSERT_NO_FATAL_FAILURE(model.step()) << "seed " << seed << " step " << i;
            ASSERT_NO_FATAL_FAILURE(model.check_sets()) << "seed " << seed << " step " << i;
        }
    }
}

}  // namespace
}  // namespace gatepost::tests

#include "storage/message_log/compaction.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

constexpr uint64_t kSize = 1000;

SegmentLoad load(uint32_t number, uint64_t live, SegmentKind kind = SegmentKind::log) {
    return {{number, kind}, kSize, live};
}

TEST(Compaction, TheEmptiestComeFirst) {
    const std::vector<SegmentLoad> loads = {load(1, 400), load(2, 900), load(3, 100),
                                            load(4, 0),   load(5, 300), load(20, 0)};
    const CompactionPlan plan = plan_compaction(loads, {.floor = 10});
    EXPECT_EQ(plan.copy, (std::vector<uint32_t>{3, 5, 1}));
    ASSERT_EQ(plan.remove.size(), 1u);
    EXPECT_EQ(plan.remove[0].number, 4u);
    EXPECT_EQ(plan.freed, 600 + 900 + 1000 + 700u);
}

TEST(Compaction, NothingFromTheFloorOnIsTouched) {
    const std::vector<SegmentLoad> loads = {load(9, 100), load(10, 0), load(11, 100)};
    const CompactionPlan plan = plan_compaction(loads, {.floor = 10});
    EXPECT_EQ(plan.copy, (std::vector<uint32_t>{9}));
    EXPECT_TRUE(plan.remove.empty());
    EXPECT_TRUE(plan_compaction(loads, {}).copy.empty()) << "no checkpoint, no compaction";
}

TEST(Compaction, APassHasItsLimit) {
    const std::vector<SegmentLoad> loads = {load(1, 200), load(2, 300), load(3, 400)};
    const CompactionPlan plan = plan_compaction(loads, {.floor = 10, .copy_max = 500});
    EXPECT_EQ(plan.copy, (std::vector<uint32_t>{1, 2}));
}

TEST(Compaction, ABodyOfItsOwnIsKeptOrRemoved) {
    const std::vector<SegmentLoad> loads = {load(1, 10, SegmentKind::own),
                                            load(2, 0, SegmentKind::own)};
    const CompactionPlan plan = plan_compaction(loads, {.floor = 10});
    EXPECT_TRUE(plan.copy.empty());
    ASSERT_EQ(plan.remove.size(), 1u);
    EXPECT_EQ(plan.remove[0], (SegmentName{2, SegmentKind::own}));
}

}  // namespace
}  // namespace gatepost::storage

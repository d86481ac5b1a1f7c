#include "dataplane/store/compactor.h"

#include <gtest/gtest.h>

#include "store_rig.h"

namespace gatepost::dataplane {
namespace {

class Compacting : public testing::Test {
  protected:
    // Sixty messages of 5,000 octets, all delivered, in segments below the floor.
    Compacting() {
        for (unsigned i = 0; i < 60; ++i)
            EXPECT_EQ(rig.send_now(body_of(5000, i)), StoreStatus::ok);
        for (const SpoolEntry& entry : rig.listener.entries) rig.store->done(entry);
        rig.pass(3000);
        floor = rig.store->durable_floor();
        EXPECT_GT(floor, 4u);
    }
    // Every third body of a segment counts still.
    Compactor::Input input(uint32_t segment) {
        Compactor::Input made{segment, {}};
        for (size_t i = 0; i < rig.listener.entries.size(); i += 3) {
            const SpoolEntry& entry = rig.listener.entries[i];
            if (entry.body.segment == segment)
                made.live.push_back({entry.id, entry.body.offset, entry.body.size});
        }
        return made;
    }
    Result<std::vector<MovedBody>> copy(std::vector<Compactor::Input> inputs) {
        std::optional<Result<std::vector<MovedBody>>> result;
        auto body = [&]() -> Task<> { result = co_await compactor.copy(std::move(inputs), floor); };
        Task<> task = body();
        task.start();
        rig.settle();
        return result ? std::move(*result) : fail(ErrorCode::refused, "it waits");
    }
    std::string expected(const storage::BlobId& id) {
        for (const auto& sending : rig.sendings)
            if (sending->envelope.id == id) return sending->prefix + sending->octets;
        return "unknown";
    }
    StoreRig rig;
    uint32_t floor = 0;
    Compactor compactor{rig.disk, *rig.numbers, 0};
};

TEST_F(Compacting, LiveBodiesMoveAndOldSegmentsGo) {
    const std::vector<Compactor::Input> inputs = {input(1), input(2)};
    const size_t live = inputs[0].live.size() + inputs[1].live.size();
    ASSERT_GT(live, 4u);
    const auto moved = copy(inputs);
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(moved->size(), live);
    compactor.remove({1, storage::SegmentKind::log});
    compactor.remove({2, storage::SegmentKind::log});
    rig.store->open_segments().forget(1);
    rig.store->open_segments().forget(2);
    rig.settle();
    EXPECT_EQ(rig.disk.octets_of("00000001.seg"), nullptr);
    for (const MovedBody& body : *moved) {
        EXPECT_LE(body.from.segment, 2u);
        EXPECT_EQ(rig.read(body.to), expected(body.id));
    }
    rig.crash();
    EXPECT_TRUE(rig.last_scan.findings.empty());
    EXPECT_TRUE(rig.listener.entries.empty());
    // They move a second time.
    rig.listener = {};
    Compactor::Input again{moved->front().to.segment, {}};
    for (const MovedBody& body : *moved)
        again.live.push_back({body.id, body.to.offset, body.to.size});
    floor = UINT32_MAX;
    const auto twice = copy({again});
    ASSERT_TRUE(twice) << twice.error().message;
    for (const MovedBody& body : *twice) EXPECT_NE(body.to, body.from);
    EXPECT_EQ(rig.read(twice->front().to), rig.read(moved->front().to));
}

TEST_F(Compacting, WhatIsCopiedIsDurable) {
    const std::vector<Compactor::Input> inputs = {input(1)};
    const auto moved = copy(inputs);
    ASSERT_TRUE(moved);
    std::vector<std::string> before;
    for (const MovedBody& body : *moved) before.push_back(expected(body.id));
    rig.crash();
    for (size_t i = 0; i < moved->size(); ++i) EXPECT_EQ(rig.read((*moved)[i].to), before[i]);
}

TEST_F(Compacting, FromTheFloorOnItIsRefused) {
    const auto moved = copy({input(floor)});
    ASSERT_FALSE(moved);
    EXPECT_NE(moved.error().message.find("undelivered"), std::string::npos);
}

TEST_F(Compacting, ADamagedSegmentStays) {
    (*rig.disk.octets_of("00000001.seg"))[storage::kSegmentBlock + 3000] ^= 1;
    const auto moved = copy({input(2), input(1)});
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().code, ErrorCode::invalid);
    EXPECT_NE(rig.disk.octets_of("00000001.seg"), nullptr);
    EXPECT_NE(rig.disk.octets_of("00000002.seg"), nullptr);
}

TEST_F(Compacting, AWrongPlaceIsFoundOut) {
    Compactor::Input wrong = input(1);
    wrong.live[0].offset += 16;
    EXPECT_FALSE(copy({wrong}));
    wrong = input(1);
    std::swap(wrong.live[0].id, wrong.live[1].id);
    EXPECT_FALSE(copy({wrong}));
    wrong = input(1);
    wrong.live[0].size -= 1;
    EXPECT_FALSE(copy({wrong}));
}

TEST_F(Compacting, AFullDiskLeavesAllAsItWas) {
    const size_t files = rig.disk.file_count();
    rig.disk.capacity = 0;
    const auto moved = copy({input(1)});
    ASSERT_FALSE(moved);
    EXPECT_NE(moved.error().message.find("No space"), std::string::npos);
    EXPECT_EQ(rig.disk.file_count(), files);
}

}  // namespace
}  // namespace gatepost::dataplane

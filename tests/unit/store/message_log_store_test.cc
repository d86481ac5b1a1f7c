#include "dataplane/store/message_log_store.h"

#include <gtest/gtest.h>

#include "store_rig.h"

namespace gatepost::dataplane {
namespace {

TEST(MessageLogStore, WhatIsCommittedCanBeRead) {
    StoreRig rig;
    Sending& sending = rig.send(body_of(3000), 700);
    EXPECT_FALSE(sending.status) << "before the disk has it";
    rig.settle();
    ASSERT_EQ(sending.status, StoreStatus::ok);
    EXPECT_EQ(sending.location.size, sending.prefix.size() + 3000);
    EXPECT_EQ(rig.read(sending.location), sending.prefix + sending.octets);
    EXPECT_EQ(rig.read(sending.location, 1000, 50),
              (sending.prefix + sending.octets).substr(1000, 50));
    EXPECT_EQ(rig.read(sending.location, sending.location.size - 5, 50).size(), 5u);
    EXPECT_EQ(rig.read(sending.location, sending.location.size, 50), "");
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    EXPECT_EQ(rig.listener.senders[0], "1") << "with its envelope";
    EXPECT_EQ(rig.listener.entries[0].body, sending.location);
    const auto envelope = rig.read_envelope(rig.listener.entries[0]);
    ASSERT_TRUE(envelope) << envelope.error().message;
    EXPECT_EQ(*envelope, sending.envelope);
    EXPECT_EQ(rig.store->counters().messages, 1u);
    EXPECT_EQ(rig.store->counters().octets, sending.location.size);
}

TEST(MessageLogStore, WhatIsReadyDuringAWriteGoesTogether) {
    StoreRig rig;
    rig.settle();
    for (int i = 0; i < 9; ++i) rig.send(body_of(500));
    rig.settle();
    for (const auto& sending : rig.sendings) EXPECT_EQ(sending->status, StoreStatus::ok);
    EXPECT_EQ(rig.store->counters().batches, 2u);
    for (const auto& sending : rig.sendings)
        EXPECT_EQ(rig.read(sending->location), sending->prefix + sending->octets);
}

TEST(MessageLogStore, AnEmptyMessageIsOne) {
    StoreRig rig;
    Sending& sending = rig.send("");
    rig.settle();
    ASSERT_EQ(sending.status, StoreStatus::ok);
    EXPECT_EQ(rig.read(sending.location), sending.prefix);
}

TEST(MessageLogStore, ASessionThatGoesDuringItsCommitLeavesTheMessage) {
    StoreRig rig;
    rig.settle();
    const Sending& sending = rig.send(body_of(500));
    const storage::Envelope envelope = sending.envelope;
    rig.sendings.clear();
    rig.settle();
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    EXPECT_EQ(rig.listener.senders[0], "(none)");
    const auto read = rig.read_envelope(rig.listener.entries[0]);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, envelope);
}

TEST(MessageLogStore, WhatIsKeptIsNobodysToDeliver) {
    for (const size_t octets : {size_t{3000}, size_t{1'000'000}}) {
        StoreRig rig;
        rig.settle();
        const std::string body = body_of(octets);
        const storage::BlobId id{7, 9};
        auto message = rig.store->begin();
        StoreStatus status = StoreStatus::busy;
        auto keep = [&]() -> Task<> {
            StoreStatus added = co_await message->add(bytes_of(body));
            if (added == StoreStatus::ok) status = co_await message->keep(id);
        };
        Task<> task = keep();
        task.start();
        rig.settle();
        ASSERT_EQ(status, StoreStatus::ok);
        EXPECT_EQ(rig.read(message->location()), body);
        EXPECT_TRUE(rig.listener.entries.empty());
        EXPECT_EQ(rig.store->undone(), 1u) << "compaction leaves it alone";
        const storage::BodyLocation location = message->location();
        message.reset();
        EXPECT_EQ(rig.store->undone(), 0u);
        EXPECT_EQ(rig.read(location), body);
    }
}

TEST(MessageLogStore, WhatWasKeptBeforeACrashHasNoRecipients) {
    StoreRig rig;
    rig.settle();
    auto message = rig.store->begin();
    StoreStatus status = StoreStatus::busy;
    auto keep = [&]() -> Task<> { status = co_await message->keep({7, 9}); };
    Task<> task = keep();
    task.start();
    rig.settle();
    ASSERT_EQ(status, StoreStatus::ok);
    task.reset();
    message.reset();  // which is noted with the next write: there is none
    rig.crash();
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    const auto read = rig.read_envelope(rig.listener.entries[0]);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->recipients.empty());
}

TEST(MessageLogStore, ALargeBodyHasAFileOfItsOwn) {
    StoreRig rig;
    Sending& sending = rig.send(body_of(1'000'000), 10'000);
    rig.settle();
    ASSERT_EQ(sending.status, StoreStatus::ok);
    EXPECT_EQ(rig.store->counters().own_bodies, 1u);
    EXPECT_EQ(rig.read(sending.location), sending.prefix + sending.octets);
    rig.crash();
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    EXPECT_EQ(rig.read(rig.listener.entries[0].body),
              "Received: from test\r\n" + body_of(1'000'000));
    const auto scan = storage::scan_spool(rig.disk);
    ASSERT_TRUE(scan);
    EXPECT_EQ(scan->counters.lost_bodies, 0u);
}

TEST(MessageLogStore, ALargeBodyThatIsGivenUpLeavesNoFile) {
    StoreRig rig;
    rig.settle();
    const size_t files = rig.disk.file_count();
    rig.send(body_of(1'000'000), 10'000);
    for (int i = 0; i < 4; ++i) rig.disk.step();
    EXPECT_EQ(rig.disk.file_count(), files + 1);
    rig.sendings.clear();
    rig.settle();
    EXPECT_EQ(rig.disk.file_count(), files);
    EXPECT_EQ(rig.store->counters().abandoned, 1u);
}

TEST(MessageLogStore, ALargeBodyCutOffByACrashIsRemovedAtTheNextStart) {
    StoreRig rig;
    rig.settle();
    rig.send(body_of(1'000'000), 10'000);
    for (int i = 0; i < 4; ++i) rig.disk.step();
    // Another message makes the folder, and so the name, durable.
    rig.pass(2000);
    rig.send(body_of(400'000), 10'000);
    for (int i = 0; i < 4; ++i) rig.disk.step();
    auto synced = [&]() -> Task<> { co_await rig.disk.sync(); };
    Task<> task = synced();
    task.start();
    while (!task.is_done()) rig.disk.step();
    rig.sendings.back()->task.reset();
    rig.crash();
    EXPECT_FALSE(rig.last_scan.removable.empty());
    for (const auto& name : rig.last_scan.removable)
        EXPECT_LT(name.number, rig.last_scan.next_number);
}

TEST(MessageLogStore, ShortOfMemoryBodiesGoToTheDisk) {
    auto options = StoreRig::small();
    options.memory_max = 512 << 10;
    StoreRig rig(options);
    rig.settle();
    // Bodies that wait in memory for more of them.
    std::vector<std::unique_ptr<IncomingMessage>> waiting;
    std::vector<Task<>> tasks;
    const std::string octets = body_of(8000);
    std::vector<StoreStatus> results;
    auto add = [&](IncomingMessage& message) -> Task<> {
        StoreStatus added = co_await message.add(bytes_of(octets));
        results.push_back(added);
    };
    for (int i = 0; i < 60; ++i) {
        waiting.push_back(rig.store->begin());
        tasks.push_back(add(*waiting.back()));
        tasks.back().start();
    }
    rig.settle();
    ASSERT_EQ(results.size(), waiting.size());
    EXPECT_EQ(results.front(), StoreStatus::ok);
    // 49 in memory, one with a chunk of the disk's, and no memory for another chunk.
    EXPECT_EQ(std::ranges::count(results, StoreStatus::ok), 50);
    EXPECT_EQ(std::ranges::count(results, StoreStatus::busy), 10);
    EXPECT_EQ(rig.store->counters().busy, 10u);
    // Those in memory and those on the disk go the same way.
    tasks.clear();
    waiting.clear();
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
}

TEST(MessageLogStore, AFullDiskRefusesAndRecovers) {
    auto options = StoreRig::small();
    StoreRig rig(options);
    rig.settle();
    rig.disk.capacity = 2 * StoreRig::kSegment;  // what is there already
    std::vector<Sending*> accepted;
    for (int i = 0; i < 30; ++i) {
        Sending& sending = rig.send(body_of(7000, static_cast<unsigned>(i)));
        rig.pass(20);
        if (sending.status == StoreStatus::ok) accepted.push_back(&sending);
    }
    EXPECT_EQ(rig.sendings.back()->status, StoreStatus::disk_full);
    EXPECT_EQ(rig.store->accepting(), StoreStatus::disk_full);
    EXPECT_GT(rig.store->counters().disk_full, 0u);
    EXPECT_GT(accepted.size(), 10u) << "what there was room for";
    for (const Sending* sending : accepted)
        EXPECT_EQ(rig.read(sending->location), sending->prefix + sending->octets);

    // What is delivered is noted all the same.
    const size_t notes = rig.listener.entries.size();
    for (const SpoolEntry& entry : rig.listener.entries) rig.store->done(entry);
    rig.pass(1000);
    EXPECT_TRUE(rig.store->is_idle());
    EXPECT_EQ(rig.store->counters().done, notes);

    rig.disk.capacity = UINT64_MAX;
    rig.pass(3000);
    EXPECT_EQ(rig.store->accepting(), StoreStatus::ok);
    EXPECT_EQ(rig.send_now(body_of(7000)), StoreStatus::ok);
    rig.crash();
    EXPECT_EQ(rig.listener.entries.size(), 1u);
}

TEST(MessageLogStore, BelowTheReserveNothingIsTaken) {
    auto options = StoreRig::small();
    options.reserve_octets = 1 << 20;
    StoreRig rig(options);
    rig.disk.capacity = 4 << 20;
    rig.pass(2000);
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    rig.disk.capacity = 1 << 20;
    rig.pass(2000);
    EXPECT_EQ(rig.store->accepting(), StoreStatus::disk_full);
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::disk_full);
    rig.disk.capacity = 4 << 20;
    rig.pass(2000);
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
}

TEST(MessageLogStore, AFailedWriteEndsItsSegment) {
    StoreRig rig;
    rig.settle();
    ASSERT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    rig.disk.failing_writes = 1;
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::broken);
    EXPECT_EQ(rig.store->counters().sealed, 1u);
    EXPECT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    EXPECT_NE(rig.sendings[0]->location.segment, rig.sendings[2]->location.segment);
    for (size_t i : {size_t{0}, size_t{2}})
        EXPECT_EQ(rig.read(rig.sendings[i]->location),
                  rig.sendings[i]->prefix + rig.sendings[i]->octets);
}

TEST(MessageLogStore, WhatIsDoneStaysDone) {
    StoreRig rig;
    for (int i = 0; i < 5; ++i) ASSERT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    EXPECT_EQ(rig.store->undone(), 5u);
    for (size_t i = 0; i < 4; ++i) rig.store->done(rig.listener.entries[i]);
    EXPECT_EQ(rig.store->undone(), 1u);
    rig.store->done(rig.listener.entries[0]);
    EXPECT_EQ(rig.store->counters().done_unknown, 1u);
    EXPECT_FALSE(rig.store->is_idle());
    rig.pass(200);
    EXPECT_TRUE(rig.store->is_idle());
    const SpoolEntry left = rig.listener.entries[4];
    rig.crash();
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    EXPECT_EQ(rig.listener.entries[0].id, left.id);
    EXPECT_EQ(rig.listener.senders[0], "(none)");
    // What an earlier process left is done in this one.
    rig.store->done(rig.listener.entries[0]);
    rig.pass(200);
    rig.crash();
    EXPECT_TRUE(rig.listener.entries.empty());
}

TEST(MessageLogStore, NotesThatCouldNotBeWrittenAreWrittenLater) {
    StoreRig rig;
    ASSERT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    rig.disk.failing_writes = 2;
    rig.store->done(rig.listener.entries[0]);
    rig.pass(150);
    EXPECT_FALSE(rig.store->is_idle());
    rig.pass(500);
    EXPECT_TRUE(rig.store->is_idle());
    EXPECT_EQ(rig.store->counters().sealed, 2u);
    rig.crash();
    EXPECT_TRUE(rig.listener.entries.empty());
}

TEST(MessageLogStore, TheCheckpointSparesOldSegments) {
    StoreRig rig;
    for (int i = 0; i < 60; ++i) ASSERT_EQ(rig.send_now(body_of(5000)), StoreStatus::ok);
    for (const SpoolEntry& entry : rig.listener.entries) rig.store->done(entry);
    rig.pass(3000);
    EXPECT_GT(rig.store->counters().checkpoints, 0u);
    EXPECT_GT(rig.store->durable_floor(), 3u);
    const uint32_t floor = rig.store->durable_floor();
    rig.crash();
    EXPECT_EQ(rig.last_scan.floor, floor);
    EXPECT_LE(rig.last_scan.counters.segments, 2u) << "the last one, and the one ahead";
    EXPECT_TRUE(rig.listener.entries.empty());
}

TEST(MessageLogStore, AnUndeliveredMessageHoldsTheCheckpointDown) {
    StoreRig rig;
    for (int i = 0; i < 60; ++i) ASSERT_EQ(rig.send_now(body_of(5000)), StoreStatus::ok);
    const SpoolEntry first = rig.listener.entries.front();
    for (const SpoolEntry& entry : rig.listener.entries)
        if (entry.id != first.id) rig.store->done(entry);
    rig.pass(3000);
    EXPECT_EQ(rig.store->durable_floor(), first.record_segment);
    rig.crash();
    ASSERT_EQ(rig.listener.entries.size(), 1u);
    EXPECT_EQ(rig.listener.entries[0].id, first.id);
}

TEST(MessageLogStore, AnEnvelopeThatFitsNoSegmentIsRefused) {
    StoreRig rig;
    Sending& sending = rig.send(body_of(100));
    rig.settle();
    ASSERT_EQ(sending.status, StoreStatus::ok);
    storage::Envelope large;
    large.helo.assign(StoreRig::kSegment, 'x');
    std::optional<StoreStatus> status;
    auto body = [&]() -> Task<> {
        auto message = rig.store->begin();
        status = co_await message->commit({}, large);
    };
    Task<> task = body();
    task.start();
    EXPECT_EQ(status, StoreStatus::busy);
}

TEST(MessageLogStore, DamageIsToldAndCounted) {
    StoreRig rig;
    ASSERT_EQ(rig.send_now(body_of(100)), StoreStatus::ok);
    SpoolEntry entry = rig.listener.entries[0];
    auto* octets = rig.disk.octets_of(
        storage::segment_file_name(entry.record_segment, storage::SegmentKind::log));
    (*octets)[entry.record_offset + 100] ^= 1;
    const auto envelope = rig.read_envelope(entry);
    ASSERT_FALSE(envelope);
    EXPECT_NE(envelope.error().message.find("damaged"), std::string::npos);
    EXPECT_EQ(rig.store->counters().bad_records, 1u);
    entry.record_segment = 0x777;
    EXPECT_FALSE(rig.read_envelope(entry));
    EXPECT_EQ(rig.read({0x777, 0, 10}), "error -2");
    EXPECT_EQ(rig.store->counters().read_failures, 2u);
}

TEST(LogNumbers, TheFloorIsTheLowestOfAll) {
    LogNumbers numbers(7, 2);
    EXPECT_EQ(numbers.take(), 7u);
    EXPECT_EQ(numbers.next(), 8u);
    numbers.publish_floor(0, 5);
    EXPECT_EQ(numbers.floor(), 0u) << "the other has not said";
    numbers.publish_floor(1, 6);
    EXPECT_EQ(numbers.floor(), 5u);
    LogNumbers last(UINT32_MAX, 1);
    EXPECT_EQ(last.take(), UINT32_MAX);
    EXPECT_EQ(last.take(), 0u) << "never one that there was";
    EXPECT_EQ(last.take(), 0u);
}

}  // namespace
}  // namespace gatepost::dataplane

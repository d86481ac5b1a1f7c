#include "storage/spool/spool_scan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "memory_source.h"
#include "sample_envelope.h"
#include "sample_segment.h"

namespace gatepost::storage {
namespace {

const std::vector<uint8_t> kEnvelope = encode_envelope(sample_envelope());
constexpr size_t kScannedSize = 64 << 10;  // octets of a segment

BlobId scanned_id(uint64_t number) {
    return {number, number};
}
SegmentName log_name(uint32_t number) {
    return {number, SegmentKind::log};
}
SegmentName own_name(uint32_t number) {
    return {number, SegmentKind::own};
}

SpoolScan scan(SegmentSource& source, uint32_t below = UINT32_MAX) {
    auto scanned = scan_spool(source, below);
    EXPECT_TRUE(scanned);
    return scanned ? *scanned : SpoolScan();
}

TEST(SpoolScan, WhatIsNotDoneIsFoundInTheOrderOfItsComing) {
    MemorySource source;
    SampleSegment first(3), second(5);
    const uint64_t later = first.add_message(scanned_id(9), kEnvelope, "nine");
    const uint64_t done = first.add_message(scanned_id(2), kEnvelope, "two");
    second.add_message(scanned_id(4), kEnvelope, "four");
    second.add_done({{scanned_id(2), 3, static_cast<uint32_t>(done)}});
    source.put(log_name(3), first.octets(kScannedSize));
    source.put(log_name(5), second.octets(kScannedSize));
    const SpoolScan found = scan(source);
    ASSERT_EQ(found.messages.size(), 2u);
    EXPECT_EQ(found.messages[0].id, scanned_id(4));
    EXPECT_EQ(found.messages[1].id, scanned_id(9));
    EXPECT_EQ(found.messages[1].record_segment, 3u);
    EXPECT_EQ(found.messages[1].record_offset, later);
    EXPECT_EQ(found.messages[1].body.size, 4u);
    EXPECT_EQ(found.next_number, 6u);
    EXPECT_EQ(found.counters.messages, 3u);
    EXPECT_EQ(found.counters.done, 1u);
    EXPECT_TRUE(found.findings.empty());
    EXPECT_EQ(found.tails.size(), 2u);
    EXPECT_EQ(found.tails[0].used, 2 * kSegmentBlock);
    EXPECT_EQ(scan(source, 5).messages.size(), 2u) << "without the note in segment 5";
}

TEST(SpoolScan, TheCheckpointSaysWhereToBegin) {
    MemorySource source;
    SampleSegment first(3), second(5);
    first.add_message(scanned_id(1), kEnvelope, "one");
    second.add_message(scanned_id(2), kEnvelope, "two");
    source.put(log_name(3), first.octets(kScannedSize));
    source.put(log_name(5), second.octets(kScannedSize));
    source.files["spool.ckpt"] = encode_spool_checkpoint({.floor = 4, .next_number = 20});
    SpoolScan found = scan(source);
    ASSERT_EQ(found.messages.size(), 1u);
    EXPECT_EQ(found.messages[0].id, scanned_id(2));
    EXPECT_EQ(found.next_number, 20u);
    EXPECT_EQ(*next_segment_number(source), 20u);
    source.files["spool.ckpt"][14] ^= 1;
    found = scan(source);
    EXPECT_EQ(found.messages.size(), 2u) << "damaged: everything is read";
    EXPECT_EQ(found.counters.bad_checkpoint, 1u);
    EXPECT_EQ(found.findings.size(), 1u);
}

TEST(SpoolScan, DamageIsCountedAndTheRestIsFound) {
    MemorySource source;
    SampleSegment segment(3);
    const uint64_t at = segment.add_message(scanned_id(1), kEnvelope, "one");
    segment.add_message(scanned_id(2), kEnvelope, "two");
    segment.end_batch();
    segment.add_message(scanned_id(3), {1, 2, 3}, "an envelope that is none");
    auto octets = segment.octets(kScannedSize);
    octets[at + 50] ^= 1;
    source.put(log_name(3), octets);
    const SpoolScan found = scan(source);
    ASSERT_EQ(found.messages.size(), 1u);
    EXPECT_EQ(found.messages[0].id, scanned_id(2));
    EXPECT_GT(found.counters.damaged, 0u);
    EXPECT_EQ(found.counters.missing, 1u);
    EXPECT_EQ(found.counters.malformed, 1u);
    EXPECT_EQ(found.findings.size(), 3u);
}

TEST(SpoolScan, ABadSpotOfTheDiskCostsItsRecords) {
    MemorySource source;
    SampleSegment segment(3);
    segment.add_message(scanned_id(1), kEnvelope, "one");
    segment.end_batch();
    segment.add_message(scanned_id(2), kEnvelope, "two");
    source.put(log_name(3), segment.octets(kScannedSize));
    source.bad.insert("00000003.seg");
    const SpoolScan found = scan(source);
    ASSERT_EQ(found.messages.size(), 1u);
    EXPECT_EQ(found.messages[0].id, scanned_id(2));
    EXPECT_EQ(found.counters.unreadable, kSegmentBlock);
    EXPECT_TRUE(found.tails.empty()) << "nothing is cut off where something is wrong";
}

TEST(SpoolScan, WhatWasNeverUsedMayGo) {
    MemorySource source;
    source.put(log_name(3), SampleSegment(3).octets(kScannedSize));
    source.put(log_name(4), std::vector<uint8_t>(kScannedSize));
    source.put(log_name(5), {});
    source.put(own_name(6), {});
    source.put(own_name(7), std::vector<uint8_t>(kScannedSize));
    const SpoolScan found = scan(source);
    EXPECT_EQ(found.removable.size(), 5u);
    EXPECT_TRUE(found.findings.empty());
    EXPECT_EQ(found.next_number, 8u);
}

struct OwnBodies : testing::Test {
    // Committed bodies 10 (with a record) and 11 (without one).
    OwnBodies() {
        record.id = scanned_id(1);
        source.put(own_name(10), sample_own_segment(10, body, 5, record));
        record.envelope = kEnvelope;
        segment.add_message(record);
        source.put(log_name(5), segment.octets(kScannedSize));
        MessageRecord orphan;
        orphan.id = scanned_id(2);
        source.put(own_name(11), sample_own_segment(11, body, 5, orphan));
    }
    void checkpoint(uint32_t floor) {
        source.files["spool.ckpt"] = encode_spool_checkpoint({floor, 12});
    }
    const std::string body = std::string(50'000, 'b');
    MemorySource source;
    SampleSegment segment{5};
    MessageRecord record;
};

TEST_F(OwnBodies, OrphansGoOnlyWhereEveryRecordIsKnown) {
    EXPECT_TRUE(scan(source).removable.empty()) << "without a checkpoint";
    checkpoint(5);
    SpoolScan found = scan(source);
    ASSERT_EQ(found.removable.size(), 1u);
    EXPECT_EQ(found.removable[0], own_name(11));
    EXPECT_EQ(found.messages.size(), 1u);
    checkpoint(6);
    EXPECT_TRUE(scan(source).removable.empty()) << "its record may be in segment 5";
    checkpoint(5);
    SampleSegment damaged(7);
    damaged.add_message(scanned_id(3), kEnvelope, "");
    damaged.skip_sequence(1);
    damaged.add_message(scanned_id(4), kEnvelope, "");
    source.put(log_name(7), damaged.octets(kScannedSize));
    EXPECT_TRUE(scan(source).removable.empty()) << "its record may be what is missing";
}

TEST_F(OwnBodies, ABodyThatIsNotThereIsTold) {
    source.files.erase("0000000a.big");
    const SpoolScan found = scan(source);
    EXPECT_TRUE(found.messages.empty());
    EXPECT_EQ(found.counters.lost_bodies, 1u);
    EXPECT_EQ(found.findings.size(), 1u);
}

TEST_F(OwnBodies, ADamagedHeaderKeepsTheBody) {
    source.files["0000000b.big"][30] ^= 1;
    checkpoint(5);
    const SpoolScan found = scan(source);
    EXPECT_TRUE(found.removable.empty());
    EXPECT_EQ(found.counters.bad_headers, 1u);
}

TEST(SpoolCleanUp, FilesGoAndTailsAreCutOff) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path(testing::TempDir()) / ("spool-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    SampleSegment segment(3);
    segment.add_message(scanned_id(1), kEnvelope, "one");
    const auto write = [&](const char* name, const std::vector<uint8_t>& octets) {
        std::ofstream(folder / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(octets.data()),
                   static_cast<std::streamsize>(octets.size()));
    };
    write("00000003.seg", segment.octets(kScannedSize));
    write("00000004.seg", SampleSegment(4).octets(kScannedSize));
    write("notes.txt", {1});
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DirectorySource source(fd.get());
    SpoolScan found = scan(source);
    const auto freed = spool_clean_up(fd.get(), found);
    ASSERT_TRUE(freed) << freed.error().message;
    EXPECT_GT(*freed, kScannedSize);
    EXPECT_FALSE(fs::exists(folder / "00000004.seg"));
    EXPECT_EQ(fs::file_size(folder / "00000003.seg"), 2 * kSegmentBlock);
    EXPECT_TRUE(fs::exists(folder / "notes.txt"));
    found = scan(source);
    EXPECT_EQ(found.messages.size(), 1u);
    EXPECT_TRUE(found.tails.empty());
    const Status written = write_spool_checkpoint(fd.get(), {.floor = 3, .next_number = 9});
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(*next_segment_number(source), 9u);
    fs::remove_all(folder);
}

}  // namespace
}  // namespace gatepost::storage

#include "storage/message_log/segment_reader.h"

#include <gtest/gtest.h>

#include "sample_envelope.h"
#include "sample_segment.h"

namespace gatepost::storage {
namespace {

constexpr uint32_t kNumber = 0x2a;

struct ReadAll {
    explicit ReadAll(const std::vector<uint8_t>& octets, uint32_t number = kNumber)
        : reader(octets, number) {
        while (auto record = reader.next()) records.push_back(*record);
    }
    SegmentReader reader;
    std::vector<Record> records;
};

BlobId id_of(uint64_t number) {
    return {number, number};
}

// Three batches of two messages.
struct Sample {
    Sample() : segment(kNumber) {
        for (uint64_t i = 0; i < 6; ++i) {
            at.push_back(segment.add_message(id_of(i), encode_envelope(sample_envelope()),
                                             std::string(3000 + 100 * i, 'a')));
            if (i % 2 == 1) segment.end_batch();
        }
    }
    SampleSegment segment;
    std::vector<uint64_t> at;
};

TEST(SegmentReader, EveryRecordIsThere) {
    const Sample sample;
    const auto octets = sample.segment.octets(1 << 20);
    ReadAll all(octets);
    ASSERT_EQ(all.records.size(), 6u);
    for (uint64_t i = 0; i < 6; ++i) {
        EXPECT_EQ(all.records[i].offset, sample.at[i]);
        EXPECT_EQ(all.records[i].sequence, i);
        const auto message = decode_message(all.records[i], kNumber);
        ASSERT_TRUE(message);
        EXPECT_EQ(message->id, id_of(i));
        EXPECT_EQ(message->inline_octets.size(), 3000 + 100 * i);
        EXPECT_EQ(message->body.segment, kNumber);
        EXPECT_EQ(octets[message->body.offset], 'a');
        EXPECT_EQ(octets[message->body.offset - 1], encode_envelope(sample_envelope()).back());
    }
    EXPECT_TRUE(all.reader.header());
    EXPECT_TRUE(all.reader.damage().empty());
    EXPECT_EQ(all.reader.missing(), 0u);
}

TEST(SegmentReader, OneThatIsEmptyOrNotFinishedHasNone) {
    EXPECT_TRUE(ReadAll(SampleSegment(kNumber).octets(1 << 16)).records.empty());
    EXPECT_TRUE(ReadAll(std::vector<uint8_t>(1 << 16)).records.empty());
    EXPECT_TRUE(ReadAll(std::vector<uint8_t>(100)).records.empty());
    EXPECT_TRUE(ReadAll({}).records.empty());
}

TEST(SegmentReader, OneOctetChangedCostsOneRecord) {
    const Sample sample;
    for (uint64_t i = 0; i < 6; ++i) {
        auto octets = sample.segment.octets(1 << 18);
        octets[sample.at[i] + 2000] ^= 0x40;
        ReadAll all(octets);
        ASSERT_EQ(all.records.size(), 5u) << i;
        ASSERT_EQ(all.reader.damage().size(), 1u);
        EXPECT_EQ(all.reader.damage()[0].offset, sample.at[i]);
        EXPECT_EQ(all.reader.damage()[0].is_tail, i == 5);
        EXPECT_EQ(all.reader.missing(), i == 5 ? 0u : 1u);
    }
}

TEST(SegmentReader, ATornTailIsOne) {
    const Sample sample;
    auto octets = sample.segment.octets(1 << 18);
    // The last batch: its second sector is not there.
    std::fill_n(octets.begin() + static_cast<ptrdiff_t>(sample.at[4]) + 512, 512, uint8_t{0});
    std::fill(octets.begin() + static_cast<ptrdiff_t>(sample.at[5]), octets.end(), uint8_t{0});
    ReadAll all(octets);
    EXPECT_EQ(all.records.size(), 4u);
    ASSERT_EQ(all.reader.damage().size(), 1u);
    EXPECT_TRUE(all.reader.damage()[0].is_tail);
    EXPECT_GT(all.reader.used(), sample.at[4]);
    EXPECT_LE(all.reader.used(), sample.at[5] + 4096);
}

TEST(SegmentReader, ABatchThatIsAllZerosIsMissed) {
    const Sample sample;
    auto octets = sample.segment.octets(1 << 18);
    std::fill(octets.begin() + static_cast<ptrdiff_t>(sample.at[2]),
              octets.begin() + static_cast<ptrdiff_t>(sample.at[4]), uint8_t{0});
    ReadAll all(octets);
    EXPECT_EQ(all.records.size(), 4u);
    EXPECT_EQ(all.reader.missing(), 2u);
}

TEST(SegmentReader, WithoutAHeaderRecordsAreFound) {
    const Sample sample;
    auto octets = sample.segment.octets(1 << 18);
    octets[20] ^= 1;
    ReadAll all(octets);
    EXPECT_FALSE(all.reader.header());
    EXPECT_EQ(all.records.size(), 6u);
    EXPECT_EQ(all.reader.damage().size(), 1u);
}

TEST(SegmentReader, AnotherSegmentsRecordsAreNone) {
    const Sample sample;
    EXPECT_TRUE(ReadAll(sample.segment.octets(), kNumber + 1).records.empty());
    // Stale octets: a segment with the same number and another salt.
    auto octets = sample.segment.octets(1 << 18);
    const auto other = SampleSegment(kNumber, 0x1234).octets();
    std::ranges::copy(other, octets.begin());
    ReadAll all(octets);
    EXPECT_TRUE(all.records.empty());
    EXPECT_FALSE(all.reader.damage().empty());
}

TEST(SegmentReader, ARecordInABodyIsNone) {
    // A message whose body is a record, in a batch of its own, and then the message's own record is
    // damaged: what is in the body does not count.
    SampleSegment forged(kNumber, 0xbad);
    forged.add_done({{id_of(1), kNumber, 4096}});
    const auto inner = forged.octets();
    const std::string body(inner.begin() + kSegmentBlock, inner.end());
    SampleSegment segment(kNumber);
    const uint64_t at = segment.add_message(id_of(1), {}, std::string(4000, 'x') + body + body);
    segment.end_batch();
    auto octets = segment.octets(1 << 16);
    octets[at + 40] ^= 1;
    ReadAll all(octets);
    EXPECT_TRUE(all.records.empty());
}

TEST(SegmentReader, ARecordInAnotherPlaceIsNone) {
    const Sample sample;
    auto octets = sample.segment.octets(1 << 18);
    // A misdirected write.
    std::copy_n(octets.begin() + static_cast<ptrdiff_t>(sample.at[0]), 4096,
                octets.begin() + (1 << 17));
    ReadAll all(octets);
    EXPECT_EQ(all.records.size(), 6u);
    EXPECT_EQ(all.reader.damage().size(), 1u);
}

TEST(Record, ListsAndLengthsThatDoNotFitAreRefused) {
    SampleSegment segment(kNumber);
    segment.add_done({{id_of(1), 7, 4096}, {id_of(2), 8, 8192}});
    const auto octets = segment.octets();
    auto record = read_record(Bytes(octets).subspan(kSegmentBlock), segment.identity(), 4096);
    ASSERT_TRUE(record);
    const auto references = decode_done(*record);
    ASSERT_TRUE(references);
    EXPECT_EQ((*references)[1], (MessageRef{id_of(2), 8, 8192}));
    EXPECT_FALSE(decode_message(*record, kNumber));
    EXPECT_FALSE(decode_body(*record));
    record->payload = record->payload.first(record->payload.size() - 1);
    EXPECT_FALSE(decode_done(*record));
}

TEST(SegmentHeader, EveryFieldComesBack) {
    SegmentHeader header;
    header.kind = SegmentKind::own;
    header.number = 7;
    header.edge = 3;
    header.size = 64 << 20;
    header.created_us = 1'760'000'000'000'000;
    header.salt = 0x123456789abcdef0;
    header.body = {id_of(5), 12000, 100'000, 288, 1, 2, 6};
    std::vector<uint8_t> block(kSegmentBlock);
    encode_segment_header(header, std::span(block).first<kSegmentBlock>());
    EXPECT_EQ(decode_segment_header(block), header);
    for (size_t at : {size_t{0}, size_t{9}, size_t{13}, size_t{30}, size_t{4000}}) {
        auto changed = block;
        changed[at] ^= 1;
        EXPECT_FALSE(decode_segment_header(changed)) << at;
    }
}

TEST(SegmentName, OnlyItsOwnSpelling) {
    EXPECT_EQ(segment_file_name(0x2a, SegmentKind::log), "0000002a.seg");
    EXPECT_EQ(parse_segment_file_name("0000002a.seg"), (SegmentName{0x2a, SegmentKind::log}));
    EXPECT_EQ(parse_segment_file_name("ffffffff.big"), (SegmentName{0xffffffff, SegmentKind::own}));
    for (const char* name : {"", ".seg", "2a.seg", "0000002A.seg", "0000002a.se", "0000002a.ckpt",
                             "+000002a.seg", "00000002a.seg", "spool.ckpt"})
        EXPECT_FALSE(parse_segment_file_name(name)) << name;
}

}  // namespace
}  // namespace gatepost::storage

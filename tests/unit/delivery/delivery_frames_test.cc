#include "storage/delivery/delivery_frames.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

DeliveryRequest request_of_all() {
    return {.sequence = 0x0102030405060708,
            .body = {.segment = 7, .offset = uint64_t{1} << 40, .size = 4096},
            .envelope = {1, 2, 3},
            .summary = {4, 5},
            .message_id = "<a@b>",
            .subject = "Grüße",
            .from = "Ada <ada@example.org>"};
}

DeliveryReply sample_reply() {
    return {.sequence = 9,
            .outcome = DeliveryOutcome::stored,
            .reason = "",
            .recipients = {{1, 2, 0xffffffff, 4}, {5, 6, 7, 8}}};
}

// The payload of a stream with one frame.
Bytes frame_payload(const std::vector<uint8_t>& frame) {
    return Bytes(frame).subspan(kFrameHead);
}

template <typename T>
std::vector<uint8_t> encoded_frame(const T& value) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, value));
    return out;
}

TEST(DeliveryFrames, ComeOutAsTheyWentIn) {
    EXPECT_EQ(*decode_delivery_request(frame_payload(encoded_frame(request_of_all()))),
              request_of_all());
    EXPECT_EQ(*decode_delivery_reply(frame_payload(encoded_frame(sample_reply()))), sample_reply());
    const LoginNote note{1, 2, "{PLAIN}old", "{ARGON2ID}new"};
    EXPECT_EQ(*decode_login_note(frame_payload(encoded_frame(note))), note);
    const AuthFailure failure{"imap", "ada", "192.0.2.1", "wrong password"};
    EXPECT_EQ(*decode_auth_failure(frame_payload(encoded_frame(failure))), failure);
}

TEST(DeliveryFrames, WhatIsCutOffOrGoesOnIsRefused) {
    const auto request = encoded_frame(request_of_all());
    for (size_t size = 0; size < request.size() - kFrameHead; ++size)
        EXPECT_FALSE(decode_delivery_request(frame_payload(request).first(size))) << size;
    const auto reply = encoded_frame(sample_reply());
    for (size_t size = 0; size < reply.size() - kFrameHead; ++size)
        EXPECT_FALSE(decode_delivery_reply(frame_payload(reply).first(size))) << size;
    auto longer = request;
    longer.push_back(0);
    EXPECT_FALSE(decode_delivery_request(frame_payload(longer)));
    auto strange = reply;
    strange[kFrameHead + 8] = 4;  // the outcome
    EXPECT_FALSE(decode_delivery_reply(frame_payload(strange)));
}

TEST(DeliveryFrames, CountsAreCheckedAgainstWhatIsThere) {
    auto reply = encoded_frame(DeliveryReply{.sequence = 1});
    store_be32(reply.data() + reply.size() - 4, 0xffffffff);
    EXPECT_FALSE(decode_delivery_reply(frame_payload(reply)));
}

TEST(DeliveryFrames, LongTextsAreCutAndLongSummariesLeftOut) {
    DeliveryRequest request = request_of_all();
    request.subject = std::string(kHeaderTextMax - 1, 'a') + "ü";
    request.summary.assign(kSummaryMax + 1, 7);
    const auto read = decode_delivery_request(frame_payload(encoded_frame(request)));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->subject, std::string(kHeaderTextMax - 1, 'a'));
    EXPECT_TRUE(read->summary.empty());
    request.summary.resize(kSummaryMax);
    EXPECT_EQ(decode_delivery_request(frame_payload(encoded_frame(request)))->summary.size(),
              kSummaryMax);
}

TEST(DeliveryFrames, TooLongOnesAreRefusedAndLeaveNothing) {
    DeliveryRequest request = request_of_all();
    request.envelope.resize(kFramePayloadMax);
    std::vector<uint8_t> out = {1};
    EXPECT_FALSE(append_frame(out, request));
    EXPECT_EQ(out.size(), 1u);
}

TEST(DeliveryFrames, ALongHashReplacesNothing) {
    const LoginNote note{1, 2, "{PLAIN}old", "{X}" + std::string(kHashMax, 'x')};
    const auto read = decode_login_note(frame_payload(encoded_frame(note)));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, (LoginNote{1, 2, "", ""}));
}

TEST(DeliveryFrames, TheNumberIsSetInPlace) {
    auto frame = encoded_frame(request_of_all());
    set_sequence(frame, 42);
    EXPECT_EQ(sequence_of(frame_payload(frame)), 42u);
    EXPECT_EQ(decode_delivery_request(frame_payload(frame))->sequence, 42u);
    EXPECT_EQ(sequence_of(Bytes(frame).first(7)), 0u);
}

// Octets that come in pieces of any size.
TEST(FrameReader, PutsPiecesTogether) {
    std::vector<uint8_t> stream;
    DeliveryRequest request = request_of_all();
    for (size_t i = 0; i < 40; ++i) {
        request.sequence = i + 1;
        request.envelope.assign(i * 9973, static_cast<uint8_t>(i));
        ASSERT_TRUE(append_frame(stream, request));
    }
    for (const size_t piece : {size_t{1}, size_t{5}, size_t{4099}, stream.size()}) {
        FrameReader reader;
        uint64_t frames = 0;
        for (size_t at = 0; at < stream.size();) {
            const std::span<uint8_t> room = reader.room();
            ASSERT_FALSE(room.empty());
            const size_t count = std::min({piece, room.size(), stream.size() - at});
            std::copy_n(stream.begin() + static_cast<long>(at), count, room.begin());
            reader.filled(count);
            at += count;
            for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
                const auto read = decode_delivery_request((**frame).payload);
                ASSERT_TRUE(read);
                EXPECT_EQ(read->sequence, ++frames);
                EXPECT_EQ(read->envelope.size(), (frames - 1) * 9973);
            }
        }
        EXPECT_EQ(frames, 40u);
        EXPECT_EQ(reader.left(), 0u);
    }
}

TEST(FrameReader, WhatIsNoFrameIsRefused) {
    const auto give = [](std::vector<uint8_t> head) {
        FrameReader reader;
        std::copy(head.begin(), head.end(), reader.room().begin());
        reader.filled(head.size());
        return reader.next().has_value();
    };
    EXPECT_TRUE(give({0, 0, 0, 1, kFrameVersion, 1}));
    EXPECT_FALSE(give({0xff, 0, 0, 1, kFrameVersion, 1})) << "length";
    EXPECT_FALSE(give({0, 0, 0, 1, kFrameVersion + 1, 1})) << "version";
    EXPECT_FALSE(give({0, 0, 0, 1, kFrameVersion, 0})) << "verb";
    EXPECT_FALSE(give({0, 0, 0, 1, kFrameVersion, 12})) << "verb";
}

}  // namespace
}  // namespace gatepost::storage

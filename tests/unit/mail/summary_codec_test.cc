#include "dataplane/mail/summary_codec.h"

#include <gtest/gtest.h>

#include "tests/unit/mail/read_message.h"

namespace gatepost::dataplane {
namespace {

std::vector<uint8_t> encoded_message() {
    std::vector<uint8_t> encoded;
    encode_summary(read_message(crlf("From: A <a@b>\nTo: g: c@d;\nDate: 1 Jan 1960 00:00 -0330\n"
                                     "Content-Type: multipart/x; boundary=b\n\n--b\n"
                                     "Content-Disposition: attachment; filename=x\n\n--b--"))
                       .summary,
                   encoded);
    return encoded;
}

TEST(SummaryCodec, RefusesAnotherVersion) {
    std::vector<uint8_t> encoded = encoded_message();
    ++encoded[0];
    auto summary = decode_summary(encoded);
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().code, ErrorCode::invalid);
    EXPECT_NE(summary.error().message.find("version"), std::string::npos);
    EXPECT_FALSE(decode_summary({}));
}

TEST(SummaryCodec, RefusesEveryBeginningAndWhatFollows) {
    std::vector<uint8_t> encoded = encoded_message();
    ASSERT_TRUE(decode_summary(encoded));
    for (size_t size = 0; size < encoded.size(); ++size)
        EXPECT_FALSE(decode_summary(Bytes(encoded).first(size))) << size;
    encoded.push_back(0);
    EXPECT_FALSE(decode_summary(encoded));
}

TEST(SummaryCodec, RefusesWhatIsNoTree) {
    MessageSummary summary = read_message("A: b\r\n\r\n").summary;
    auto is_taken = [&] {
        std::vector<uint8_t> encoded;
        encode_summary(summary, encoded);
        return decode_summary(encoded).has_value();
    };
    EXPECT_TRUE(is_taken());
    summary.parts.push_back({.parent = 0});
    EXPECT_TRUE(is_taken());
    summary.parts[1].parent = 1;
    EXPECT_FALSE(is_taken()) << "a part in itself";
    summary.parts[1].parent = kNone;
    EXPECT_FALSE(is_taken()) << "a second message";
    summary.parts[1] = {.parent = 0, .envelope = 1};
    EXPECT_FALSE(is_taken()) << "an envelope that is not there";
    summary.parts.clear();
    EXPECT_FALSE(is_taken());
}

}  // namespace
}  // namespace gatepost::dataplane

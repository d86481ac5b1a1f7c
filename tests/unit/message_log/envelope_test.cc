#include "storage/spool/envelope.h"

#include <gtest/gtest.h>

#include "sample_envelope.h"

namespace gatepost::storage {
namespace {

TEST(Envelope, EveryFieldComesBack) {
    const Envelope envelope = sample_envelope();
    auto decoded = decode_envelope(encode_envelope(envelope));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, envelope);
}

TEST(Envelope, TheEmptyOneComesBack) {
    auto decoded = decode_envelope(encode_envelope({}));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, Envelope{});
}

TEST(Envelope, CutOffAnywhereItIsRefused) {
    const std::vector<uint8_t> octets = encode_envelope(sample_envelope());
    for (size_t length = 0; length < octets.size(); ++length)
        EXPECT_FALSE(decode_envelope(Bytes(octets).first(length))) << length;
}

TEST(Envelope, TooLongOrWithATailItIsRefused) {
    std::vector<uint8_t> octets = encode_envelope(sample_envelope());
    octets.push_back(0);
    auto tailed = decode_envelope(octets);
    ASSERT_FALSE(tailed);
    EXPECT_EQ(tailed.error().code, ErrorCode::invalid);
    Envelope large = sample_envelope();
    large.helo.assign(kEnvelopeMax, 'x');
    EXPECT_FALSE(decode_envelope(encode_envelope(large)));
}

TEST(Envelope, AnUnknownVersionIsNamed) {
    std::vector<uint8_t> octets = encode_envelope(sample_envelope());
    octets[0] = 9;
    auto decoded = decode_envelope(octets);
    ASSERT_FALSE(decoded);
    EXPECT_NE(decoded.error().message.find("version 9"), std::string::npos);
}

TEST(Envelope, ValuesThatThereAreNotAreRefused) {
    const std::vector<uint8_t> octets = encode_envelope({});
    constexpr size_t kBody = 25, kUtf8 = 26, kReturn = 27;
    for (size_t at : {kBody, kUtf8, kReturn}) {
        std::vector<uint8_t> changed = octets;
        changed[at] = 3;
        EXPECT_FALSE(decode_envelope(changed)) << at;
    }
    // A count of four thousand million recipients.
    std::vector<uint8_t> counted = octets;
    std::fill(counted.end() - 4, counted.end(), uint8_t{0xff});
    EXPECT_FALSE(decode_envelope(counted));
}

}  // namespace
}  // namespace gatepost::storage

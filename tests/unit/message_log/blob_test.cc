#include "storage/message_log/blob.h"

#include <gtest/gtest.h>

#include <set>

namespace gatepost::storage {
namespace {

TEST(BlobId, TextAndBack) {
    // RFC 9562 appendix A.6, the example of version 7.
    const BlobId id{0x017f22e279b07cc3, 0x98c4dc0c0c07398f};
    EXPECT_EQ(id.text(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_EQ(parse_blob_id(id.text()), id);
    EXPECT_EQ(parse_blob_id("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), id);
    EXPECT_TRUE(BlobId{}.is_null());
    EXPECT_FALSE(id.is_null());
}

TEST(BlobId, WrongTextsAreRefused) {
    for (const char* text :
         {"", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
          "017f22e2-79b0-7cc3-98c4-dc0c0c0739-f", "017f22e2-79b0-7cc3-98c4-dc0c0c0739gf"})
        EXPECT_FALSE(parse_blob_id(text)) << text;
}

TEST(BlobIdSource, NamesRiseWhateverTheClockDoes) {
    BlobIdSource source;
    constexpr int64_t kNow = 1'760'000'000'000;  // ms
    BlobId last = source.next(kNow);
    EXPECT_EQ(last.high >> 16, static_cast<uint64_t>(kNow));
    for (int i = 0; i < 20'000; ++i) {
        // It stands still, goes back by an hour, and goes on.
        const int64_t now = kNow + (i < 10'000 ? 0 : i < 15'000 ? -3'600'000 : i);
        const BlobId id = source.next(now);
        ASSERT_GT(id, last);
        ASSERT_EQ(id.high >> 12 & 15, 7u) << "version";
        ASSERT_EQ(id.low >> 62, 2u) << "variant";
        last = id;
    }
}

TEST(BlobIdSource, SourcesDiffer) {
    BlobIdSource first, second;
    std::set<BlobId> names;
    for (int i = 0; i < 1000; ++i) {
        names.insert(first.next(1000));
        names.insert(second.next(1000));
    }
    EXPECT_EQ(names.size(), 2000u);
}

}  // namespace
}  // namespace gatepost::storage

#include "tools/load/mail/message_maker.h"

#include <gtest/gtest.h>

#include <set>

namespace gatepost::tools {
namespace {

MessageMakerOptions about(size_t size) {
    return {.run = "run1", .host = "load.test", .size = size, .date_s = 1'000'000'000};
}

std::string whole(const MessageMaker& maker, uint64_t number) {
    std::string head;
    const Bytes body = maker.make(number, "s@x.test", "r@y.test", head);
    return head + std::string(body.begin(), body.end());
}

TEST(MessageMaker, HasTheSizeThatWasAskedFor) {
    for (size_t size = 520; size < 520 + 2 * 74; ++size)
        EXPECT_EQ(whole(MessageMaker(about(size)), size).size(), size);
    EXPECT_EQ(whole(MessageMaker(about(1 << 20)), 3).size(), size_t{1} << 20);
}

TEST(MessageMaker, AHeaderThatIsLongerHasNoBody) {
    const std::string text = whole(MessageMaker(about(1)), 1);
    EXPECT_TRUE(text.ends_with("\r\n\r\n"));
    EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4);
}

TEST(MessageMaker, HeaderFields) {
    const std::string text = whole(MessageMaker(about(1000)), 42);
    EXPECT_TRUE(text.starts_with("Date: Sun, 09 Sep 2001 01:46:40 +0000\r\n"));
    EXPECT_NE(text.find("\r\nMessage-ID: <run1-0000000042@load.test>\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\nFrom: Load Generator <s@x.test>\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\nTo: <r@y.test>\r\n"), std::string::npos);
    EXPECT_EQ(MessageMaker(about(1000)).id(42), "run1-0000000042@load.test");
}

TEST(MessageMaker, LinesAreShortAndNeedNoStuffing) {
    const MessageMaker maker(about(300'000));
    for (uint64_t number : {0, 1, 4095, 123'456}) {
        std::string text = whole(maker, number);
        ASSERT_TRUE(text.ends_with("\r\n"));
        for (size_t begin = 0; begin < text.size();) {
            const size_t end = text.find("\r\n", begin);
            const std::string line = text.substr(begin, end - begin);
            // RFC 5322 §2.1.1, and no bare CR or LF (§2.3).
            ASSERT_LE(line.size(), 998u);
            ASSERT_FALSE(line.starts_with(".")) << line;
            ASSERT_EQ(line.find_first_of("\r\n"), std::string::npos);
            begin = end + 2;
        }
    }
}

TEST(MessageMaker, TheSameNumberIsTheSameMessageAndOthersAreNot) {
    const MessageMaker maker(about(2000));
    const MessageMaker again(about(2000));
    std::set<std::string> bodies;
    for (uint64_t number = 0; number < 100; ++number) {
        const std::string text = whole(maker, number);
        EXPECT_EQ(text, whole(again, number));
        bodies.insert(text.substr(text.find("\r\n\r\n")));
    }
    EXPECT_EQ(bodies.size(), 100u);
}

}  // namespace
}  // namespace gatepost::tools

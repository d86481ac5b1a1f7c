#include "dataplane/mail/message_date.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

TEST(MessageDate, IsRead) {
    const struct {
        std::string_view value;
        MessageDate date;
    } cases[] = {
        // RFC 5322 appendix A.1.1, A.5, A.6.2.
        {"Fri, 21 Nov 1997 09:55:06 -0600", {880'127'706, -360, true}},
        {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
         "               -0330 (Newfoundland Time)",
         {-27'723'480, -210, true}},
        {"21 Nov 97 09:55:06 GMT", {880'106'106, 0, true}},
        {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", {880'127'706, -360, true}},
        {"Thu, 1 Jan 1970 00:00:00 +0000", {0, 0, true}},
        {"1 Jan 1970 00:00 -0000", {0, 0, false}},
        {"1 Jan 70 00:00 EST", {18'000, -300, true}},
        {"1 Jan 70 00:00 pdt", {25'200, -420, true}},
        {"1 Jan 49 00:00 UT", {2'493'072'000, 0, true}},
        {"1 Jan 120 00:00 UT", {1'577'836'800, 0, true}},
        {"1 Jan 1970 00:00 A", {0, 0, false}},
        {"1 Jan 1970 00:00 CEST", {0, 0, false}},
        {"1 Jan 1970 00:00", {0, 0, false}},
        {"29 Feb 2024 12:00:60 +1400", {1'709'157'660, 840, true}},
        {"Thursday, 01 January 1970 00:00:00 +0000", {0, 0, true}},
        {"Thu 1 Jan 1970 00:00:00 +0000", {0, 0, true}},
    };
    for (const auto& c : cases) {
        auto date = parse_message_date(c.value);
        ASSERT_TRUE(date) << c.value;
        EXPECT_EQ(date->utc_s, c.date.utc_s) << c.value;
        EXPECT_EQ(date->zone_minutes, c.date.zone_minutes) << c.value;
        EXPECT_EQ(date->has_zone, c.date.has_zone) << c.value;
    }
}

TEST(MessageDate, IsRefused) {
    for (std::string_view value :
         {"", "yesterday", "Fri,", "32 Jan 1970 00:00 +0000", "29 Feb 2023 00:00 +0000",
          "0 Jan 1970 00:00 +0000", "1 Foo 1970 00:00 +0000", "1 Jan 1970 24:00 +0000",
          "1 Jan 1970 00:60 +0000", "1 Jan 1970 00:00:61 +0000", "1 Jan 1970 00:00 +00",
          "1 Jan 1970 00:00 +0060", "1 Jan 1899 00:00 +0000", "1 Jan 19700 00:00 +0000",
          "1 Jan 1970 00 00 +0000", "1 Jan 1970", "99999999999 Jan 1970 00:00 +0000",
          "(1 Jan 1970"})
        EXPECT_FALSE(parse_message_date(value)) << value;
}

}  // namespace
}  // namespace gatepost::dataplane

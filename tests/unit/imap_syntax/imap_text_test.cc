#include "dataplane/imap_syntax/imap_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatepost::dataplane {
namespace {

std::string string_of(std::string_view text, bool utf8) {
    std::string out;
    append_string(out, text, utf8);
    return out;
}

TEST(ImapText, Strings) {
    EXPECT_EQ(string_of("", false), "\"\"");
    EXPECT_EQ(string_of("a b", false), "\"a b\"");
    EXPECT_EQ(string_of("\"\\\"", false), "\"\\\"\\\\\\\"\"");
    EXPECT_EQ(string_of("a\tb", false), "\"a\tb\"");
    EXPECT_EQ(string_of("a\r\nb", false), "{4}\r\na\r\nb");
    EXPECT_EQ(string_of("é", false), "{2}\r\né");
    EXPECT_EQ(string_of("é", true), "\"é\"");
    EXPECT_EQ(string_of("\xe9", true), "{1}\r\n\xe9");
    EXPECT_EQ(string_of(std::string_view("a\0b", 3), true), "{3}\r\na?b");
    EXPECT_EQ(string_of(std::string(5000, 'x'), true).substr(0, 9), "{5000}\r\nx");
    std::string out = "(";
    append_nstring(out, std::nullopt, false);
    append_nstring(out, "NIL", false);
    EXPECT_EQ(out, "(NIL\"NIL\"");
}

TEST(ImapText, Flags) {
    std::string out;
    append_flags(out, 0, std::vector<std::string>{});
    append_flags(out, 1 | 8, std::vector<std::string_view>{"$Forwarded", "x"});
    append_flags(out, 0, std::vector<std::string>{"x"});
    append_flags(out, 31, std::vector<std::string>{});
    EXPECT_EQ(
        out, "()(\\Deleted \\Seen $Forwarded x)(x)(\\Answered \\Flagged \\Deleted \\Seen \\Draft)");
}

TEST(ImapText, Dates) {
    const struct {
        int64_t seconds;
        std::string_view text;
    } cases[] = {
        {0, "\" 1-Jan-1970 00:00:00 +0000\""},
        {837'596'665, "\"17-Jul-1996 09:44:25 +0000\""},
        {-1, "\"31-Dec-1969 23:59:59 +0000\""},
        {1'709'251'199, "\"29-Feb-2024 23:59:59 +0000\""},
        {INT64_MIN, "\" 1-Jan-0000 00:00:00 +0000\""},
        {INT64_MAX, "\"31-Dec-9999 23:59:59 +0000\""},
    };
    for (const auto& c : cases) {
        std::string out;
        append_internal_date(out, c.seconds);
        EXPECT_EQ(out, c.text);
    }
}

TEST(ImapText, Numbers) {
    std::string out;
    append_number(out, 0);
    append_number(out, UINT64_MAX);
    EXPECT_EQ(out, "018446744073709551615");
    out.clear();
    append_sequence_set(out, {});
    EXPECT_EQ(out, "");
    append_sequence_set(out, {{1, 4}, {7, 7}, {4294967294, 4294967295}});
    EXPECT_EQ(out, "1:4,7,4294967294:4294967295");
}

}  // namespace
}  // namespace gatepost::dataplane

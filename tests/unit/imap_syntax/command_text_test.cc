#include "dataplane/imap_syntax/command_text.h"

#include <gtest/gtest.h>

#include "dataplane/imap_syntax/command_head.h"
#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

TEST(LiteralMark, IsFoundAtTheEnd) {
    const struct {
        std::string_view line;
        LiteralMark mark;
    } cases[] = {
        {"{0}", {0, 0, true, false}},
        {"a LOGIN {5}", {8, 5, true, false}},
        {"a {5+}", {2, 5, false, false}},
        {"a ~{310}", {2, 310, true, true}},
        {"a ~{310+}", {2, 310, false, true}},
        {"a {007}", {2, 7, true, false}},
        {"a {1} {2}", {6, 2, true, false}},
        {"{9223372036854775807}", {0, kNumber64Max, true, false}},
        {"{9223372036854775808+}", {0, kNumber64Max, false, false}},
        {"{99999999999999999999999999}", {0, kNumber64Max, true, false}},
    };
    for (const auto& c : cases) EXPECT_EQ(find_literal(c.line), c.mark) << c.line;
    for (std::string_view line : {"", "}", "{}", "{+}", "{-1}", "{1 }", "{ 1}", "{1++}", "{+1}",
                                  "{1}x", "{1} ", "1}", "{0x1}", "{1.0}", "{{1}}", "~{a}"})
        EXPECT_FALSE(find_literal(line)) << line;
}

TEST(CommandText, SplicesLiteralsIn) {
    CommandText text(kTextLimitsLoggedIn);
    ASSERT_EQ(text.add_line_part("a LOGIN"), TextStatus::ok);
    ASSERT_EQ(text.add_line(" {3}"), TextStatus::ok);
    ASSERT_TRUE(text.announced());
    EXPECT_EQ(*text.announced(), (LiteralMark{8, 3, true, false}));
    ASSERT_EQ(text.begin_literal(), TextStatus::ok);
    EXPECT_FALSE(text.announced());
    text.add_literal("{2");
    EXPECT_EQ(text.literal_left(), 1U);
    text.add_literal("}");
    ASSERT_EQ(text.add_line(" {2+}"), TextStatus::ok);
    ASSERT_TRUE(text.announced());
    EXPECT_EQ(*text.announced(), (LiteralMark{15, 2, false, false}));
    ASSERT_EQ(text.begin_literal(), TextStatus::ok);
    text.add_literal("xy");
    ASSERT_EQ(text.add_line(""), TextStatus::ok);
    EXPECT_FALSE(text.announced());
    EXPECT_EQ(text.octets(), "a LOGIN {3}{2} {2+}xy");
    ASSERT_EQ(text.literals().size(), 2U);
    EXPECT_EQ(text.literals()[1].begin, 19U);
    text.clear();
    EXPECT_TRUE(text.octets().empty());
    ASSERT_EQ(text.add_line("b NOOP"), TextStatus::ok);
    EXPECT_EQ(text.octets(), "b NOOP");
}

TEST(CommandText, ALiteralsEndIsNoMark) {
    EXPECT_EQ(parsed("a LOGIN x {3}\r\n{9}"), "LOGIN <x> <{9}>");
    EXPECT_EQ(parsed("a LOGIN {3}\r\n{9} y"), "LOGIN <{9}> <y>");
    EXPECT_EQ(parsed("a LOGIN x {4}\r\n\r\n{1"), "LOGIN <x> <\r\n{1>");
}

TEST(CommandText, KeepsItsLimits) {
    CommandText text({.lines_max = 10, .literal_max = 4, .text_max = 13});
    EXPECT_EQ(text.add_line("0123456789a"), TextStatus::lines_too_long);
    EXPECT_EQ(text.add_line("abc {5}"), TextStatus::ok);
    EXPECT_EQ(text.begin_literal(), TextStatus::literal_too_long);
    EXPECT_TRUE(text.announced());
    text.clear();
    ASSERT_EQ(text.add_line("abc {4}"), TextStatus::ok);
    ASSERT_EQ(text.begin_literal(), TextStatus::ok);
    text.add_literal("wxyz");
    EXPECT_EQ(text.add_line("{1}x"), TextStatus::lines_too_long);
    EXPECT_EQ(text.add_line("xyz"), TextStatus::text_too_long);
    EXPECT_EQ(text.add_line("xy"), TextStatus::ok);
    text.clear();
    ASSERT_EQ(text.add_line("abcdefg{4}"), TextStatus::ok);
    EXPECT_EQ(text.begin_literal(), TextStatus::text_too_long);
    text.clear();
    ASSERT_EQ(text.add_line("{99999999999999999999}"), TextStatus::lines_too_long);
    CommandText wide(kTextLimitsLoggedIn);
    ASSERT_EQ(wide.add_line("a {99999999999999999999+}"), TextStatus::ok);
    EXPECT_EQ(wide.begin_literal(), TextStatus::literal_too_long);
}

TEST(CommandText, TellsWhoCarriesMessages) {
    EXPECT_TRUE(carries_message(text_of("a append INBOX {5}")));
    EXPECT_TRUE(carries_message(text_of("a UID REPLACE 4 INBOX {5}")));
    EXPECT_TRUE(carries_message(text_of("a APPEND")));
    EXPECT_FALSE(carries_message(text_of("a LOGIN {5}")));
    EXPECT_FALSE(carries_message(text_of("a {5}")));
    EXPECT_FALSE(carries_message(text_of("")));
}

}  // namespace
}  // namespace gatepost::dataplane

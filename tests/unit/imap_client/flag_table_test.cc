#include "tools/gatepost/imap_client/flag_table.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

TEST(Flags, OneTextForTheSameFlags) {
    EXPECT_EQ(flags_text({"$Forwarded", "\\seen", "\\Recent", "\\ANSWERED"}),
              flags_text({"\\Answered", "\\Seen", "$Forwarded", "\\Seen"}));
    EXPECT_EQ(flags_text({"\\Seen", "Work", "work"}), "Work \\Seen");
    // What is no flag of ours would make a command fail.
    EXPECT_EQ(flags_text({"\\Odd", "a(b", "", "\\*", "caf\xc3\xa9", std::string_view("a\r\nb")}),
              "");
}

TEST(Flags, Differences) {
    EXPECT_EQ(flags_without("A B \\Seen", "b \\Flagged"), "A \\Seen");
    EXPECT_EQ(flags_without("", "A"), "");
    EXPECT_EQ(flags_without("A", ""), "A");
    EXPECT_EQ(flags_in("  a  b ").size(), 2u);
}

TEST(Flags, ATableHasEachOnce) {
    FlagTable table;
    const uint32_t seen = table.number("\\Seen");
    EXPECT_NE(table.number(""), seen);
    for (int i = 0; i < 1000; ++i) table.number("flag" + std::to_string(i));
    EXPECT_EQ(table.number("\\Seen"), seen);
    EXPECT_EQ(table.text(seen), "\\Seen");
}

}  // namespace
}  // namespace gatepost::tools

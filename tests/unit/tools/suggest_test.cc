#include "tools/gatepost/config/suggest.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

constexpr std::string_view kVerbs[] = {"import", "export", "list", "show", "check", "remove"};

TEST(Suggest, CountsEdits) {
    EXPECT_EQ(edit_distance("list", "list"), 0u);
    EXPECT_EQ(edit_distance("lsit", "list"), 1u);
    EXPECT_EQ(edit_distance("LIST", "list"), 0u);
    EXPECT_EQ(edit_distance("", "list"), 4u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Suggest, NearestFirst) {
    EXPECT_EQ(nearest("improt", kVerbs, 3).front(), "import");
    EXPECT_EQ(nearest("exp", kVerbs, 3).front(), "export");
    EXPECT_TRUE(nearest("zzzzzzz", kVerbs, 3).empty());
}

TEST(Suggest, Sentence) {
    EXPECT_EQ(did_you_mean("chekc", kVerbs), " (did you mean \"check\"?)");
    EXPECT_EQ(did_you_mean("import-export-list", kVerbs), "");
}

}  // namespace
}  // namespace gatepost::tools

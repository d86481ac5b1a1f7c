#include "controlplane/model/filter_rule_csv.h"

#include <gtest/gtest.h>

#include "tests/unit/filter/filter_support.h"

namespace gatepost::test {
namespace {

using controlplane::filter_rules_from_csv;
using controlplane::filter_rules_to_csv;

std::string error_of(std::string_view text) {
    const auto rules = filter_rules_from_csv(text, "f.csv");
    return rules ? "none" : rules.error().message;
}

TEST(FilterRuleCsv, ColumnsInAnyOrderWithDefaults) {
    const auto rules = filter_rules_from_csv(
        "pattern, score, name, field\n# a comment\n\n\"a, \"\"b\"\"\nc\", -3, one, "
        "body\nx,,two,raw",
        "f.csv");
    ASSERT_TRUE(rules.has_value()) << rules.error().message;
    ASSERT_EQ(rules->size(), 2u);
    EXPECT_EQ((*rules)[0].pattern, "a, \"b\"\nc");
    EXPECT_EQ((*rules)[0].score, -3);
    EXPECT_EQ((*rules)[0].kind, "contains");
    EXPECT_EQ((*rules)[0].mode, "enforce");
    EXPECT_TRUE((*rules)[0].active);
    EXPECT_EQ((*rules)[1].name, "two");
    EXPECT_EQ((*rules)[1].score, 0);
}

TEST(FilterRuleCsv, WhatIsWrittenIsRead) {
    auto rule = header_rule("list", "List-Id", "regex", " ^a,\"b\" # ");
    rule.folder = "Lists/Ä";
    rule.case_sensitive = true;
    rule.active = false;
    rule.mode = "monitor";
    rule.action = "tag";
    const auto again = filter_rules_from_csv(filter_rules_to_csv({rule}), "f.csv");
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*again, std::vector{rule});
}

TEST(FilterRuleCsv, ErrorsNameTheLine) {
    EXPECT_EQ(error_of("name,field\n"),
              "f.csv:1: the first line does not name the column \"pattern\"");
    EXPECT_EQ(error_of("name,field,pattern,moon\n"), "f.csv:1: there is no column \"moon\"");
    const std::string head = "name,field,pattern,score\n";
    EXPECT_EQ(error_of(head + "a,body,x\n"), "f.csv:2: 3 values, expected 4");
    EXPECT_EQ(error_of(head + "\"a\n\",body,x,1\nb,body,x,much\n"),
              "f.csv:4: score: \"much\", expected a number");
    EXPECT_EQ(error_of(head + "a,body,,1\n"), "f.csv:2: name, field and pattern must not be empty");
    EXPECT_EQ(error_of(head + "a,\"body,,1\n"), "f.csv:2: a quote is not closed");
}

}  // namespace
}  // namespace gatepost::test

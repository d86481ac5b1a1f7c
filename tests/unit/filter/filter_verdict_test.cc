// What follows from the rules that matched.
#include <gtest/gtest.h>

#include "tests/unit/filter/filter_support.h"

namespace gatepost::test {
namespace {

using controlplane::FilterRuleRow;
using controlplane::FilterSource;
using dataplane::FilterVerdict;

constexpr std::string_view kReport =
    "From: news@example.org\r\nSubject: one two three\r\nList-Id: <ada.example>\r\n\r\ntext\r\n";

FilterRuleRow scoring(std::string_view word, int32_t score) {
    auto rule = filter_rule(word, "subject", "contains", word);
    rule.score = score;
    return rule;
}

FilterRuleRow acting(std::string_view word, std::string_view action) {
    auto rule = scoring(word, 0);
    rule.action = action;
    return rule;
}

FilterVerdict verdict_of(std::vector<FilterRuleRow> rules) {
    return filter_verdict(
        {.settings = {.junk_score = 5, .reject_score = 15}, .rules = std::move(rules)}, kReport);
}

TEST(FilterVerdicts, ScoresAddUp) {
    const auto verdict = verdict_of({scoring("one", 7), scoring("two", -3), scoring("four", 100)});
    EXPECT_EQ(verdict.score, 4);
    EXPECT_EQ(verdict.rules, (std::vector<std::string>{"one", "two"}));
    EXPECT_FALSE(verdict.reject);
    EXPECT_EQ(verdict.folder, "");
}

TEST(FilterVerdicts, Thresholds) {
    EXPECT_EQ(verdict_of({scoring("one", 4)}).folder, "");
    EXPECT_EQ(verdict_of({scoring("one", 5)}).folder, "\\Junk");
    EXPECT_FALSE(verdict_of({scoring("one", 14)}).reject);
    const auto refused = verdict_of({scoring("one", 14), scoring("two", 1)});
    EXPECT_TRUE(refused.reject);
    EXPECT_NE(refused.text.find("15"), std::string::npos) << refused.text;
}

TEST(FilterVerdicts, WithoutThresholdsNothingHappens) {
    const auto verdict = filter_verdict({.rules = {scoring("one", 1000)}}, kReport);
    EXPECT_EQ(verdict.score, 1000);
    EXPECT_FALSE(verdict.reject);
    EXPECT_EQ(verdict.folder, "");
}

TEST(FilterVerdicts, Actions) {
    const auto refused = verdict_of({acting("one", "reject")});
    EXPECT_TRUE(refused.reject);
    EXPECT_NE(refused.text.find("one"), std::string::npos) << refused.text;
    EXPECT_EQ(verdict_of({acting("one", "junk")}).folder, "\\Junk");
    EXPECT_TRUE(verdict_of({acting("one", "discard")}).discard);
    const auto tagged = verdict_of({acting("one", "tag")});
    EXPECT_EQ(tagged.rules, std::vector<std::string>{"one"});
    EXPECT_FALSE(tagged.reject || tagged.discard);
    EXPECT_EQ(tagged.folder, "");
}

TEST(FilterVerdicts, RefusedIsMoreThanDiscarded) {
    const auto verdict = verdict_of({acting("one", "discard"), acting("two", "reject")});
    EXPECT_TRUE(verdict.reject);
    EXPECT_FALSE(verdict.discard);
}

TEST(FilterVerdicts, MonitoredRulesAreNamedOnly) {
    auto rule = acting("one", "reject");
    rule.mode = "monitor";
    rule.score = 50;
    const auto verdict = verdict_of({rule});
    EXPECT_EQ(verdict.rules, std::vector<std::string>{"one"});
    EXPECT_EQ(verdict.score, 0);
    EXPECT_FALSE(verdict.reject);
}

TEST(FilterVerdicts, InactiveRulesAreNotThere) {
    auto rule = acting("one", "reject");
    rule.active = false;
    EXPECT_TRUE(verdict_of({rule}).rules.empty());
}

TEST(FilterVerdicts, TheFolderOfTheLowestPosition) {
    auto first = scoring("one", 1);
    first.folder = "First";
    first.position = 2;
    auto second = scoring("two", 1);
    second.folder = "Second";
    second.position = 1;
    EXPECT_EQ(verdict_of({first, second}).folder, "Second");
}

storage::Envelope to_accounts(std::initializer_list<uint64_t> ids) {
    storage::Envelope envelope;
    for (const uint64_t id : ids) envelope.recipients.push_back({.account_id = id});
    return envelope;
}

TEST(FilterVerdicts, FilingRulesAreOfTheirAccount) {
    FilterSource source;
    source.filing_rules = {
        {.id = 1,
         .account_id = 7,
         .field = "List-Id",
         .contains = "ADA",
         .folder = "Lists/Ada",
         .position = 1},
        {.id = 2,
         .account_id = 7,
         .field = "subject",
         .contains = "two",
         .folder = "Later",
         .position = 2},
        {.id = 3, .account_id = 8, .field = "From", .contains = "nobody", .folder = "Never"},
        {.id = 4, .account_id = 9, .field = "From", .contains = "news@", .folder = "News"},
        {.id = 5,
         .account_id = 10,
         .field = "From",
         .contains = "news@",
         .folder = "Off",
         .active = false}};
    const auto verdict = filter_verdict(source, kReport, to_accounts({9, 8, 7, 10}));
    EXPECT_EQ(verdict.folders, (std::vector<std::string>{"News", "", "Lists/Ada", ""}));
    EXPECT_TRUE(verdict.rules.empty());
    EXPECT_TRUE(filter_verdict(source, kReport, to_accounts({8, 11})).folders.empty());
}

TEST(FilterVerdicts, JunkIsNotFiledElsewhere) {
    FilterSource source;
    source.rules = {acting("one", "junk")};
    source.filing_rules = {
        {.id = 1, .account_id = 7, .field = "From", .contains = "news", .folder = "News"}};
    const auto verdict = filter_verdict(source, kReport, to_accounts({7}));
    EXPECT_EQ(verdict.folder, "\\Junk");
    EXPECT_TRUE(verdict.folders.empty());
}

TEST(FilterVerdicts, NamesAreLimited) {
    FilterSource source;
    for (int i = 0; i < 300; ++i)
        source.rules.push_back(filter_rule("r" + std::to_string(i), "subject", "contains", "one"));
    const auto verdict = filter_verdict(source, kReport);
    EXPECT_EQ(verdict.rules.size(), dataplane::kFilterNamesMax);
    EXPECT_EQ(verdict.score, 300);
}

TEST(FilterVerdicts, AreCounted) {
    FilterRun run(filter_database({.rules = {acting("one", "discard")}}));
    run.feed(kReport);
    run.judge();
    EXPECT_EQ(run.counters().messages.load(), 1u);
    EXPECT_EQ(run.counters().matched.load(), 1u);
    EXPECT_EQ(run.counters().discarded.load(), 1u);
    EXPECT_EQ(run.counters().junk.load(), 0u);
}

}  // namespace
}  // namespace gatepost::test

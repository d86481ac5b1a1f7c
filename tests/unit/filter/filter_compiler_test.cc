#include "controlplane/filter/filter_compiler.h"

#include <gtest/gtest.h>

#include "controlplane/filter/filter_builder.h"
#include "tests/unit/filter/filter_support.h"

namespace gatepost::test {
namespace {

using controlplane::compile_filter;
using controlplane::FilterBuilder;
using controlplane::FilterCompilation;
using controlplane::FilterSource;

// The rules that were compiled, by a message that all of them would match.
std::vector<std::string> names_in(const FilterCompilation& compiled) {
    auto database = dataplane::FilterDatabase::create(compiled.image);
    EXPECT_TRUE(database.has_value());
    std::vector<std::string> names;
    for (const auto& rule : (*database)->rules().rules) names.emplace_back(rule.name);
    return names;
}

TEST(FilterCompiler, NoRules) {
    const auto compiled = compile_filter({});
    ASSERT_TRUE(compiled.has_value());
    EXPECT_EQ(compiled->patterns, 0u);
    EXPECT_TRUE(names_in(*compiled).empty());
}

TEST(FilterCompiler, ARuleThatCannotBeCompiledIsHeldAndTheOthersAreNot) {
    FilterSource source;
    source.rules = {filter_rule("good", "subject", "regex", "a+b"),
                    filter_rule("open", "subject", "regex", "a(b"),
                    filter_rule("look", "body", "regex", "(?<!x)yz"),
                    filter_rule("empty", "body", "regex", "a*"),
                    filter_rule("back", "raw", "regex", "(a)\\1"),
                    filter_rule("field", "phase_of_moon", "contains", "full"),
                    filter_rule("kind", "subject", "smells", "fish"),
                    filter_rule("fine", "raw", "contains", "(")};
    source.rules.push_back(filter_rule("action", "subject", "contains", "x"));
    source.rules.back().action = "sing";
    const auto compiled = compile_filter(source);
    ASSERT_TRUE(compiled.has_value());
    EXPECT_EQ(names_in(*compiled), (std::vector<std::string>{"good", "fine"}));
    ASSERT_EQ(compiled->held.size(), 7u);
    for (const auto& held : compiled->held) EXPECT_FALSE(held.reason.empty()) << held.what;
    EXPECT_EQ(compiled->held[0].what, "filter rule open");
}

// hs_expression_info() finds nothing wrong with it.
TEST(FilterCompiler, WhatOnlyTheCompilerRefusesIsHeldToo) {
    FilterSource source;
    source.rules = {filter_rule("huge", "body", "regex", "(a.{5,30000}b.{5,30000}c){5,900}d"),
                    filter_rule("good", "body", "contains", "text")};
    const auto compiled = compile_filter(source);
    ASSERT_TRUE(compiled.has_value());
    EXPECT_EQ(names_in(*compiled), std::vector<std::string>{"good"});
    ASSERT_EQ(compiled->held.size(), 1u);
    EXPECT_EQ(compiled->held[0].what, "filter rule huge");
}

TEST(FilterCompiler, SamePatternsAreOne) {
    FilterSource source;
    for (int account = 1; account <= 50; ++account)
        source.filing_rules.push_back({.id = account,
                                       .account_id = account,
                                       .field = "List-ID",
                                       .contains = "news",
                                       .folder = "News"});
    const auto compiled = compile_filter(source);
    ASSERT_TRUE(compiled.has_value());
    EXPECT_EQ(compiled->patterns, 1u);
    EXPECT_EQ(compiled->rules, 50u);
}

TEST(FilterCompiler, AThousandRules) {
    FilterSource source;
    for (int i = 0; i < 1000; ++i) {
        const std::string word = "word" + std::to_string(i) + "x";
        source.rules.push_back(
            i % 4 == 0 ? filter_rule(word, "body", "regex", word + "[0-9]{2,5}z")
                       : filter_rule(word, i % 4 == 1 ? "subject" : "body", "contains", word));
    }
    const auto verdict = filter_verdict(
        source, "Subject: a word17x word18x\r\n\r\nword500x123z word502x word500x\r\n");
    EXPECT_EQ(verdict.rules, (std::vector<std::string>{"word17x", "word500x", "word502x"}));
}

TEST(FilterBuilder, GivesTheResultOfTheNewestSourceOnce) {
    FilterBuilder builder;
    EXPECT_FALSE(builder.take(FilterBuilder::kForever).has_value());
    for (int i = 0; i < 20; ++i) {
        FilterSource source;
        source.rules = {filter_rule("r" + std::to_string(i), "subject", "contains", "x")};
        builder.submit(std::move(source));
    }
    const auto result = builder.take(FilterBuilder::kForever);
    ASSERT_TRUE(result.has_value());
    ASSERT_TRUE(result->has_value());
    EXPECT_EQ(names_in(**result), std::vector<std::string>{"r19"});
    EXPECT_FALSE(builder.take(FilterBuilder::kForever).has_value());
}

TEST(FilterBuilder, EndsWithACompilationUnderWay) {
    FilterBuilder builder;
    FilterSource source;
    for (int i = 0; i < 200; ++i)
        source.rules.push_back(
            filter_rule("r" + std::to_string(i), "body", "regex", "a" + std::to_string(i) + "b+c"));
    builder.submit(std::move(source));
}

}  // namespace
}  // namespace gatepost::test

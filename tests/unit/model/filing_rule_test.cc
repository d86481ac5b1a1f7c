#include "controlplane/model/filing_rule.h"

#include <gtest/gtest.h>

#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {
namespace {

TEST(FilingRule, Csv) {
    auto rules = filing_rules_from_csv(
        "Field, Contains, Folder\r\n"
        "From:, bob@example.net, Friends\r\n"
        "\r\n"
        "# what lists send\n"
        "List-Id,\"dev, all of it\" , \"Lists/\"\"dev\"\"\"\n"
        "From, bob@example.net, Friends\n"
        "Subject,  a  b , X",
        "rules.csv");
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(*rules, (std::vector<FilingRule>{{"From", "bob@example.net", "Friends"},
                                               {"List-Id", "dev, all of it", "Lists/\"dev\""},
                                               {"Subject", "a  b", "X"}}));
    EXPECT_EQ(*filing_rules_from_csv(filing_rules_to_csv(*rules), "x"), *rules);
    const std::vector<FilingRule> odd = {{"X-Y", " blanks ", "a,b"},
                                         {"#hash", "line\nend", "q\"q"}};
    EXPECT_EQ(*filing_rules_from_csv(filing_rules_to_csv(odd), "x"), odd);
    EXPECT_TRUE(filing_rules_from_csv("", "x")->empty());
    EXPECT_EQ(filing_rules_from_csv("\xef\xbb\xbf"
                                    "From,a,b",
                                    "x")
                  ->front()
                  .field,
              "From");
}

TEST(FilingRule, CsvErrorsNameTheLine) {
    const auto error = [](const char* text) {
        auto rules = filing_rules_from_csv(text, "r.csv");
        return rules ? std::string("none") : rules.error().message;
    };
    EXPECT_EQ(error("From, a, b\nFrom, a\n"),
              "r.csv:2: 2 values, expected 3: Field, Contains, Folder");
    EXPECT_EQ(error("From, \"a\n\nb, c\n"), "r.csv:1: a quote is not closed");
    EXPECT_EQ(error("From, \"a\" b, c\n"), "r.csv:1: something stands behind a closing quote");
    EXPECT_EQ(error("\"F\nrom\", a, c\n"), "r.csv:1: \"F\nrom\" is not the name of a header field");
    EXPECT_EQ(error("\n\nFrom, , c\n"),
              "r.csv:3: the text to look for and the folder must not be empty");
}

TEST(FilingRule, Sieve) {
    EXPECT_EQ(
        filing_rules_to_sieve({{"From", "a \"b\"", "X\\Y"}, {"To", "c", "Z", false}}),
        "require [\"fileinto\", \"mailbox\"];\n"
        "if header :contains \"From\" \"a \\\"b\\\"\" { fileinto :create \"X\\\\Y\"; stop; }\n");
}

TEST(FilingRule, ImportKeepsTheOrder) {
    Connection connection = mail_database();
    const std::vector<FilingRule> first = {{"From", "b", "B"}, {"From", "a", "A"}};
    auto dry = filing_rule_import(connection, "ada@example.org", first, false, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->added, 2U);
    EXPECT_TRUE(filing_rule_list(connection, "ada@example.org")->empty());
    ASSERT_TRUE(filing_rule_import(connection, "ada@example.org", first, false, {}));
    auto more = filing_rule_import(connection, "ada@example.org",
                                   {{"From", "a", "A"}, {"To", "c", "C"}}, false, {});
    EXPECT_EQ(more->added, 1U);
    EXPECT_EQ(more->kept, 1U);
    EXPECT_EQ(*filing_rule_list(connection, "ada@example.org"),
              (std::vector<FilingRule>{{"From", "b", "B"}, {"From", "a", "A"}, {"To", "c", "C"}}));
    auto reset = filing_rule_import(connection, "ada@example.org", {{"To", "c", "C"}}, true, {});
    EXPECT_EQ(reset->removed, 3U);
    EXPECT_EQ(filing_rule_list(connection, "ada@example.org")->size(), 1U);
    EXPECT_ERROR(filing_rule_list(connection, "eve@example.org"), ErrorCode::refused, "no account");
}

}  // namespace
}  // namespace gatepost::controlplane

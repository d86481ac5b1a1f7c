#include "storage/zone/token.h"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::storage {
namespace {

// Words in <…>, quoted ones in "…".
std::string split(std::string_view text) {
    std::vector<Token> tokens;
    Status status = tokenize_rdata(text, tokens);
    if (!status) return "error: " + status.error().message;
    std::string all;
    for (const Token& token : tokens) {
        all += token.quoted ? '"' : '<';
        all += token.text;
        all += token.quoted ? '"' : '>';
    }
    return all;
}

TEST(TokenizeRdata, Splits) {
    struct Case {
        const char* text;
        const char* tokens;
    };
    const Case cases[] = {
        {"", ""},
        {" \t ", ""},
        {"10 mail", "<10><mail>"},
        {"  10\tmail  ", "<10><mail>"},
        {"a\r\nb\n", "<a><b>"},
        {"\"a b\" c", "\"a b\"<c>"},
        {"\"\"", "\"\""},
        {"\"a\"\"b\"", "\"a\"\"b\""},
        {"\"a\\\"b\" \"c\\\\\"", "\"a\\\"b\"\"c\\\\\""},
        {"\"; ( )\"", "\"; ( )\""},
        {"\"two\nlines\"", "\"two\nlines\""},
        {"a\\ b", "<a\\ b>"},
        {"a\\;b\\(c\\\"", "<a\\;b\\(c\\\">"},
        {"a\\", "<a\\>"},
        {"key=\"a b\" port=53", "<key=\"a b\"><port=53>"},
        {"key=\"a\\\" b\"", "<key=\"a\\\" b\">"},
        {"\\# 2 0001", "<\\#><2><0001>"},
    };
    for (const Case& c : cases) EXPECT_EQ(split(c.text), c.tokens);
}

TEST(TokenizeRdata, RefusesWithPlaceAndReason) {
    struct Case {
        const char* text;
        const char* message;
    };
    const Case cases[] = {
        {"a \"b", "line 1, column 3: the quote opened here is not closed"},
        {"\"a\\\"", "line 1, column 1: the quote opened here is not closed"},
        {"\"a\\", "line 1, column 1: the quote opened here is not closed"},
        {"key=\"a", "line 1, column 5: the quote opened here is not closed"},
        {"\"a\"b", "line 1, column 4: a blank is missing behind the closing quote"},
        {"ab\"c\"", "line 1, column 3: a quote inside a word"},
        {"a\nb ; c", "line 2, column 3: ';' outside quotes; write it as \\;, or quote the string"},
        {"v=DKIM1; p=", "line 1, column 8: ';' outside quotes"},
        {"ns host ( 1", "line 1, column 9: '(' outside quotes"},
        {"1 )", "line 1, column 3: ')' outside quotes"},
    };
    for (const Case& c : cases)
        EXPECT_NE(split(c.text).find(c.message), std::string::npos) << split(c.text);
}

TEST(TokenizeRdata, TellsLineAndColumn) {
    std::vector<Token> tokens;
    std::string text = "a  bc \"d\ne\"\n  f";
    ASSERT_TRUE(tokenize_rdata(text, tokens));
    ASSERT_EQ(tokens.size(), 4U);
    EXPECT_EQ(tokens[1].column, 4U);
    EXPECT_EQ(tokens[2].line, 1U);
    EXPECT_EQ(tokens[2].column, 7U);
    EXPECT_EQ(tokens[3].line, 3U);
    EXPECT_EQ(tokens[3].column, 3U);
    // The vector is reused.
    ASSERT_TRUE(tokenize_rdata("x", tokens));
    EXPECT_EQ(tokens.size(), 1U);
}

}  // namespace
}  // namespace gatepost::storage

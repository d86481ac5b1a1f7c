#include "dataplane/imap_fetch/response_text.h"

#include <gtest/gtest.h>

#include <ctime>

#include "tests/unit/imap_fetch/fetch_rig.h"

namespace gatepost::dataplane {
namespace {

std::string string_of(std::string_view text, bool utf8 = false) {
    std::string out;
    ResponseText(out, utf8).string(text);
    return out;
}

std::string date_of(int64_t unix_s) {
    std::string out;
    ResponseText(out, false).date_time(unix_s);
    return out;
}

TEST(ResponseText, QuotesWhatCanBe) {
    EXPECT_EQ(string_of(""), "\"\"");
    EXPECT_EQ(string_of("a"), "\"a\"");
    EXPECT_EQ(string_of("a\tb"), "\"a\tb\"");
    EXPECT_EQ(string_of("12345678\x7f"), "\"12345678\x7f\"");
    EXPECT_EQ(string_of("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(string_of("a\r\nb"), "{4}\r\na\r\nb");
    EXPECT_EQ(string_of(std::string_view("a\0b", 3)),
              "{3}\r\na\x80"
              "b");
}

// Every octet at every place of a word, against the rules one by one.
TEST(ResponseText, JudgesEveryOctetAnywhere) {
    for (size_t size : {1U, 7U, 8U, 9U, 16U, 23U}) {
        for (size_t at = 0; at < size; ++at) {
            for (int octet = 0; octet < 256; ++octet) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(octet);
                std::string wanted;
                if (octet == 0 || octet == '\r' || octet == '\n' || octet > 0x7f) {
                    std::string in = text;
                    if (octet == 0) in[at] = '\x80';
                    wanted = literal(in);
                } else {
                    wanted = "\"" + text + "\"";
                    if (octet == '"' || octet == '\\') wanted.insert(at + 1, "\\");
                }
                ASSERT_EQ(string_of(text), wanted) << size << " " << at << " " << octet;
            }
        }
    }
}

TEST(ResponseText, TakesStringsOfAnyLengthAtAnyPlace) {
    for (size_t before : {0U, 500U, 1000U, 1015U, 1023U, 1024U}) {
        for (size_t size : {0U, 1U, 8U, 20U, 500U, 1010U, 1014U, 1015U, 1024U, 5000U}) {
            std::string out = "x";
            {
                ResponseText text(out, false);
                for (size_t i = 0; i < before; ++i) text.add('.');
                text.string(std::string(size, 's'));
                text.number(UINT64_MAX);
                text.add(std::string(size, 't'));
            }
            ASSERT_EQ(out, "x" + std::string(before, '.') + "\"" + std::string(size, 's') +
                               "\"18446744073709551615" + std::string(size, 't'));
        }
    }
}

TEST(ResponseText, QuotesUtf8WhereItMay) {
    EXPECT_EQ(string_of("J\xC3\xB6rg", true), "\"J\xC3\xB6rg\"");
    EXPECT_EQ(string_of("J\xC3\xB6rg"), "{5}\r\nJ\xC3\xB6rg");
    EXPECT_EQ(string_of("J\xF6rg", true), "{4}\r\nJ\xF6rg");
    EXPECT_EQ(string_of("\xED\xA0\x80", true), "{3}\r\n\xED\xA0\x80");
}

TEST(ResponseText, WritesDates) {
    EXPECT_EQ(date_of(837'571'465), "\"17-Jul-1996 02:44:25 +0000\"");
    EXPECT_EQ(date_of(0), "\" 1-Jan-1970 00:00:00 +0000\"");
    EXPECT_EQ(date_of(-1), "\"31-Dec-1969 23:59:59 +0000\"");
    EXPECT_EQ(date_of(1'709'164'800), "\"29-Feb-2024 00:00:00 +0000\"");
    EXPECT_EQ(date_of(INT64_MAX), "\"31-Dec-9999 23:59:59 +0000\"");
    EXPECT_EQ(date_of(INT64_MIN), "\" 1-Jan-0001 00:00:00 +0000\"");
}

TEST(ResponseText, WritesDatesAsTheCalendarHasThem) {
    for (int64_t day = -200'000; day < 400'000; day += 7) {
        const time_t at_s = day * 86'400 + (day & 0xffff);
        tm parts{};
        gmtime_r(&at_s, &parts);
        char wanted[64];
        ASSERT_NE(strftime(wanted, sizeof wanted, "\"%e-%b-%Y %H:%M:%S +0000\"", &parts), 0U);
        ASSERT_EQ(date_of(at_s), wanted);
    }
}

}  // namespace
}  // namespace gatepost::dataplane

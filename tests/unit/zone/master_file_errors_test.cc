// What a master file must not have: each text with the whole of its error messages.
#include <gtest/gtest.h>

#include "storage/zone/master_file.h"
#include "tests/unit/zone/master_text.h"

namespace gatepost::storage {
namespace {

using Lines = std::vector<std::string>;

struct ErrorCase {
    std::string text;
    std::string error;  // of the only one
};

void expect_errors(const std::vector<ErrorCase>& cases) {
    for (const ErrorCase& c : cases) {
        SCOPED_TRACE(c.text.substr(0, 200));
        MasterLines lines = read_lines(c.text);
        EXPECT_EQ(lines.errors, Lines{c.error});
        ASSERT_FALSE(lines.status);
        EXPECT_EQ(lines.status.error().message, c.error);
        EXPECT_EQ(lines.status.error().code, ErrorCode::invalid);
    }
}

TEST(MasterFileErrors, Fields) {
    expect_errors({
        {"www\n", "zone:1:4: the record has no type, expected one like A, MX or TXT"},
        {"www 60 IN ; A\n", "zone:1:10: the record has no type, expected one like A, MX or TXT"},
        {"www 60 ADDR 192.0.2.1\n",
         "zone:1:8: 'ADDR' is not a record type, expected one like A, MX or TXT, or TYPE and a "
         "number"},
        {"www 60 60 A 192.0.2.1\n",
         "zone:1:8: '60' is not a record type, expected one like A, MX or TXT, or TYPE and a "
         "number"},
        {"www 60 IN IN A 192.0.2.1\n",
         "zone:1:11: 'IN' is not a record type, expected one like A, MX or TXT, or TYPE and a "
         "number"},
        {"www 60 \"A\" 192.0.2.1\n",
         "zone:1:8: 'A' is not a record type, expected one like A, MX or TXT, or TYPE and a "
         "number"},
        {"www 60 ANY 192.0.2.1\n",
         "zone:1:8: 'ANY' is a type of questions and messages, expected one that a zone can hold"},
        {"www 60 CH A 192.0.2.1\n", "zone:1:8: the class 'CH' is not served, expected IN"},
        {"www 60 CLASS255 A 192.0.2.1\n",
         "zone:1:8: the class 'CLASS255' is not served, expected IN"},
        {"www 1h30 A 192.0.2.1\n",
         "zone:1:5: '1h30' is not a TTL, expected seconds, or numbers with units like 1h30m"},
        {"www 60x A 192.0.2.1\n",
         "zone:1:5: '60x' is not a TTL, expected seconds, or numbers with units like 1h30m"},
        {"www 2147483648 A 192.0.2.1\n",
         "zone:1:5: '2147483648' is too large for a TTL, expected at most 2147483647 seconds"},
        {"www 3551w A 192.0.2.1\n",
         "zone:1:5: '3551w' is too large for a TTL, expected at most 2147483647 seconds"},
        {"www 99999999999999999999 A 192.0.2.1\n",
         "zone:1:5: '99999999999999999999' is too large for a TTL, expected at most 2147483647 "
         "seconds"},
        {"www A 192.0.2.1\n",
         "zone:1:5: the record has no TTL, expected one before the type, or a $TTL line above"},
        {"a..b 60 A 192.0.2.1\n", "zone:1:1: 'a..b' is not a domain name: it has an empty label"},
        {"\"www\" 60 A 192.0.2.1\n", "zone:1:1: an owner in quotes, expected 'www' without them"},
        {"\n 60 A 192.0.2.1\n",
         "zone:2:1: a line that begins with a blank takes the owner of the record before it, and "
         "there is none, "
         "expected a name"},
    });
}

// The words are those of the data's own reader; here it is about the place.
TEST(MasterFileErrors, DataIsShownWhereItStands) {
    MasterLines lines = read_lines(
        "@ 60 A 300.1.2.3\n"
        "@ 60 SOA ns hm (\n"
        "    1 ; serial\n"
        "    2 x 4 5 )\n"
        "@ 60 MX 10\n"
        "@ 60 A 192.0.2.1 more\n");
    ASSERT_EQ(lines.errors.size(), 4u);
    EXPECT_TRUE(lines.errors[0].starts_with("zone:1:8: ")) << lines.errors[0];
    EXPECT_NE(lines.errors[0].find("'300.1.2.3' is not an IPv4 address"), std::string::npos)
        << lines.errors[0];
    EXPECT_TRUE(lines.errors[1].starts_with("zone:4:7: ")) << lines.errors[1];
    EXPECT_NE(lines.errors[1].find("'x'"), std::string::npos) << lines.errors[1];
    EXPECT_TRUE(lines.errors[2].starts_with("zone:5:11: ")) << lines.errors[2];
    EXPECT_TRUE(lines.errors[3].starts_with("zone:6:18: ")) << lines.errors[3];
}

TEST(MasterFileErrors, Text) {
    const std::string nul(1, '\0');
    expect_errors({
        {"www 60 TXT \"abc\n",
         "zone:1:12: the quote opened here is not closed, expected a '\"' before the line's end"},
        {"www 60 TXT \"abc\r\n",
         "zone:1:12: the quote opened here is not closed, expected a '\"' before the line's end"},
        {"www 60 TXT \"abc",
         "zone:1:12: the quote opened here is not closed, expected a '\"' before the end of the "
         "text"},
        {"www 60 TXT abc\"def\"\n",
         "zone:1:15: a '\"' inside a word, expected a blank before it, or \\\" for the character"},
        {"www 60 TXT \"abc\"def\n",
         "zone:1:17: a word right behind a closing quote, expected a blank between them"},
        {"www 60 TXT a=\"b\"\n",
         "zone:1:12: a '\"' inside the word 'a=\"b\"', expected the whole word in quotes, or \\\" "
         "for the character"},
        {"www 60 A ( 192.0.2.1\nx 60 A 192.0.2.2\n",
         "zone:1:10: the parenthesis opened here is not closed, expected a ')' before the end of "
         "the text"},
        {"www 60 A 192.0.2.1 )\n",
         "zone:1:20: a ')' where no parenthesis is open, expected a '(' before it"},
        {"www 60 TXT abc\\\n",
         "zone:1:15: a '\\' at the line's end, expected a character or three digits behind it"},
        {"www 60 TXT a" + nul + "b\n",
         "zone:1:13: the control octet 0 in the text, expected it as \\000"},
        {"www 60 TXT \"a" + nul + "b\"\n",
         "zone:1:14: the control octet 0 in the text, expected it as \\000"},
        {nul, "zone:1:1: the control octet 0 in the text, expected it as \\000"},
        {"www 60 A\r192.0.2.1\n",
         "zone:1:9: the control octet 13 in the text, expected it as \\013"},
        {"www 60 A 192.0.2.1 \x7f\n",
         "zone:1:20: the control octet 127 in the text, expected it as \\127"},
        {"\xff\xfe"
         "w" +
             nul + "w" + nul,
         "zone:1:1: the text is UTF-16, expected ASCII or UTF-8 (iconv -f UTF-16 -t UTF-8 converts "
         "it)"},
        {std::string("@ 60 TXT (") +
             [] {
                 std::string words;
                 for (int i = 0; i < 66000; ++i) words += " a";
                 return words;
             }() +
             ")\n",
         "zone:1:131204: the record has more words than any record can have, expected its end "
         "before (is a ')' missing?)"},
    });
}

TEST(MasterFileErrors, Directives) {
    expect_errors({
        {"$FOO bar\n",
         "zone:1:1: '$FOO' is not a directive, expected $ORIGIN, $TTL, $INCLUDE or $GENERATE (a "
         "name that begins "
         "with '$' is written with '\\$')"},
        {" $TTL 60\n", "zone:1:2: '$TTL' behind a blank, expected a directive in the first column"},
        {"$ORIGIN\n", "zone:1:8: $ORIGIN without a name, expected one"},
        {"$ORIGIN a b\n", "zone:1:11: 'b' behind the name of $ORIGIN, expected nothing"},
        {"$ORIGIN a..b\n", "zone:1:9: 'a..b' is not a domain name: it has an empty label"},
        {"$TTL\n", "zone:1:5: $TTL without a TTL, expected one"},
        {"$TTL -1\n",
         "zone:1:6: '-1' is not a TTL, expected seconds, or numbers with units like 1h30m"},
        {"$TTL 1 2\n", "zone:1:8: '2' behind the TTL of $TTL, expected nothing"},
        {"$INCLUDE file\n",
         "zone:1:1: $INCLUDE is not allowed here, expected the records themselves"},
        {"$INCLUDE\n", "zone:1:9: $INCLUDE without a file, expected its name"},
        {"$INCLUDE a b c\n", "zone:1:14: 'c' behind the origin of $INCLUDE, expected nothing"},
    });
}

TEST(MasterFileErrors, Generate) {
    const std::string range =
        "is not a $GENERATE range, expected start-stop or start-stop/step with start <= stop <= "
        "2147483647";
    const std::string substitution =
        "is not a $GENERATE substitution, expected ${offset}, ${offset,width} or "
        "${offset,width,base} with a width "
        "up to 255 and a base of d, o, x, X, n or N (for the value 1 of $GENERATE)";
    expect_errors({
        {"$GENERATE 1-2 h$\n",
         "zone:1:17: $GENERATE needs a range, an owner, a type and data, expected as in '$GENERATE "
         "1-254 host$ A "
         "192.0.2.$'"},
        {"$GENERATE 1-2 h$ A\n",
         "zone:1:19: $GENERATE without data, expected as in '$GENERATE 1-254 host$ A 192.0.2.$'"},
        {"$GENERATE 2-1 h$ 60 A 192.0.2.$\n", "zone:1:11: '2-1' " + range},
        {"$GENERATE 1 h$ 60 A 192.0.2.$\n", "zone:1:11: '1' " + range},
        {"$GENERATE -1-1 h$ 60 A 192.0.2.$\n", "zone:1:11: '-1-1' " + range},
        {"$GENERATE 1-2/0 h$ 60 A 192.0.2.$\n", "zone:1:11: '1-2/0' " + range},
        {"$GENERATE 1-2x h$ 60 A 192.0.2.$\n", "zone:1:11: '1-2x' " + range},
        {"$GENERATE 1-2147483648 h$ 60 A 192.0.2.$\n", "zone:1:11: '1-2147483648' " + range},
        {"$GENERATE 0-2147483647 h$ 60 A 192.0.2.1\n",
         "zone:1:11: the $GENERATE lines make 2147483648 records with this one, expected at most "
         "1048576"},
        {"$GENERATE 1-2 h${0,256} 60 A 192.0.2.1\n", "zone:1:15: '${0,256}' " + substitution},
        {"$GENERATE 1-2 h${0,1,q} 60 A 192.0.2.1\n", "zone:1:15: '${0,1,q}' " + substitution},
        {"$GENERATE 1-2 h${ 60 A 192.0.2.1\n", "zone:1:15: '${' " + substitution},
        {"$GENERATE 1-2 h 60 A 192.0.2.${-2}\n",
         "zone:1:22: $GENERATE comes to the number -1 for 1 with the offset -2, expected none "
         "below 0 (for the value "
         "1 of $GENERATE)"},
    });
    MasterLines lines = read_lines("$GENERATE 255-999 h$ 60 A 192.0.2.$\nx 60 A 192.0.2.1\n");
    EXPECT_EQ(lines.records,
              (Lines{"h255.example. 60 A 192.0.2.255", "x.example. 60 A 192.0.2.1"}));
    ASSERT_EQ(lines.errors.size(), 1u);
    EXPECT_TRUE(lines.errors[0].starts_with("zone:1:27: ")) << lines.errors[0];
    EXPECT_NE(lines.errors[0].find("'192.0.2.256'"), std::string::npos) << lines.errors[0];
    EXPECT_TRUE(lines.errors[0].ends_with(" (for the value 256 of $GENERATE)")) << lines.errors[0];
}

TEST(MasterFileErrors, ReadingGoesOnBehindABrokenRecord) {
    MasterLines lines = read_lines(
        "$TTL 60\n"
        "a A 192.0.2.1\n"
        "b A (\n"
        "  \"open\n"
        "  x )\n"
        "c A 192.0.2.2\n"
        "bad..name A 192.0.2.3\n"
        "  TXT passed-over-in-silence\n"
        "d A 192.0.2.4\n"
        "  TXT taken\n");
    EXPECT_EQ(lines.records, (Lines{"a.example. 60 A 192.0.2.1", "c.example. 60 A 192.0.2.2",
                                    "d.example. 60 A 192.0.2.4", "d.example. 60 TXT \"taken\""}));
    EXPECT_EQ(
        lines.errors,
        (Lines{
            "zone:4:3: the quote opened here is not closed, expected a '\"' before the line's end",
            "zone:7:1: 'bad..name' is not a domain name: it has an empty label"}));
    EXPECT_EQ(lines.status.error().message, lines.errors[0] + "\n" + lines.errors[1]);
}

TEST(MasterFileErrors, ReadingStopsAtTheLimit) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "www 60 A x\n";
    MasterLines lines = read_lines(text);
    EXPECT_EQ(lines.errors.size(), 20u);
    EXPECT_TRUE(lines.status.error().message.ends_with("\n(reading stopped at 20 errors)"));
    MasterFileOptions options;
    options.errors_max = 1;
    EXPECT_EQ(read_lines(text, options).errors.size(), 1u);
}

TEST(MasterFileErrors, AnErrorOfTheSinkHasTheRecordsPlace) {
    Status read = read_master_text("a 60 A 192.0.2.1\nb 60 A 192.0.2.2\n", "zone", {},
                                   [](const MasterRecord& record) -> Status {
                                       if (record.line == 1) return {};
                                       return fail(ErrorCode::refused, "not this one");
                                   });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "zone:2:1: not this one");
}

}  // namespace
}  // namespace gatepost::storage

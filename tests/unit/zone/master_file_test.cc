// What a master file means: records, directives, defaults. Errors are in
// master_file_errors_test.cc.
#include "storage/zone/master_file.h"

#include <gtest/gtest.h>

#include "storage/zone/rdata.h"
#include "tests/unit/zone/master_text.h"

namespace gatepost::storage {
namespace {

using Lines = std::vector<std::string>;

struct FileCase {
    const char* what;
    std::string text;
    Lines records;
};

void expect_all(const std::vector<FileCase>& cases) {
    for (const FileCase& c : cases) {
        SCOPED_TRACE(c.what);
        MasterLines lines = read_lines(c.text);
        EXPECT_EQ(lines.records, c.records);
        EXPECT_EQ(lines.errors, Lines());
        EXPECT_TRUE(lines.status);
    }
}

TEST(MasterFile, Fields) {
    expect_all({
        {"TTL and class in either order, or absent",
         "$TTL 60\na 300 IN A 192.0.2.1\nb IN 300 A 192.0.2.1\nc 300 A 192.0.2.1\nd IN A "
         "192.0.2.1\ne A 192.0.2.1\n",
         {"a.example. 300 A 192.0.2.1", "b.example. 300 A 192.0.2.1", "c.example. 300 A 192.0.2.1",
          "d.example. 60 A 192.0.2.1", "e.example. 60 A 192.0.2.1"}},
        {"case does not matter in class, type and directives",
         "$ttl 60\n$oRiGiN Sub\nWWW iN a 192.0.2.1\n",
         {"WWW.Sub.example. 60 A 192.0.2.1"}},
        {"CLASS1 is IN, TYPE1 is A",
         "www 60 CLASS1 TYPE1 192.0.2.1\n",
         {"www.example. 60 A 192.0.2.1"}},
        {"RFC 3597 data",
         "www 60 TYPE65280 \\# 3 0a0B0c\nx 60 A \\# 4 C0000201\n",
         {"www.example. 60 TYPE65280 \\# 3 0A0B0C", "x.example. 60 A 192.0.2.1"}},
        {"an owner that looks like a TTL, a class, a type",
         "300 60 A 192.0.2.1\nIN 60 A 192.0.2.2\nMX 60 A 192.0.2.3\n",
         {"300.example. 60 A 192.0.2.1", "IN.example. 60 A 192.0.2.2",
          "MX.example. 60 A 192.0.2.3"}},
        {"@ is the origin, \\@ is a character",
         "@ 60 A 192.0.2.1\n\\@ 60 A 192.0.2.2\n",
         {"example. 60 A 192.0.2.1", "\\@.example. 60 A 192.0.2.2"}},
        {"escapes in names",
         "a\\.b 60 A 192.0.2.1\n\\065\\000 60 A 192.0.2.2\n\\$x\\;y\\(\\) 60 A 192.0.2.3\nx\\ y 60 "
         "A 192.0.2.4\n",
         {"a\\.b.example. 60 A 192.0.2.1", "A\\000.example. 60 A 192.0.2.2",
          "\\$x\\;y\\(\\).example. 60 A 192.0.2.3", "x\\032y.example. 60 A 192.0.2.4"}},
        {"relative names inside the data",
         "@ 60 MX 10 mail\n@ 60 MX 20 mail.other.\n@ 60 NS @\n",
         {"example. 60 MX 10 mail.example.", "example. 60 MX 20 mail.other.",
          "example. 60 NS example."}},
        {"a wildcard", "*.w 60 A 192.0.2.1\n", {"*.w.example. 60 A 192.0.2.1"}},
        {"raw UTF-8 in a name is octets",
         "m\xc3\xbcller 60 A 192.0.2.1\n",
         {"m\\195\\188ller.example. 60 A 192.0.2.1"}},
    });
}

TEST(MasterFile, Lines) {
    expect_all({
        {"nothing at all", "", {}},
        {"blanks, comments and empty lines", "\n  \t\n; comment\n   ; (\n\n", {}},
        {"no final newline", "www 60 A 192.0.2.1", {"www.example. 60 A 192.0.2.1"}},
        {"a comment at the very end", "www 60 A 192.0.2.1;x", {"www.example. 60 A 192.0.2.1"}},
        {"CRLF",
         "$TTL 60\r\nwww A 192.0.2.1\r\n\r\n\tA 192.0.2.2\r\n",
         {"www.example. 60 A 192.0.2.1", "www.example. 60 A 192.0.2.2"}},
        {"CR at the very end", "www 60 A 192.0.2.1\r", {"www.example. 60 A 192.0.2.1"}},
        {"tabs", "www\t60\tIN\tA\t\t192.0.2.1\t\n", {"www.example. 60 A 192.0.2.1"}},
        {"a blank at the beginning repeats the owner",
         "www 60 A 192.0.2.1\n 60 A 192.0.2.2\n\n\t60 A 192.0.2.3\n",
         {"www.example. 60 A 192.0.2.1", "www.example. 60 A 192.0.2.2",
          "www.example. 60 A 192.0.2.3"}},
        {"and keeps it over $ORIGIN",
         "www 60 A 192.0.2.1\n$ORIGIN other.\n 60 MX 1 m\nwww 60 A 192.0.2.2\n",
         {"www.example. 60 A 192.0.2.1", "www.example. 60 MX 1 m.other.",
          "www.other. 60 A 192.0.2.2"}},
        {"a byte order mark in front",
         "\xef\xbb\xbfwww 60 A 192.0.2.1\n",
         {"www.example. 60 A 192.0.2.1"}},
        {"parentheses over lines, with comments",
         "@ 60 SOA ns hm ( 1 ; serial )\n  2\n3 ( 4 )\n\n5 ) ; end\nwww 60 A ( 192.0.2.1 )\n",
         {"example. 60 SOA ns.example. hm.example. 1 2 3 4 5", "www.example. 60 A 192.0.2.1"}},
        {"parentheses at once and around everything",
         "(www 60 A 192.0.2.1)\n(\n) x 60(A)192.0.2.2\n",
         {"www.example. 60 A 192.0.2.1", "x.example. 60 A 192.0.2.2"}},
        {"a line in parentheses may begin with a blank",
         "www ( 60\n A\n 192.0.2.1 )\n",
         {"www.example. 60 A 192.0.2.1"}},
        {"control octets in a comment",
         std::string("www 60 A 192.0.2.1 ; \0\r\x01 x\n", 26),
         {"www.example. 60 A 192.0.2.1"}},
    });
}

TEST(MasterFile, QuotedStrings) {
    expect_all({
        {"blanks, signs and escapes inside",
         "@ 60 TXT \"a b;(c)\" \"\\\"q\\\"\" \"\" \"\\\\\\065\" plain\n",
         {"example. 60 TXT \"a b;(c)\" \"\\\"q\\\"\" \"\" \"\\\\A\" \"plain\""}},
        {"side by side", "@ 60 TXT \"a\"\"b\"\n", {"example. 60 TXT \"a\" \"b\""}},
        {"raw octets above ASCII",
         "@ 60 TXT \"\xff\xc3\xa9\"\n",
         {"example. 60 TXT \"\\255\\195\\169\""}},
        {"RFC 9460 parameters",
         "@ 60 HTTPS 1 . alpn=\"h2,h3\" port=443\n",
         {"example. 60 HTTPS 1 . alpn=h2,h3 port=443"}},
        {"an equals sign before a quote in the last character of a quoted string",
         "@ 60 TXT \"v=\" \"x\"\n",
         {"example. 60 TXT \"v=\" \"x\""}},
    });
}

TEST(MasterFile, TimeToLive) {
    const std::string soa = "@ SOA ns hm 1 2 3 4 77\n";
    expect_all({
        {"units",
         "a 1h30m A 192.0.2.1\nb 1W2d3H4m5S A 192.0.2.1\nc 0 A 192.0.2.1\nd 2147483647 A "
         "192.0.2.1\n",
         {"a.example. 5400 A 192.0.2.1", "b.example. 788645 A 192.0.2.1",
          "c.example. 0 A 192.0.2.1", "d.example. 2147483647 A 192.0.2.1"}},
        {"$TTL goes before the last one stated",
         "$TTL 1h\na 60 A 192.0.2.1\nb A 192.0.2.1\n$TTL 2h\nc A 192.0.2.1\n",
         {"a.example. 60 A 192.0.2.1", "b.example. 3600 A 192.0.2.1",
          "c.example. 7200 A 192.0.2.1"}},
        {"without $TTL, the last one stated",
         "a 60 A 192.0.2.1\nb A 192.0.2.1\nc 61 A 192.0.2.1\nd A 192.0.2.1\n",
         {"a.example. 60 A 192.0.2.1", "b.example. 60 A 192.0.2.1", "c.example. 61 A 192.0.2.1",
          "d.example. 61 A 192.0.2.1"}},
        {"without either, the SOA's minimum",
         soa + "a A 192.0.2.1\nb 5 A 192.0.2.1\nc A 192.0.2.1\n",
         {"example. 77 SOA ns.example. hm.example. 1 2 3 4 77", "a.example. 77 A 192.0.2.1",
          "b.example. 5 A 192.0.2.1", "c.example. 5 A 192.0.2.1"}},
        {"a signature without a TTL has its Original TTL",
         "$TTL 60\n@ RRSIG A 8 1 1234 20260903210000 20260821200000 57780 . AAAA\n",
         {"example. 1234 RRSIG A 8 1 1234 20260903210000 20260821200000 57780 . AAAA"}},
    });
    MasterFileOptions options;
    options.default_ttl = 9;
    EXPECT_EQ(read_lines("a A 192.0.2.1\n$TTL 8\nb A 192.0.2.1\n", options).records,
              (Lines{"a.example. 9 A 192.0.2.1", "b.example. 8 A 192.0.2.1"}));
}

TEST(MasterFile, Generate) {
    expect_all({
        {"the value alone",
         "$GENERATE 1-3 h$ 60 A 192.0.2.$\n",
         {"h1.example. 60 A 192.0.2.1", "h2.example. 60 A 192.0.2.2",
          "h3.example. 60 A 192.0.2.3"}},
        {"a step, which need not hit the end",
         "$GENERATE 0-5/2 h$ 60 A 192.0.2.$\n",
         {"h0.example. 60 A 192.0.2.0", "h2.example. 60 A 192.0.2.2",
          "h4.example. 60 A 192.0.2.4"}},
        {"offsets",
         "$GENERATE 5-6 h${-5} 60 A 192.0.2.${10}\n",
         {"h0.example. 60 A 192.0.2.15", "h1.example. 60 A 192.0.2.16"}},
        {"width and base",
         "$GENERATE 26-26 d${0,4}.d${0,4,d}.o${0,3,o}.x${0,3,x}.X${0,0,X} 60 A 192.0.2.1\n",
         {"d0026.d0026.o032.x01a.X1A.example. 60 A 192.0.2.1"}},
        {"nibbles, whose dots count",
         "$GENERATE 18-18 ${0,7,n}.${0,2,N}.${0,0,n} 60 A 192.0.2.1\n",
         {"2.1.0.0.2.1.2.1.example. 60 A 192.0.2.1"}},
        {"RFC 2317 delegation",
         "$GENERATE 1-2 $ 60 CNAME $.0\n",
         {"1.example. 60 CNAME 1.0.example.", "2.example. 60 CNAME 2.0.example."}},
        {"data in quotes",
         "$TTL 60\n$GENERATE 1-2 @ MX \"1$ m$\"\n",
         {"example. 60 MX 11 m1.example.", "example. 60 MX 12 m2.example."}},
        {"data of several words",
         "$TTL 60\n$GENERATE 1-1 @ TXT \"a $\" b$\n",
         {"example. 60 TXT \"a 1\" \"b1\""}},
        {"class and TTL",
         "$GENERATE 1-1 a 60 IN A 192.0.2.$\n$GENERATE 1-1 b IN 61 A 192.0.2.$\n",
         {"a.example. 60 A 192.0.2.1", "b.example. 61 A 192.0.2.1"}},
        {"a '$' itself",
         "$GENERATE 7-7 a\\$$b$$ 60 A 192.0.2.1\n",
         {"a\\$7b\\$.example. 60 A 192.0.2.1"}},
        {"the owner before it goes on",
         "w 60 A 192.0.2.9\n$GENERATE 1-1 h 60 A 192.0.2.1\n 60 A 192.0.2.8\n",
         {"w.example. 60 A 192.0.2.9", "h.example. 60 A 192.0.2.1", "w.example. 60 A 192.0.2.8"}},
        {"up to the largest number",
         "$GENERATE 2147483647-2147483647 h$ 60 A 192.0.2.1\n",
         {"h2147483647.example. 60 A 192.0.2.1"}},
    });
}

TEST(MasterFile, LongLinesAndDeepParentheses) {
    std::string words, shown;
    for (int i = 0; i < 1200; ++i) {
        words += " \"" + std::string(50, 'x') + "\"";
        shown += " \"" + std::string(50, 'x') + "\"";
    }
    ASSERT_GT(words.size(), size_t{1} << 15);
    EXPECT_EQ(read_lines("@ 60 TXT" + words + std::string(70000, ' ') + "\n").records,
              (Lines{"example. 60 TXT" + shown}));
    std::string deep =
        "@ 60 " + std::string(100000, '(') + "A 192.0.2.1" + std::string(100000, ')') + "\n";
    EXPECT_EQ(read_lines(deep).records, (Lines{"example. 60 A 192.0.2.1"}));
    std::string empty_strings = "@ 60 TXT";
    for (int i = 0; i < 65535; ++i) empty_strings += " \"\"";
    MasterLines lines = read_lines(empty_strings);
    EXPECT_EQ(lines.errors, Lines());
    EXPECT_EQ(lines.records.size(), 1u);
}

TEST(MasterFile, TellsFileAndLineOfEachRecord) {
    std::vector<std::string> places;
    Status read = read_master_text(
        "a 60 A (\n192.0.2.1 )\n\nb 60 A 192.0.2.1\n$GENERATE 1-2 $ 60 A 192.0.2.1\n", "name", {},
        [&](const MasterRecord& record) -> Status {
            places.push_back(fmt::format("{}:{}", *record.file, record.line));
            return {};
        });
    EXPECT_TRUE(read);
    EXPECT_EQ(places, (Lines{"name:1", "name:4", "name:5", "name:5"}));
}

TEST(MasterFile, TellsProgress) {
    std::string text;
    while (text.size() < 5'000'000) text += "www 60 A 192.0.2.1\n";
    std::vector<uint64_t> done;
    MasterFileOptions options;
    options.progress = [&](uint64_t octets, uint64_t total) {
        EXPECT_EQ(total, text.size());
        EXPECT_LE(done.empty() ? 0 : done.back(), octets);
        done.push_back(octets);
    };
    EXPECT_TRUE(
        read_master_text(text, "zone", options, [](const MasterRecord&) { return Status(); }));
    ASSERT_GE(done.size(), 5u);
    EXPECT_EQ(done.back(), text.size());
}

}  // namespace
}  // namespace gatepost::storage

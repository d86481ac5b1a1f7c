// Charsets, transfer encodings, encoded words, parameters.
#include <gtest/gtest.h>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/parameter.h"
#include "dataplane/mail/transfer_encoding.h"

namespace gatepost::dataplane {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

const Charsets& all_charsets() {
    static const Charsets* const kCharsets = new Charsets(Charsets::open_all());
    return *kCharsets;
}

std::string utf8(std::string_view charset, std::string_view octets) {
    std::string out;
    all_charsets().append_utf8(charset, octets, out);
    return out;
}

TEST(Charsets, BecomeUtf8) {
    EXPECT_EQ(utf8("US-ASCII", "abc"), "abc");
    EXPECT_EQ(utf8("utf-8", "\xe2\x82\xac"), "\xe2\x82\xac");
    EXPECT_EQ(utf8("ISO-8859-1", "\xfc\xa4"), "\xc3\xbc\xc2\xa4");
    EXPECT_EQ(utf8("iso-8859-15", "\xfc\xa4"), "\xc3\xbc\xe2\x82\xac");
    EXPECT_EQ(utf8("Windows-1252", "\x80\x99\x81\xe9"),
              "\xe2\x82\xac\xe2\x84\xa2" + std::string(kReplacement) + "\xc3\xa9");
    EXPECT_EQ(utf8("koi8-r", "\xd4\xc5\xd3\xd4"), "\xd1\x82\xd0\xb5\xd1\x81\xd1\x82");
    EXPECT_EQ(utf8("Shift_JIS", "\x83\x65\x83\x58"), "\xe3\x83\x86\xe3\x82\xb9");
    EXPECT_EQ(utf8("iso-2022-jp", "\x1b$B%F\x1b(Bx"), "\xe3\x83\x86x");
    // It is again in its first state for the next text.
    EXPECT_EQ(utf8("iso-2022-jp", "\x1b$B%F"), "\xe3\x83\x86");
    EXPECT_EQ(utf8("iso-2022-jp", "x"), "x");
    EXPECT_EQ(utf8("gb2312", "\xc4\xe3\xff\x61"), "\xe4\xbd\xa0" + std::string(kReplacement) + "a");
    EXPECT_EQ(utf8("big5", "\xa7"), kReplacement) << "cut short";
    EXPECT_EQ(utf8("koi8-r", std::string(2000, '\xd4')).size(), 4000u);
}

TEST(Charsets, KeepUtf8OfUnknownOnes) {
    EXPECT_EQ(utf8("x-unknown", "\xc3\xbc\xff"), "\xc3\xbc" + std::string(kReplacement));
    std::string out;
    Charsets().append_utf8("koi8-r", "\xd4", out);
    EXPECT_EQ(out, kReplacement) << "not built in";
}

TEST(Utf8, IsCheckedStrictly) {
    for (std::string_view good : {"a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbd",
                                  "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_EQ(utf8_sequence_length(good), good.size()) << good;
    for (std::string_view bad :
         {"", "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3"})
        EXPECT_EQ(utf8_sequence_length(bad), 0u) << bad;
}

std::string decoded(TransferEncoding encoding, std::string_view raw) {
    const Bytes bytes(reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
    std::string whole;
    TransferDecoder decoder(encoding);
    decoder.decode(bytes, whole);
    decoder.finish(whole);
    std::string in_pieces;
    TransferDecoder again(encoding);
    for (size_t i = 0; i < raw.size(); ++i) again.decode(bytes.subspan(i, 1), in_pieces);
    again.finish(in_pieces);
    EXPECT_EQ(whole, in_pieces) << raw;
    return whole;
}

TEST(TransferEncoding, Base64) {
    const struct {
        std::string_view raw, decoded;
    } cases[] = {
        {"", ""},
        {"QQ==", "A"},
        {"QUI=", "AB"},
        {"QUJD", "ABC"},
        {"QU\r\nJD", "ABC"},
        {"Q U-J!D", "ABC"},
        {"QQ==QUI=", "AAB"},
        {"Q", ""},
        {"QUJDR", "ABC"},
        {"====", ""},
        {"+/+/", "\xfb\xff\xbf"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(decoded(TransferEncoding::base64, c.raw), c.decoded) << c.raw;
}

TEST(TransferEncoding, QuotedPrintable) {
    const struct {
        std::string_view raw, decoded;
    } cases[] = {
        {"", ""},
        {"a=3Db", "a=b"},
        {"a=3db", "a=b"},
        {"a=\r\nb", "ab"},
        {"a=\nb", "ab"},
        {"a= \t\r\nb", "ab"},
        {"a \t\r\nb ", "a\r\nb"},
        {"a b\tc", "a b\tc"},
        {"a=20\r\n", "a \r\n"},
        {"a=zz", "a=zz"},
        {"a=", "a="},
        {"a=4", "a=4"},
        {"a=\rb", "a=\rb"},
        {"\r\n\r\n", "\r\n\r\n"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(decoded(TransferEncoding::quoted_printable, c.raw), c.decoded) << c.raw;
    EXPECT_EQ(decoded(TransferEncoding::quoted_printable, std::string(5000, ' ') + "x").size(),
              5001u);
}

TEST(TransferEncoding, IsKnownByName) {
    EXPECT_EQ(transfer_encoding("Base64"), TransferEncoding::base64);
    EXPECT_EQ(transfer_encoding("QUOTED-printable"), TransferEncoding::quoted_printable);
    EXPECT_EQ(transfer_encoding("binary"), TransferEncoding::identity);
    EXPECT_EQ(transfer_encoding("x-uuencode"), TransferEncoding::unknown);
    EXPECT_EQ(decoded(TransferEncoding::unknown, "QQ=="), "QQ==");
}

TEST(EncodedWord, IsDecoded) {
    const struct {
        std::string_view value, decoded;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        // RFC 2047 §8.
        {"(=?ISO-8859-1?Q?a?=)", "(a)"},
        {"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
        {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
        {"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
        {"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
        {"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
        {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
         "    =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
         "If you can read this you understand the example."},
        {"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"},
        {"=?iso-8859-1?q?caf=E9?=", "caf\xc3\xa9"},
        {"=?utf-8*de?q?=C3=BC?=", "\xc3\xbc"},
        {"=?utf-8?b?w7w?=", "\xc3\xbc"},
        {"=?utf-8?q?ends=20?= x", "ends  x"},
        {"=?utf-8?q?a_?=", "a "},
        {"=?utf-8?q?with space?=", "with space"},
        // A character in two words.
        {"=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "\xc3\xbc"},
        {"=?utf-8?b?4oI=?= =?UTF-8?q?=AC?=", "\xe2\x82\xac"},
        {"x=?utf-8?q?a?=y", "xay"},
        {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
        {"=?utf-8?q?a", "=?utf-8?q?a"},
        {"=?utf-8?q?a?", "=?utf-8?q?a?"},
        {"=?"
         "?q?a?=",
         "=?"
         "?q?a?="},
        {"=?=?utf-8?q?a?=", "=?a"},
        {"=?utf-8?q?"
         "?=",
         ""},
        {"\xfc", "\xef\xbf\xbd"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(decode_encoded_words(c.value, all_charsets()), c.decoded) << c.value;
}

TEST(EncodedWord, IsLookedForInOnePass) {
    std::string many;
    for (int i = 0; i < 200'000; ++i) many += "=?a?q?";
    EXPECT_EQ(decode_encoded_words(many, all_charsets()), many);
}

std::string parameters_of(std::string_view text) {
    std::vector<Parameter> parameters;
    EXPECT_TRUE(parse_parameters(text, kParametersMax, parameters));
    std::string out;
    for (const Parameter& p : parameters) out += p.name + '=' + p.value + '\n';
    return out;
}

TEST(Parameters, AreRead) {
    const struct {
        std::string_view text, expected;
    } cases[] = {
        {"", ""},
        {";", ""},
        {"; charset=us-ascii (Plain text)", "charset=us-ascii\n"},
        {"; charset=\"us-ascii\"", "charset=us-ascii\n"},
        {" ; A = b;c=\"d;e\\\"f\" ; g", "a=b\nc=d;e\"f\n"},
        {"; name=two words.pdf; x=y", "name=two words.pdf\nx=y\n"},
        {"; name=a/b?c", "name=a/b?c\n"},
        {"; a=1; a=2", "a=1\n"},
        {"; a=;b=c", "a=\nb=c\n"},
        {"; =x; b=c", "b=c\n"},
        {";;; b=c", "b=c\n"},
        {"; b=\"open; c=d", "b=open; c=d\n"},
        // RFC 2231 §3, §4, §4.1.
        {"; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub\"",
         "access-type=URL\nurl=ftp://cs.utk.edu/pub\n"},
        {"; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
         "title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A\n"},
        {"; title*0*=us-ascii'en'This%20is%20even%20more%20\n"
         "; title*1*=%2A%2A%2Afun%2A%2A%2A%20\n; title*2=\"isn't it!\"",
         "title*=us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!\n"},
        {"; x*2=c; x*0=a; x*1=b", "x=abc\n"},
        {"; x*0=a; x*2=c", "x=a\n"},
        {"; x*1=b", ""},
        {"; x*0=a; x*0=b; x*1=c", "x=ac\n"},
        {"; x*0=a; x=b; x*=c", "x=a\nx*=c\n"},
        {"; x=b; y=1; x*=utf-8''c", "x=b\ny=1\nx*=utf-8''c\n"},
        {"; x*01=a", "x*01=a\n"},
        {"; x*99999=a", "x*99999=a\n"},
        {"; *=a; *0=b", "*=a\n*0=b\n"},
        {"; x*0=a; x*1*=%62", "x*=''a%62\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(parameters_of(c.text), c.expected) << c.text;
}

TEST(Parameters, AreShownToPeople) {
    auto text = [](std::string_view parameters) {
        std::vector<Parameter> list;
        parse_parameters(parameters, kParametersMax, list);
        return parameter_text(list, "name", all_charsets());
    };
    EXPECT_EQ(text("; name=a"), "a");
    EXPECT_EQ(text("; name=\"=?iso-8859-1?q?=FC?=\""), "\xc3\xbc");
    EXPECT_EQ(text("; name=fallback; name*=iso-8859-1'de'%FC%zz%4"), "\xc3\xbc%zz%4");
    EXPECT_EQ(text("; name*0*=utf-8''%c3; name*1*=%bc; name*2=.txt"), "\xc3\xbc.txt");
    EXPECT_EQ(text("; name*=%41"), "A") << "without a charset";
    EXPECT_EQ(text("; other=a"), "");
}

TEST(Parameters, AreLimited) {
    std::string sections;
    for (size_t i = 0; i <= kParametersMax; ++i) sections += ";x*" + std::to_string(i) + "=y";
    std::vector<Parameter> parameters;
    EXPECT_FALSE(parse_parameters(sections, kParametersMax, parameters));
    ASSERT_EQ(parameters.size(), 1u);
    EXPECT_EQ(parameters.front().value.size(), kParametersMax);
}

}  // namespace
}  // namespace gatepost::dataplane

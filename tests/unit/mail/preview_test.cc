#include "dataplane/mail/preview.h"

#include <gtest/gtest.h>

#include "dataplane/mail/mail_limits.h"
#include "tests/unit/mail/read_message.h"

namespace gatepost::dataplane {
namespace {

TEST(Preview, OfHtmlIsItsText) {
    const struct {
        std::string_view html, text;
    } cases[] = {
        {"plain", "plain"},
        {"<p>one</p><p>two<b>three</b></p>", "one twothree"},
        {"<!DOCTYPE html><html><head><title>t</title><style>p{}</style></head><body>x", "x"},
        {"a<!-- > b -->c", "ac"},
        {"a<script>if (a < b) x</SCRIPT>b", "a b"},
        {"a<style>b", "a"},
        {"1 < 2 &amp;&lt; 3", "1 < 2 &< 3"},
        {"&#8364;&#x20AC;&nbsp;&uuml;&Auml;&unknown;&",
         "\xe2\x82\xac\xe2\x82\xac \xc3\xbc\xc3\x84&unknown;&"},
        {"&#xd800;&#0;&#99999999;", "\xef\xbf\xbd&#0;&#99999999;"},
        {"a<br/>b<a href='x'>c</a>", "a bc"},
        {"a<b", "a"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(collapse_spaces(html_text(c.html), 100), c.text) << c.html;
}

TEST(Preview, HasSingleSpaces) {
    EXPECT_EQ(collapse_spaces(" \r\n a \t\x01 b\xc2\xa0 ", 100), "a b");
    EXPECT_EQ(collapse_spaces("\xc3\xa4\xc3\xb6\xc3\xbc", 2), "\xc3\xa4\xc3\xb6");
    EXPECT_EQ(collapse_spaces("ab cd", 3), "ab");
    EXPECT_EQ(collapse_spaces("ab cd", 4), "ab c");
    EXPECT_EQ(collapse_spaces("", 10), "");
}

std::string preview_of(std::string_view message) {
    return read_message(crlf(message)).summary.preview;
}

TEST(Preview, OfAMessage) {
    EXPECT_EQ(preview_of("Content-Type: text/plain; charset=iso-8859-1\n"
                         "Content-Transfer-Encoding: quoted-printable\n\nGr=FC=DF=\ne  \n"),
              "Gr\xc3\xbc\xc3\x9f"
              "e");
    EXPECT_EQ(preview_of("Content-Type: text/html; charset=utf-8\n"
                         "Content-Transfer-Encoding: base64\n\nPHA+w7w8L3A+\n"),
              "\xc3\xbc");
    EXPECT_EQ(
        preview_of("Content-Type: multipart/x; boundary=b\n\n--b\n"
                   "Content-Disposition: attachment\n\nattached\n--b\n"
                   "Content-Type: image/png\n\npng\n--b\n\n \n\n--b\n\nfirst text\n--b\n\nsecond"),
        "first text");
    EXPECT_EQ(preview_of("A: b\n\n" + std::string(1000, 'x')).size(), kPreviewCharactersMax);
    EXPECT_EQ(preview_of("Content-Type: text/html\n\n<p>" +
                         std::string(kPreviewHtmlOctetsMax, ' ') + "x"),
              "");
}

}  // namespace
}  // namespace gatepost::dataplane

#include "dataplane/pop3/header_downgrade.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/mail_limits.h"

namespace gatepost::tests {

namespace {

using dataplane::HeaderDowngrade;

const dataplane::Charsets kCharsets;

std::string downgraded(std::string_view message, size_t piece = SIZE_MAX) {
    HeaderDowngrade downgrade(kCharsets);
    std::string out;
    const auto add = [&out](Bytes octets) {
        out.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    };
    for (size_t at = 0; at < message.size();) {
        const size_t size = std::min(piece, message.size() - at);
        add(downgrade.take({reinterpret_cast<const uint8_t*>(message.data()) + at, size}));
        at += size;
    }
    add(downgrade.finish());
    return out;
}

struct Case {
    std::string_view field;
    std::string_view ascii;
};

TEST(HeaderDowngrade, LeavesAsciiAndTheBodyAsTheyAre) {
    for (std::string_view message :
         {"", "\r\n", "Subject: x\r\n y\r\nX: z\r\n\r\ngr\xc3\xbc\xc3\x9f\x65\r\n",
          "a: b\nc: d\n\n\xff", "Subject: no end", "no field\r\n more\r\n\r\n",
          " blank first\r\na: b\r\n\r\n"})
        for (const size_t piece : {size_t{1}, size_t{3}, SIZE_MAX})
            EXPECT_EQ(downgraded(message, piece), message);
}

TEST(HeaderDowngrade, WritesFieldsInAscii) {
    const Case cases[] = {
        {"Subject: Gr\xc3\xbc\xc3\x9f\x65\r\n", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"},
        {"X-Note: =?utf-8?Q?a=C3=BC?= \xc3\xbc\r\n", "X-Note: =?utf-8?B?YcO8IMO8?=\r\n"},
        {"From: J\xc3\xb6rg <joerg@example.org>, \"A, B\" <a@example.org>, c@example.org\r\n",
         "From: =?utf-8?B?SsO2cmc=?= <joerg@example.org>, \"A, B\" <a@example.org>,\r\n"
         " c@example.org\r\n"},
        // What an encoded word brings begins no line.
        {"From: =?utf-8?Q?x=0D=0ASubject=3A_forged=0D=0A=0D=0A?= <a@example.org>, "
         "\xc3\xbc <b@example.org>\r\n",
         "From: \"x  Subject: forged    \" <a@example.org>, =?utf-8?B?w7w=?=\r\n"
         " <b@example.org>\r\n"},
        // RFC 6858 §2
        {"To: J\xc3\xb6rg <j\xc3\xb6rg@example.org>, a@example.org\r\n",
         "To: =?utf-8?B?SsO2cmcgPGrDtnJnQGV4YW1wbGUub3JnPg==?=:;, a@example.org\r\n"},
        {"Cc: Wir\xc3\xa4: a@example.org, \xc3\xbc@example.org;, b@example.org\r\n",
         "Cc: =?utf-8?B?V2lyw6Q=?=: a@example.org, =?utf-8?B?w7xAZXhhbXBsZS5vcmc=?=;,\r\n"
         " b@example.org\r\n"},
        {"Reply-To: undisclosed:;, \xc3\xbc <a@example.org>\r\n",
         "Reply-To: \"undisclosed\":;, =?utf-8?B?w7w=?= <a@example.org>\r\n"},
        {"Content-Type: text/plain; name=\"\xc3\xbc.txt\"; charset=utf-8\r\n",
         "Content-Type: text/plain;\r\n name*=utf-8''%C3%BC.txt;\r\n charset=\"utf-8\"\r\n"},
        {"Message-ID: <\xc3\xbc@example.org>\r\n",
         "Downgraded-Message-ID: =?utf-8?B?PMO8QGV4YW1wbGUub3JnPg==?=\r\n"},
        {"no field \xc3\xbc\r\n", "no field ??\r\n"},
    };
    for (const Case& c : cases)
        for (const size_t piece : {size_t{1}, size_t{7}, SIZE_MAX})
            EXPECT_EQ(downgraded("A: b\r\n" + std::string(c.field) + "Z: y\r\n\r\n\xc3\xbc", piece),
                      "A: b\r\n" + std::string(c.ascii) + "Z: y\r\n\r\n\xc3\xbc");
}

TEST(HeaderDowngrade, FoldsAndCutsBetweenCharacters) {
    std::string subject = "Subject: ";
    for (int i = 0; i < 100; ++i) subject += "\xe2\x82\xac";
    const std::string out = downgraded(subject + "\r\n\r\n");
    for (size_t at = 0, end = 0; at < out.size(); at = end + 2) {
        end = out.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 76U);
    }
    const dataplane::Charsets charsets;
    EXPECT_EQ(out.find("77+9"), std::string::npos) << "no character was cut in two";
}

// RFC 6857 §3.1.3, §3.2.2, §3.2.4
TEST(HeaderDowngrade, EncodesComments) {
    const Case cases[] = {
        {"Date: Mon, 1 Jan 2024 00:00:00 +0100 (M\xc3\xa4rz)\r\n",
         "Date: Mon, 1 Jan 2024 00:00:00 +0100 (=?utf-8?B?TcOkcno=?=)\r\n"},
        {"MIME-Version: 1.0 (\xc3\xbc)\r\n", "MIME-Version: 1.0 (=?utf-8?B?w7w=?=)\r\n"},
        {"Received: from \"\xc3\xbc\" (a)\r\n by x (\xc3\xbc) for <\xc3\xbc@example.org>; Mon\r\n",
         "Received: from \"??\" (a)\r\n by x (=?utf-8?B?w7w=?=) for <??@example.org>; Mon\r\n"},
        {"References: <a@b> (\xc3\xbc)\r\n", "References: <a@b> (=?utf-8?B?w7w=?=)\r\n"},
        {"References: <\xc3\xbc@b> (x)\r\n",
         "Downgraded-References: =?utf-8?B?PMO8QGI+ICh4KQ==?=\r\n"},
        {"From: J\xc3\xb6rg (B\xc3\xbcro) <joerg@example.org>\r\n",
         "From: =?utf-8?B?SsO2cmc=?= <joerg@example.org> (=?utf-8?B?QsO8cm8=?=)\r\n"},
        {"From: joerg@example.org (J\xc3\xb6rg)\r\n",
         "From: =?utf-8?B?SsO2cmc=?= <joerg@example.org>\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
}

// RFC 6857 §3.1.10
TEST(HeaderDowngrade, KeepsWholeWhatIsNoListOfAddresses) {
    const Case cases[] = {
        {"Cc: \xc3\xa4 <a@b> c, d\r\n", "Downgraded-Cc: =?utf-8?B?w6QgPGFAYj4gYywgZA==?=\r\n"},
        {"From: \xc3\xa4 [x]\r\n", "Downgraded-From: =?utf-8?B?w6QgW3hd?=\r\n"},
        {"From: \xc3\xa4 [x] <\xc3\xa4@b>\r\n",
         "Downgraded-From: =?utf-8?B?w6QgW3hdIDzDpEBiPg==?=\r\n"},
        {"To: \xc3\xa4 b@c\r\n", "Downgraded-To: =?utf-8?B?w6QgYkBj?=\r\n"},
        {"Cc: (\xc3\xa4)\r\n", "Downgraded-Cc: =?utf-8?B?KMOkKQ==?=\r\n"},
        {"To: @x:\xc3\xa4@c\r\n", "Downgraded-To: =?utf-8?B?QHg6w6RAYw==?=\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
}

// RFC 5322 §3.6: whoever a message is from is in a field of that name.
TEST(HeaderDowngrade, KeepsAnAuthorOfWhatIsNotUnderstoodAsAWhole) {
    const Case cases[] = {
        {"From: M\xc3\xbcller [Extern] <a@b.de>\r\n",
         "From: =?utf-8?B?TcO8bGxlciBbRXh0ZXJuXQ==?= <a@b.de>\r\n"
         "Downgraded-From: =?utf-8?B?TcO8bGxlciBbRXh0ZXJuXSA8YUBiLmRlPg==?=\r\n"},
        {"From: info@m\xc3\xbcller.de <info@x.de>\r\n",
         "From: =?utf-8?B?aW5mb0Btw7xsbGVyLmRl?= <info@x.de>\r\n"
         "Downgraded-From: =?utf-8?B?aW5mb0Btw7xsbGVyLmRlIDxpbmZvQHguZGU+?=\r\n"},
        {"FROM: J\xc3\xb6rg <a@b.de> via Liste\r\n",
         "FROM: =?utf-8?B?SsO2cmc=?= <a@b.de>\r\n"
         "Downgraded-FROM: =?utf-8?B?SsO2cmcgPGFAYi5kZT4gdmlhIExpc3Rl?=\r\n"},
        {"Sender: \xc3\xa4 <a@b> c, d\r\n",
         "Sender: =?utf-8?B?w6Q=?= <a@b>\r\n"
         "Downgraded-Sender: =?utf-8?B?w6QgPGFAYj4gYywgZA==?=\r\n"},
        // Not in brackets.
        {"From: a@b.de \xc3\xbc\r\n",
         "From: a@b.de\r\nDowngraded-From: =?utf-8?B?YUBiLmRlIMO8?=\r\n"},
        // Brackets in a string and in a comment are none.
        {"From: \"\xc3\xbc <c@d>\" [x] (<e@f>) <a@b>, <\xc3\xbc@b>\r\n",
         "From: =?utf-8?B?w7wgPGNAZD4gW3hd?= <a@b>\r\n"
         "Downgraded-From:\r\n =?utf-8?B?IsO8IDxjQGQ+IiBbeF0gKDxlQGY+KSA8YUBiPiwgPMO8QGI+?=\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
}

TEST(HeaderDowngrade, LosesNoAddress) {
    std::string addresses = "\xc3\xbc <a@b>";
    for (size_t i = 1; i < dataplane::kFieldAddressesMax; ++i) addresses += ", a@b";
    EXPECT_TRUE(downgraded("To: " + addresses + "\r\n").starts_with("To: =?utf-8?B?w7w=?= <a@b>"));
    const std::string out = downgraded("To: " + addresses + ", last@b\r\n");
    const std::string_view name = "Downgraded-To:";
    ASSERT_TRUE(out.starts_with(name));
    EXPECT_EQ(dataplane::decode_encoded_words(out.substr(name.size()), kCharsets),
              addresses + ", last@b");
}

TEST(HeaderDowngrade, LeavesParametersApart) {
    std::string many = "Content-Type: multipart/mixed; boundary=\"x\"";
    for (size_t i = 0; i < dataplane::kParametersMax; ++i) many += fmt::format("; p{}=1", i);
    const Case cases[] = {
        {"Content-Type: text/plain; name*=\"a; charset=x\"; b=\"\xc3\xbc\"\r\n",
         "Content-Type: text/plain;\r\n name*=\"a; charset=x\";\r\n b*=utf-8''%C3%BC\r\n"},
        {"Content-Type: text/plain; name*=utf-8''%C3%BC\xc3\xbc\r\n",
         "Content-Type: text/plain;\r\n name*=utf-8''%C3%BC%C3%BC\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
    EXPECT_EQ(downgraded(many + "; q=\xc3\xbc\r\n"), many + "; q=??\r\n");
}

// RFC 2231 §4: one parameter of a name, whichever comes first.
TEST(HeaderDowngrade, GivesNoParameterTwice) {
    const Case cases[] = {
        {"Content-Disposition: attachment; filename=\"b\xc3\xb6se.exe\"; "
         "filename*=utf-8''gut.pdf\r\n",
         "Content-Disposition: attachment;\r\n filename=\"b??se.exe\";\r\n"
         " filename*=utf-8''gut.pdf\r\n"},
        {"Content-Disposition: attachment; filename*=utf-8''gut.pdf; "
         "filename=\"b\xc3\xb6se.exe\"\r\n",
         "Content-Disposition: attachment;\r\n filename*=utf-8''gut.pdf;\r\n"
         " filename=\"b??se.exe\"\r\n"},
        {"Content-Disposition: attachment; filename=\"\xc3\xb6\"; filename*0=a; "
         "filename*1*=%C3%BC\r\n",
         "Content-Disposition: attachment;\r\n filename=\"??\";\r\n filename*=''a%C3%BC\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
}

// How the body is to be read stays what it was.
TEST(HeaderDowngrade, KeepsWhatParametersAreApart) {
    const Case cases[] = {
        {"Content-Type: multipart/mixed (\xc3\xbc; x); boundary=b\r\n",
         "Content-Type: multipart/mixed (??; x);\r\n boundary=\"b\"\r\n"},
        {"Content-Type: multipart/mixed (\xc3\xbc \\) \"; x\r\n (;)); boundary=\"b;c\"\r\n",
         "Content-Type: multipart/mixed (?? \\) \"; x (;));\r\n boundary=\"b;c\"\r\n"},
        {"Content-Type: text/plain; charset=utf-8(\xc3\xa9)\r\n",
         "Content-Type: text/plain;\r\n charset=\"utf-8\"\r\n"},
        {"Content-Type: text/plain; (\xc3\xa9; a=b) charset (\xc3\xa9) = (x) utf-8 (\xc3\xa9); "
         "c=d;\r\n",
         "Content-Type: text/plain;\r\n charset=\"utf-8\";\r\n c=\"d\"\r\n"},
        {"Content-Disposition: attachment; filename=\xc3\x9c"
         "bersicht a/b.pdf ;; size=1\r\n",
         "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%9Cbersicht%20a%2Fb.pdf;\r\n"
         " size=\"1\"\r\n"},
        {"Content-Disposition: attachment; filename=\"(\xc3\xbc; \\\"x\"; size=1\r\n",
         "Content-Disposition: attachment;\r\n filename*=utf-8''%28%C3%BC%3B%20%22x;\r\n"
         " size=\"1\"\r\n"},
    };
    for (const Case& c : cases) EXPECT_EQ(downgraded(c.field), c.ascii);
}

TEST(HeaderDowngrade, MasksParametersThatAreNotUnderstood) {
    for (const std::string_view value :
         {" multipart/mixed (@; boundary=b", " multipart/mixed; boundary=b; name=\"@; x=y",
          " multipart/mixed; boundary=b;\r\n\tname=@(1).txt", " multipart/mixed; boundary=b (@",
          " multipart/mixed; boundary=b; (@", " multipart/mixed; boundary=b; @",
          " multipart/mixed; boundary=b; name=\"@\"x", " multipart/mixed; boundary=b; =@",
          " multipart/\"mixed; x\"; boundary=b; name=@", " x; name=C:\\@; boundary=b",
          " x; name=\"@\\\"; boundary=b"}) {
        const std::string field = "Content-Type:" + std::string(value) + "\r\n";
        const auto with = [&field](std::string_view text) {
            return std::string(field).replace(field.find('@'), 1, text);
        };
        EXPECT_EQ(downgraded(with("\xc3\xbc")), with("??"));
    }
}

size_t longest_line(std::string_view text) {
    size_t longest = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = text.find("\r\n", at);
        longest = std::max(longest, end - at);
        at = end + 2;
    }
    return longest;
}

// RFC 5322 §2.1.1: 998 octets.
TEST(HeaderDowngrade, MakesNoLineTooLong) {
    const auto repeated = [](std::string_view text, size_t times) {
        std::string out;
        for (size_t i = 0; i < times; ++i) out += text;
        return out;
    };
    const std::string umlauts = repeated("\xc3\xbc", 150);
    EXPECT_EQ(downgraded("Content-Disposition: x; filename=\"" + umlauts + "\"\r\n"),
              "Content-Disposition: x;\r\n filename*=utf-8''" + repeated("%C3%BC", 150) + "\r\n");
    const std::string folded = "\r\n " + umlauts + "\r\n " + umlauts;
    EXPECT_EQ(downgraded("Content-Disposition: x; filename=\"" + folded + "\"\r\n"),
              "Content-Disposition: x; filename=\"\r\n " + std::string(300, '?') + "\r\n " +
                  std::string(300, '?') + "\"\r\n");
    const std::string words = repeated("word word word\r\n ", 1000);
    const std::string comment = "(\xc3\xbc)\r\n ";
    for (const std::string& field :
         {"Content-Type: text/plain; a=\"" + words + "\"; b=\"\xc3\xbc\"\r\n",
          "From: \"" + words + "\" <a@b>, \xc3\xbc <c@d>\r\n",
          "To: \"" + words + "\": a@b;, \xc3\xbc <c@d>\r\n",
          "From: \xc3\xbc [x] \"" + words + "\" <a@b>\r\n",
          "To: \xc3\xbc <a@" + repeated("b.\r\n ", 1000) + "c>\r\n",
          "From: \xc3\xbc [] <a@" + repeated("b.\r\n ", 1000) + "c>\r\n",
          "Date: " + std::string(950, 'x') + "\r\n " + comment + std::string(990, 'x') + "\r\n",
          "References: " + repeated("<a@b>\r\n " + comment, 1000) + "<a@b>\r\n",
          "Subject: " + words + "\xc3\xbc\r\n"}) {
        ASSERT_LE(longest_line(field), 998U);
        const std::string out = downgraded(field);
        EXPECT_LE(longest_line(out), 998U) << field.substr(0, 40);
        EXPECT_TRUE(out.starts_with(field.substr(0, field.find(':') + 1)) ||
                    out.starts_with("Downgraded-" + field.substr(0, field.find(':') + 1)))
            << out.substr(0, 40);
    }
}

// What is held of a field is bounded, and what comes out is ASCII all the same.
TEST(HeaderDowngrade, FieldsThatAreTooLong) {
    std::string message = "Subject: ";
    for (size_t i = 0; i < dataplane::kFieldOctetsMax; ++i) message += "\xc3\xbc";
    message += "\r\n \xc3\xbc\r\nA: \xc3\xbc\r\n\r\n";
    const std::string out = downgraded(message, 4096);
    EXPECT_TRUE(std::ranges::none_of(out, [](char c) { return (c & 0x80) != 0; }));
    EXPECT_TRUE(out.ends_with("\r\nA: =?utf-8?B?w7w=?=\r\n\r\n"));
}

// Where a piece of it begins, no field begins, nor does the body.
TEST(HeaderDowngrade, FieldsThatAreTooLongForgeNothing) {
    const std::string rest(dataplane::kFieldOctetsMax - 20, 'x');
    for (std::string_view end : {"\r\n\r\n\xc3\xbc", "\n\n\xc3\xbc", "\r\nTo: a\r\n\r\n\xc3\xbc"}) {
        for (size_t more = 0; more < 40; ++more) {
            const std::string field = "Subject: ?" + rest + std::string(more, 'y') + "From: forged";
            std::string message = field + std::string(end);
            EXPECT_EQ(downgraded(message, 4097), message);
            message[9] = '\xc3';
            const std::string out = downgraded(message, 1000);
            EXPECT_EQ(downgraded(message), out);
            EXPECT_TRUE(out.ends_with(end));
            const bool is_too_long = out.starts_with(field);
            EXPECT_EQ(is_too_long, out.size() == message.size());
            EXPECT_EQ(is_too_long, field.size() + end.find('\n') + 1 > dataplane::kFieldOctetsMax);
        }
    }
}

TEST(HeaderDowngrade, TheNextFieldIsNotPartOfOneThatIsNearlyTooLong) {
    const std::string field = "A: " + std::string(dataplane::kFieldOctetsMax - 10, 'x') + "\r\n";
    for (const size_t piece : {size_t{1000}, SIZE_MAX})
        EXPECT_EQ(downgraded(field + "Subject: \xc3\xbc\r\n\r\n", piece),
                  field + "Subject: =?utf-8?B?w7w=?=\r\n\r\n");
}

}  // namespace

}  // namespace gatepost::tests

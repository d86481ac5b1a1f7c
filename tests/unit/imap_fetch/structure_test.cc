// ENVELOPE, BODY and BODYSTRUCTURE of messages (RFC 9051 §7.5.2), expected text by text.
#include <gtest/gtest.h>

#include "dataplane/mail/summary_codec.h"
#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

std::string envelope(std::string_view header, const Fetching& how = {}) {
    return fetch_text("ENVELOPE", crlf(header) + "\r\n", how).substr(sizeof "ENVELOPE");
}

std::string structure(std::string_view message, const Fetching& how = {}) {
    return fetch_text("BODYSTRUCTURE", crlf(message), how).substr(sizeof "BODYSTRUCTURE");
}

std::string body(std::string_view message) {
    return fetch_text("BODY", crlf(message)).substr(sizeof "BODY");
}

TEST(EnvelopeText, OfTheExampleOfRfc9051) {
    EXPECT_EQ(fetch_text("ENVELOPE", kPlainMessage),
              "ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
              "\"IMAP4rev2 WG mtg summary and minutes\" "
              "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
              "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
              "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
              "((NIL NIL \"imap\" \"cac.washington.edu\")) "
              "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
              "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
              "\"<B27397-0100000@cac.washington.edu>\")");
}

TEST(EnvelopeText, OfNoFields) {
    EXPECT_EQ(envelope("X-Other: 1\n"), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope("Subject:\nDate: \nFrom:\nIn-Reply-To:\n"),
              "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" NIL)");
}

TEST(EnvelopeText, SenderAndReplyToOfTheirOwn) {
    EXPECT_EQ(envelope("From: a@x\nSender: b@x\nReply-To: c@x, d@x\nBcc: e@x\n"
                       "In-Reply-To: <1@x>\n"),
              "(NIL NIL ((NIL NIL \"a\" \"x\")) ((NIL NIL \"b\" \"x\")) "
              "((NIL NIL \"c\" \"x\")(NIL NIL \"d\" \"x\")) NIL NIL "
              "((NIL NIL \"e\" \"x\")) \"<1@x>\" NIL)");
}

TEST(EnvelopeText, Groups) {
    EXPECT_EQ(envelope("To: A Group: Ed Jones <c@a.test>,joe@where.test;, x@y\n"
                       "Cc: Undisclosed recipients:;\n"),
              "(NIL NIL NIL NIL NIL ((NIL NIL \"A Group\" NIL)"
              "(\"Ed Jones\" NIL \"c\" \"a.test\")(NIL NIL \"joe\" \"where.test\")"
              "(NIL NIL NIL NIL)(NIL NIL \"x\" \"y\")) "
              "((NIL NIL \"Undisclosed recipients\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)");
}

TEST(EnvelopeText, AddressesOfOldAndOddForms) {
    EXPECT_EQ(envelope("From: root\nTo: \"Joe \\\"Q\\\" \\\\ Public\" <@a,@b:john.q@c>\n"),
              "(NIL NIL ((NIL NIL \"root\" \"\")) ((NIL NIL \"root\" \"\")) "
              "((NIL NIL \"root\" \"\")) "
              "((\"Joe \\\"Q\\\" \\\\ Public\" \"@a,@b\" \"john.q\" \"c\")) NIL NIL NIL NIL)");
}

TEST(EnvelopeText, EightBitText) {
    const std::string utf8 = "Subject: J\xC3\xB6rg \"x\"\n";
    EXPECT_EQ(envelope(utf8), "(NIL {9}\r\nJ\xC3\xB6rg \"x\" NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope(utf8, {.utf8 = true}),
              "(NIL \"J\xC3\xB6rg \\\"x\\\"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
    // Latin-1: no UTF-8 for anybody.
    EXPECT_EQ(envelope("Subject: J\xF6rg\n", {.utf8 = true}),
              "(NIL {4}\r\nJ\xF6rg NIL NIL NIL NIL NIL NIL NIL NIL)");
    // RFC 2047 words stay as they are.
    EXPECT_EQ(envelope("Subject: =?utf-8?q?J=C3=B6rg?=\n"),
              "(NIL \"=?utf-8?q?J=C3=B6rg?=\" NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(StructureText, OfAPlainMessage) {
    EXPECT_EQ(fetch_text("BODY BODYSTRUCTURE", kPlainMessage),
              "BODY (\"text\" \"plain\" (\"charset\" \"US-ASCII\") NIL NIL \"7bit\" 22 2) "
              "BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"US-ASCII\") NIL NIL \"7bit\" 22 2 "
              "NIL NIL NIL NIL)");
    EXPECT_EQ(body("Subject: x\n\nHi\n"),
              "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 1)");
}

TEST(StructureText, WithAllExtensionData) {
    EXPECT_EQ(structure("Content-Type: IMAGE/GIF; Name=\"a b.gif\"; x=y\n"
                        "Content-Transfer-Encoding: BASE64\nContent-ID: <i@x>\n"
                        "Content-Description: a \"picture\"\nContent-MD5: Q2hlY2s=\n"
                        "Content-Disposition: Attachment; filename=a.gif; size=3\n"
                        "Content-Language: en, de-AT\nContent-Location: http://x/a.gif\n\nAAAA\n"),
              "(\"image\" \"gif\" (\"name\" \"a b.gif\" \"x\" \"y\") \"<i@x>\" "
              "\"a \\\"picture\\\"\" \"base64\" 6 \"Q2hlY2s=\" "
              "(\"attachment\" (\"filename\" \"a.gif\" \"size\" \"3\")) (\"en\" \"de-AT\") "
              "\"http://x/a.gif\")");
    EXPECT_EQ(structure("Content-Disposition: inline\n\n"),
              "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL "
              "(\"inline\" NIL) NIL NIL)");
}

TEST(StructureText, LongParametersOfRfc2231) {
    EXPECT_EQ(structure("Content-Type: application/x; name*0*=utf-8'de'%C3%A4; name*1=\"b c\";\n"
                        " title*0=one; title*1=\" two\"\n\n"),
              "(\"application\" \"x\" (\"name*\" \"utf-8'de'%C3%A4b%20c\" \"title\" \"one two\") "
              "NIL NIL \"7bit\" 0 NIL NIL NIL NIL)");
}

TEST(StructureText, OfNestedParts) {
    const NestedMessage nested = nested_message();
    const std::string inner =
        "((\"text\" \"plain\" NIL NIL NIL \"quoted-printable\" 22 1~)"
        "(\"text\" \"html\" NIL NIL NIL \"base64\" 18 1~) \"alternative\"";
    const auto with = [](std::string text, std::string_view extension) {
        for (size_t at = 0; (at = text.find('~', at)) != std::string::npos;)
            text.replace(at, 1, extension);
        return text;
    };
    const std::string envelope_text =
        "(NIL \"inner\" ((\"Carol\" NIL \"carol\" \"example.com\")) "
        "((\"Carol\" NIL \"carol\" \"example.com\")) "
        "((\"Carol\" NIL \"carol\" \"example.com\")) NIL NIL NIL NIL NIL)";
    const std::string text =
        "(\"text\" \"plain\" (\"charset\" \"utf-8\") \"<1@x>\" NIL \"7bit\" 23 1";
    const std::string message = "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" " +
                                std::to_string(nested.message().size()) + " " + envelope_text + " ";
    const std::string image = "(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 8";
    const size_t lines = 17;
    EXPECT_EQ(fetch_text("BODY", nested.whole()),
              "BODY (" + text + ")" + message + with(inner, "") + ") " + std::to_string(lines) +
                  ")" + image + ") \"mixed\")");
    EXPECT_EQ(fetch_text("BODYSTRUCTURE", nested.whole()),
              "BODYSTRUCTURE (" + text + " NIL NIL NIL NIL)" + message +
                  with(inner, " NIL NIL NIL NIL") + " (\"boundary\" \"inner\") NIL NIL NIL) " +
                  std::to_string(lines) + " NIL NIL NIL NIL)" + image +
                  " NIL (\"attachment\" (\"filename*\" \"utf-8''%C3%A4.png\")) NIL NIL) "
                  "\"mixed\" (\"boundary\" \"outer\") NIL NIL NIL)");
}

TEST(StructureText, OfPartsThatAreEmptyOrNotThere) {
    const std::string empty =
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)";
    EXPECT_EQ(body("Content-Type: multipart/mixed; boundary=b\n\nno boundary\n"),
              "(" + empty + " \"mixed\")");
    EXPECT_EQ(structure("Content-Type: multipart/mixed; boundary=b\n\nno boundary\n"),
              "(" + empty.substr(0, empty.size() - 1) +
                  " NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)");
    EXPECT_EQ(body("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--\n"),
              "(" + empty + empty + " \"mixed\")");
    EXPECT_EQ(body("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQUJD\n"),
              "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 "
              "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) " +
                  empty + " 1)");
    EXPECT_EQ(body("Content-Type: message/rfc822\n\n"),
              "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 0 "
              "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) " +
                  empty + " 0)");
}

TEST(StructureText, OfADigest) {
    EXPECT_EQ(
        body("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\n1\n"
             "--b\n\nSubject: two\n\n2\n--b--\n"),
        "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 17 "
        "(NIL \"one\" NIL NIL NIL NIL NIL NIL NIL NIL) "
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0) 2)"
        "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 17 "
        "(NIL \"two\" NIL NIL NIL NIL NIL NIL NIL NIL) "
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 1 0) 2) \"digest\")");
}

TEST(StructureText, IsMadeAnewWhereTheSummaryIsOfNoUse) {
    const std::string message = nested_message().whole();
    const std::string wanted = fetch("UID ENVELOPE BODYSTRUCTURE PREVIEW", message).text;
    std::vector<uint8_t> good = encoded_summary_of(message);
    std::vector<uint8_t> other_version = good;
    ++other_version[0];
    const std::vector<uint8_t> cut(good.begin(), good.begin() + 40);
    const std::vector<uint8_t> of_another = encoded_summary_of(kPlainMessage);
    for (const auto& summary : {other_version, cut, of_another}) {
        const Fetched fetched =
            fetch("UID ENVELOPE BODYSTRUCTURE PREVIEW", message, {.summary = summary});
        EXPECT_EQ(fetched.text, wanted);
        EXPECT_EQ(fetch_text("BODY[2.1]", message, {.summary = summary}),
                  fetch_text("BODY[2.1]", message));
    }
}

TEST(PreviewText, IsAStringOrNilWhereItIsLazy) {
    const std::string message =
        crlf("Content-Type: text/plain; charset=utf-8\n\nJ\xC3\xB6rg  says\n");
    EXPECT_EQ(fetch_text("PREVIEW", message), "PREVIEW {10}\r\nJ\xC3\xB6rg says");
    EXPECT_EQ(fetch_text("PREVIEW (LAZY)", message, {.utf8 = true}),
              "PREVIEW \"J\xC3\xB6rg says\"");
    EXPECT_EQ(fetch_text("PREVIEW (LAZY)", message, {.with_summary = false}), "PREVIEW NIL");
    EXPECT_EQ(fetch_text("PREVIEW", message, {.utf8 = true, .with_summary = false}),
              "PREVIEW \"J\xC3\xB6rg says\"");
    EXPECT_EQ(fetch_text("PREVIEW", "Subject: x\r\n\r\n"), "PREVIEW \"\"");
}

}  // namespace
}  // namespace gatepost::dataplane

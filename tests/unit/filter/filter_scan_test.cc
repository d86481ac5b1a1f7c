// Where patterns are found, and where not.
#include <gtest/gtest.h>

#include "dataplane/filter/filter_scan.h"
#include "tests/unit/filter/filter_support.h"

namespace gatepost::test {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kScanned =
    "From: Ada <ada@example.org>\r\n"
    "To: bob@example.net\r\n"
    "Cc: Carol <carol@example.net>\r\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from\r\n\tthe casino\r\n"
    "List-Id: <news.example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Sehr sch=F6ne G=E4ste\r\n"
    "buy the\r\n"
    "cheap wat=\r\n"
    "ches now\r\n"
    "--b\r\n"
    "Content-Type: application/octet-stream; name=\"invoice.exe\"\r\n"
    "Content-Disposition: attachment; filename=\"invoice.exe\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "X-Part: inner\r\n"
    "\r\n"
    "aGlkZGVuIHRleHQ=\r\n"
    "--b--\r\n";

// Each piece size gives what the message as a whole gives.
Names matches(std::vector<controlplane::FilterRuleRow> rules, std::string_view message = kScanned) {
    const Names whole = filter_matches(rules, message);
    for (const size_t piece : {1, 2, 3, 7, 64})
        EXPECT_EQ(filter_matches(rules, message, piece), whole) << "pieces of " << piece;
    return whole;
}

Names of(std::string_view field, std::string_view kind, std::string_view pattern) {
    return matches({filter_rule("r", field, kind, pattern)});
}

const Names kFound = {"r"};
const Names kNot = {};

TEST(FilterFields, HeaderFieldsAreUnfoldedAndDecoded) {
    EXPECT_EQ(of("subject", "contains", "Grüße from"), kFound);
    EXPECT_EQ(of("subject", "regex", "^Gr.{2}e from\\s+the casino$"), kFound);
    EXPECT_EQ(of("subject", "contains", "=C3=BC"), kNot);
    EXPECT_EQ(of("raw", "contains", "=C3=BC"), kFound);
}

TEST(FilterFields, AFieldIsFoundByItsNameOnly) {
    EXPECT_EQ(of("from", "contains", "ada@example.org"), kFound);
    EXPECT_EQ(of("subject", "contains", "ada@example.org"), kNot);
    EXPECT_EQ(of("any_header", "contains", "ada@example.org"), kFound);
    EXPECT_EQ(matches({header_rule("r", "LIST-ID", "contains", "news.example")}), kFound);
    EXPECT_EQ(matches({header_rule("r", "List", "contains", "news.example")}), kNot);
}

TEST(FilterFields, ToIsToAndCc) {
    EXPECT_EQ(of("to", "contains", "bob@example.net"), kFound);
    EXPECT_EQ(of("to", "contains", "carol@example.net"), kFound);
    EXPECT_EQ(of("to", "contains", "ada@example.org"), kNot);
}

TEST(FilterFields, OfPartsOnlyAnyHeaderLooksIntoTheHeader) {
    EXPECT_EQ(of("any_header", "equals", "inner"), kFound);
    EXPECT_EQ(matches({header_rule("r", "X-Part", "contains", "inner")}), kNot);
}

TEST(FilterFields, BodiesAreDecodedText) {
    EXPECT_EQ(of("body", "contains", "schöne Gäste"), kFound);
    EXPECT_EQ(of("body", "contains", "watches now"), kFound);
    EXPECT_EQ(of("body", "contains", "sch=F6ne"), kNot);
    EXPECT_EQ(of("body", "contains", "hidden text"), kNot);  // no text
    EXPECT_EQ(of("body", "contains", "the casino"), kNot);   // of the header
    EXPECT_EQ(of("body", "contains", "boundary=b"), kNot);
}

TEST(FilterFields, ASpaceInABodyIsAnyWhiteSpace) {
    EXPECT_EQ(of("body", "contains", "buy the cheap"), kFound);
    EXPECT_EQ(of("body", "contains", "buythe"), kNot);
}

TEST(FilterFields, LinesOfBodiesBeginAndEnd) {
    EXPECT_EQ(of("body", "regex", "^buy the$"), kFound);
    EXPECT_EQ(of("body", "regex", "^the$"), kNot);
}

TEST(FilterFields, RawIsTheMessageAsItWasSent) {
    EXPECT_EQ(of("raw", "contains", "aGlkZGVu"), kFound);
    EXPECT_EQ(of("raw", "contains", "cheap wat=\r\nches"), kFound);
    EXPECT_EQ(of("raw", "regex", "--b--\\s+\\z"), kFound);
}

TEST(FilterFields, AttachmentNames) {
    EXPECT_EQ(of("attachment_name", "regex", "\\.(exe|scr)$"), kFound);
    EXPECT_EQ(of("attachment_name", "equals", "INVOICE.EXE"), kFound);
    EXPECT_EQ(of("attachment_name", "contains", "casino"), kNot);
}

TEST(FilterFields, Envelope) {
    storage::Envelope envelope;
    envelope.reverse_path = "bounce@example.org";
    envelope.helo = "mx.example.org";
    envelope.client = "192.0.2.7";
    envelope.recipients.push_back({.address = "bob@example.net"});
    envelope.recipients.push_back({.address = "eve@example.net"});
    const auto finds = [&](std::string_view field, std::string_view pattern) {
        return filter_verdict({.rules = {filter_rule("r", field, "equals", pattern)}}, kScanned,
                              envelope)
                   .rules == kFound;
    };
    EXPECT_TRUE(finds("envelope_from", "bounce@example.org"));
    EXPECT_TRUE(finds("envelope_to", "eve@example.net"));
    EXPECT_TRUE(finds("helo", "MX.example.org"));
    EXPECT_TRUE(finds("client", "192.0.2.7"));
    EXPECT_FALSE(finds("client", "192.0.2.70"));
    EXPECT_FALSE(finds("envelope_to", "bounce@example.org"));
}

TEST(FilterFields, EnvelopesMayHaveOctetsThatAreNoUtf8) {
    storage::Envelope envelope;
    envelope.helo = "\xff\xfe(\xc3";
    const auto verdict =
        filter_verdict({.rules = {filter_rule("r", "helo", "regex", "\\(")}}, kScanned, envelope);
    EXPECT_EQ(verdict.rules, kFound);
}

TEST(FilterKinds, Case) {
    auto rule = filter_rule("r", "subject", "contains", "CASINO");
    EXPECT_EQ(matches({rule}), kFound);
    rule.case_sensitive = true;
    EXPECT_EQ(matches({rule}), kNot);
    EXPECT_EQ(of("subject", "contains", "GRÜ"), kFound);
}

TEST(FilterKinds, EqualsIsTheWholeValue) {
    EXPECT_EQ(matches({header_rule("r", "List-Id", "equals", "<news.example.org>")}), kFound);
    EXPECT_EQ(matches({header_rule("r", "List-Id", "equals", "<news.example.org")}), kNot);
}

TEST(FilterKinds, TextIsNoExpression) {
    constexpr std::string_view message = "Subject: a.b*c \\E[x]\r\n\r\n";
    EXPECT_EQ(matches({filter_rule("r", "subject", "contains", ".b*c \\E[x]")}, message), kFound);
    EXPECT_EQ(matches({filter_rule("r", "subject", "contains", "a.b.c")}, message), kNot);
}

TEST(FilterStreams, NoPatternGoesFromOnePartIntoTheNext) {
    constexpr std::string_view message =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\nfirst half\r\n--b\r\n\r\nsecond half\r\n--b--\r\n";
    EXPECT_EQ(matches({filter_rule("r", "body", "contains", "halfsecond")}, message), kNot);
    EXPECT_EQ(matches({filter_rule("r", "body", "regex", "^second")}, message), kFound);
}

TEST(FilterStreams, LongLinesOfManyOctetCharacters) {
    std::string message = "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) message += "€";
    message += "needle";
    EXPECT_EQ(matches({filter_rule("r", "body", "contains", "€€needle")}, message), kFound);
    EXPECT_EQ(matches({filter_rule("r", "body", "contains", "\xef\xbf\xbd")}, message), kNot);
}

TEST(FilterStreams, Charsets) {
    const auto found = [](std::string_view charset, std::string_view text) {
        const std::string message = "Content-Type: text/plain; charset=" + std::string(charset) +
                                    "\r\n\r\nein " + std::string(text) + " Wort\r\n";
        return matches({filter_rule("r", "body", "contains", "ein schöner Tag Wort")}, message) ==
               kFound;
    };
    EXPECT_TRUE(found("UTF-8", "sch\xc3\xb6ner Tag"));
    EXPECT_TRUE(found("ISO-8859-1", "sch\xf6ner Tag"));
    EXPECT_TRUE(found("windows-1252", "sch\xf6ner Tag"));
    EXPECT_FALSE(found("utf-8", "sch\xf6ner Tag"));
    EXPECT_TRUE(found("x-unknown", "sch\xc3\xb6ner Tag"));
}

TEST(FilterStreams, AMessageThatBreaksOffIsNoMatter) {
    FilterRun run(filter_database({.rules = {filter_rule("r", "body", "contains", "x"),
                                             filter_rule("s", "raw", "contains", "x")}}));
    run.feed("Subject: x\r\n\r\nx");
    EXPECT_EQ(run.counters().messages.load(), 0u);
}

TEST(FilterStreams, ARuleThatMatchesOftenIsNamedOnce) {
    std::string message = "Subject: x\r\n\r\n";
    for (int i = 0; i < 1000; ++i) message += "spam spam spam\r\n";
    const auto verdict =
        filter_verdict({.rules = {filter_rule("r", "body", "contains", "spam")}}, message);
    EXPECT_EQ(verdict.rules, kFound);
    EXPECT_EQ(verdict.score, 1);
}

}  // namespace
}  // namespace gatepost::test

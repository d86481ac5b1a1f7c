#include "dataplane/mail/mime_parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/mail/mail_limits.h"
#include "tests/unit/mail/read_message.h"

namespace gatepost::dataplane {
namespace {

using namespace std::string_literals;

TEST(MimeParser, ReadsAPlainMessage) {
    const std::string header = crlf(
        "From: Alice <alice@example.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n und mehr\n"
        "Date: Fri, 21 Nov 1997 09:55:06 -0600\nMessage-ID: <1@example.org>\n\n");
    const std::string body = crlf("Hello,\n\nworld.\n");
    const Read read = read_message(header + body);
    const MessageSummary& summary = read.summary;
    EXPECT_EQ(tree_of(summary), fmt::format("text/plain 7bit {}+{} 3 lines charset=us-ascii\n",
                                            header.size(), body.size()));
    EXPECT_EQ(summary.header_size(), header.size());
    EXPECT_EQ(summary.body_size(), body.size());
    EXPECT_EQ(summary.line_count(), 9u);
    EXPECT_EQ(summary.preview, "Hello, world.");
    EXPECT_FALSE(summary.has_attachments || summary.truncated_header ||
                 summary.truncated_structure);
    const Envelope& envelope = summary.envelopes.front();
    EXPECT_EQ(envelope.subject, "=?utf-8?q?Gr=C3=BC=C3=9Fe?= und mehr");
    EXPECT_EQ(envelope.date, "Fri, 21 Nov 1997 09:55:06 -0600");
    EXPECT_EQ(envelope.message_id, "<1@example.org>");
    EXPECT_EQ(envelope.in_reply_to, std::nullopt);
    ASSERT_EQ(envelope.from.size(), 1u);
    EXPECT_EQ(envelope.from.front(),
              (EnvelopeAddress{AddressKind::mailbox, "Alice", "", "alice", "example.org"}));
    EXPECT_EQ(summary.date->utc_s, 880'127'706);
    EXPECT_EQ(summary.fields.size(), 4u);
    EXPECT_EQ(summary.fields[1].name_hash, field_name_hash("SUBJECT"));
    EXPECT_EQ(read.heard.fields[1], "0 Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n und mehr");
}

struct TreeCase {
    std::string name;
    std::string message;
    std::string tree;
    std::map<uint32_t, std::string> bodies;
};

void PrintTo(const TreeCase& c, std::ostream* out) {
    *out << c.name;
}

class MimeTree : public testing::TestWithParam<TreeCase> {};

TEST_P(MimeTree, IsTheSameInAnyPieces) {
    const TreeCase& c = GetParam();
    const Read read = read_message(c.message);
    EXPECT_EQ(tree_of(read.summary), c.tree);
    EXPECT_EQ(read.heard.bodies, c.bodies);
}

const TreeCase kTrees[] = {
    {"empty", "", "text/plain 7bit 0+0 0 lines charset=us-ascii\n", {}},
    {"empty_line", "\r\n", "text/plain 7bit 2+0 0 lines charset=us-ascii\n", {}},
    {"header_only", "A: b\r\n", "text/plain 7bit 6+0 0 lines charset=us-ascii\n", {}},
    {"header_unfinished", "A: b", "text/plain 7bit 4+0 0 lines charset=us-ascii\n", {}},
    {"name_unfinished", "Abc", "text/plain 7bit 0+3 0 lines charset=us-ascii\n", {{0, "Abc"}}},
    {"cr_unfinished", "A: b\r\n\r", "text/plain 7bit 6+1 0 lines charset=us-ascii\n", {{0, "\r"}}},
    {"no_header",
     "Hello you\r\n",
     "text/plain 7bit 0+11 1 lines charset=us-ascii\n",
     {{0, "Hello you\r\n"}}},
    {"no_empty_line",
     "A: b\r\nHello you\r\n",
     "text/plain 7bit 6+11 1 lines charset=us-ascii\n",
     {{0, "Hello you\r\n"}}},
    {"bare_lf",
     "A: b\nContent-Type: text/x; c=d\n\none\ntwo",
     "text/x 7bit 32+7 1 lines c=d\n",
     {{0, "one\ntwo"}}},
    {"mbox_line",
     "From a Thu Jan  1 1970\nA: b\n\nx",
     "text/plain 7bit 29+1 0 lines charset=us-ascii\n",
     {{0, "x"}}},
    {"bare_cr",
     "A: b\rc\r\n\r\nx\ry\r\r\n",
     "text/plain 7bit 10+6 1 lines charset=us-ascii\n",
     {{0, "x\ry\r\r\n"}}},
    {"multipart",
     crlf("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\n"
          "Content-Type: TEXT/HTML; Charset=\"UTF-8\"\nContent-Transfer-Encoding: 8BIT\n\n"
          "<p>two\n\n--b--\nepilogue\n"),
     "multipart/mixed 7bit 45+131 12 lines boundary=b\n"
     "  text/plain 7bit 62+3 0 lines charset=us-ascii\n"
     "  text/html 8bit 149+8 1 lines charset=UTF-8\n",
     {{1, "one"}, {2, "<p>two\r\n"}}},
    {"bare_lf_multipart",
     "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n--b\n\n--b--",
     "multipart/mixed 7bit 43+20 6 lines boundary=b\n"
     "  text/plain 7bit 48+4 1 lines charset=us-ascii\n"
     "  text/plain 7bit 58+0 0 lines charset=us-ascii\n",
     {{1, "one\n"}}},
    {"no_final_boundary",
     crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n"),
     "multipart/mixed 7bit 45+24 6 lines boundary=b\n"
     "  text/plain 7bit 52+3 0 lines charset=us-ascii\n"
     "  text/plain 7bit 64+5 1 lines charset=us-ascii\n",
     {{1, "one"}, {2, "two\r\n"}}},
    {"no_boundary_parameter",
     crlf("Content-Type: multipart/mixed\n\n--b\n\none\n"),
     "multipart/mixed 7bit 33+12 3 lines\n",
     {{0, crlf("--b\n\none\n")}}},
    {"boundary_never_comes",
     crlf("Content-Type: multipart/mixed; boundary=b\n\n--c\n--\n-"),
     "multipart/mixed 7bit 45+10 2 lines boundary=b\n",
     {}},
    {"nearly_a_boundary",
     crlf(
         "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\n-\n--\n--bb\n--b-\n --b\n--b-- x\n"
         "--b--\t"),
     "multipart/mixed 7bit 45+49 8 lines boundary=b\n"
     "  text/plain 7bit 54+32 5 lines charset=us-ascii\n",
     {{1, crlf("-\n--\n--bb\n--b-\n --b\n--b-- x")}}},
    {"boundary_with_hyphens",
     crlf("Content-Type: multipart/x; boundary=\"b--\"\n\n--b--\n\none\n--b----"),
     "multipart/x 7bit 45+21 3 lines boundary=b--\n"
     "  text/plain 7bit 54+3 0 lines charset=us-ascii\n",
     {{1, "one"}}},
    {"boundary_in_header",
     crlf("Content-Type: multipart/x; boundary=b\n\n--b\nA: b\n--b\n--b--"),
     "multipart/x 7bit 41+21 3 lines boundary=b\n"
     "  text/plain 7bit 52+0 0 lines charset=us-ascii\n"
     "  text/plain 7bit 57+0 0 lines charset=us-ascii\n",
     {}},
    {"outer_boundary_ends_inner",
     crlf("Content-Type: multipart/x; boundary=a\n\n--a\nContent-Type: multipart/y; boundary=b\n\n"
          "--b\n\none\n--a\n\ntwo\n--b\n--a--\n"),
     "multipart/x 7bit 41+82 11 lines boundary=a\n"
     "  multipart/y 7bit 87+10 2 lines boundary=b\n"
     "    text/plain 7bit 94+3 0 lines charset=us-ascii\n"
     "  text/plain 7bit 106+8 1 lines charset=us-ascii\n",
     {{2, "one"}, {3, "two\r\n--b"}}},
    {"same_boundary_twice",
     crlf("Content-Type: multipart/x; boundary=a\n\n--a\nContent-Type: multipart/y; boundary=a\n\n"
          "--a\n\none\n--a--\n--a--\nend"),
     "multipart/x 7bit 41+75 8 lines boundary=a\n"
     "  multipart/y 7bit 87+17 3 lines boundary=a\n"
     "    text/plain 7bit 94+3 0 lines charset=us-ascii\n",
     {{2, "one"}}},
    {"message",
     crlf("Content-Type: message/rfc822\n\nSubject: in\nContent-Type: text/x\n\nbody\n"),
     "message/rfc822 7bit 32+43 4 lines\n"
     "  text/x 7bit 69+6 1 lines\n",
     {{1, "body\r\n"}}},
    {"message_in_base64",
     crlf("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4=\n"),
     "message/rfc822 base64 67+18 1 lines\n",
     {{0, "U3ViamVjdDogaW4=\r\n"}}},
    {"empty_message_in_multipart",
     crlf("Content-Type: multipart/x; boundary=a\n\n--a\nContent-Type: message/rfc822\n--a--"),
     "multipart/x 7bit 41+40 2 lines boundary=a\n"
     "  message/rfc822 7bit 76+0 0 lines\n"
     "    text/plain 7bit 76+0 0 lines charset=us-ascii\n",
     {}},
    {"digest",
     crlf("Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: one\n\nx\n--a\n"
          "Content-Type: text/plain\n\ny\n--a--"),
     "multipart/digest 7bit 46+67 9 lines boundary=a\n"
     "  message/rfc822 7bit 53+17 2 lines\n"
     "    text/plain 7bit 69+1 0 lines charset=us-ascii\n"
     "  text/plain 7bit 105+1 0 lines\n",
     {{2, "x"}, {3, "y"}}},
    {"type_malformed",
     crlf("Content-Type: text\n\nx"),
     "text/plain 7bit 22+1 0 lines charset=us-ascii\n",
     {{0, "x"}}},
    {"type_with_comments",
     crlf("Content-Type: (a) text (b) / (c) x (d); (e) f (g) = (h) \"i\" (j)\n\n"),
     "text/x 7bit 67+0 0 lines f=i\n",
     {}},
    {"nul",
     "A: b\0c\r\n\r\nx\0\r\n\0"s,
     "text/plain 7bit 10+5 1 lines charset=us-ascii\n",
     {{0, "x\0\r\n\0"s}}},
    {"continuation_of_nothing",
     " x\r\nA: b\r\n\r\ny",
     "text/plain 7bit 12+1 0 lines charset=us-ascii\n",
     {{0, "y"}}},
};

INSTANTIATE_TEST_SUITE_P(, MimeTree, testing::ValuesIn(kTrees),
                         [](const auto& test) { return test.param.name; });

TEST(MimeParser, GivesAMessageInAMessageItsEnvelope) {
    const MessageSummary summary =
        read_message(crlf("Subject: out\nContent-Type: message/rfc822\n\n"
                          "Subject: in\nTo: undisclosed-recipients:;\n\nx"))
            .summary;
    ASSERT_EQ(summary.envelopes.size(), 2u);
    EXPECT_EQ(summary.envelopes[0].subject, "out");
    EXPECT_EQ(summary.envelopes[1].subject, "in");
    ASSERT_EQ(summary.envelopes[1].to.size(), 2u);
    EXPECT_EQ(summary.envelopes[1].to[0].kind, AddressKind::group_start);
    EXPECT_EQ(summary.parts[1].envelope, 1u);
    EXPECT_EQ(summary.parts[1].header_offset, summary.parts[0].body_offset());
}

TEST(MimeParser, TakesWhatBodyStructureNeeds) {
    const MessageSummary summary =
        read_message(
            crlf("Content-Type: application/pdf; name*0*=utf-8''%e2%82; name*1*=%ac.pdf\n"
                 "Content-ID: <1@x>\nContent-Description: a\n b\nContent-MD5: Q2hl\n"
                 "Content-Disposition: Attachment (c); filename=\"=?utf-8?q?=C3=BC?=.pdf\"\n"
                 "Content-Language: de, en-GB\nContent-Location: http://x/\n"
                 "Content-Transfer-Encoding: BASE64\nContent-Type: text/plain\n\nAAAA\n"))
            .summary;
    const MessagePart& part = summary.parts.front();
    EXPECT_EQ(part.parameters, (std::vector<Parameter>{{"name*", "utf-8''%e2%82%ac.pdf"}}));
    EXPECT_TRUE(part.is("application", "pdf")) << "the first of two fields counts";
    EXPECT_EQ(part.id, "<1@x>");
    EXPECT_EQ(part.description, "a b");
    EXPECT_EQ(part.md5, "Q2hl");
    EXPECT_EQ(part.disposition, "attachment");
    EXPECT_EQ(part.disposition_parameters,
              (std::vector<Parameter>{{"filename", "=?utf-8?q?=C3=BC?=.pdf"}}));
    EXPECT_EQ(part.languages, (std::vector<std::string>{"de", "en-GB"}));
    EXPECT_EQ(part.location, "http://x/");
    EXPECT_EQ(part.encoding, "base64");
    EXPECT_TRUE(summary.has_attachments);
    EXPECT_EQ(summary.attachment_names, std::vector<std::string>{"\xc3\xbc.pdf"});
    EXPECT_EQ(summary.preview, "");
}

TEST(MimeParser, FindsPartsByTheNumbersOfImap) {
    const MessageSummary summary =
        read_message(
            crlf("Content-Type: multipart/x; boundary=a\n\n--a\n\none\n--a\n"
                 "Content-Type: message/rfc822\n\n"
                 "Content-Type: multipart/x; boundary=b\n\n--b\n\nx\n--b\n\ny\n--b--\n--a\n"
                 "Content-Type: message/rfc822\n\n\nplain\n--a--"))
            .summary;
    auto find = [&](std::vector<uint32_t> numbers) { return find_part(summary, numbers); };
    EXPECT_EQ(find({}), 0u);
    EXPECT_EQ(find({1}), 1u);
    EXPECT_EQ(find({2}), 2u);
    EXPECT_TRUE(summary.parts[2].is_message());
    EXPECT_EQ(find({2, 1}), 4u);
    EXPECT_EQ(find({2, 2}), 5u);
    EXPECT_EQ(find({2, 3}), std::nullopt);
    EXPECT_EQ(find({3}), 6u);
    EXPECT_EQ(find({3, 1}), 7u);
    EXPECT_EQ(find({3, 2}), std::nullopt);
    EXPECT_EQ(find({3, 1, 1}), std::nullopt);
    EXPECT_EQ(find({1, 1}), std::nullopt);
    EXPECT_EQ(find({0}), std::nullopt);
    EXPECT_EQ(find({4}), std::nullopt);
    const MessageSummary plain = read_message("A: b\r\n\r\nx").summary;
    EXPECT_EQ(find_part(plain, std::vector<uint32_t>{1}), 0u);
    EXPECT_EQ(find_part(plain, std::vector<uint32_t>{1, 1}), std::nullopt);
}

}  // namespace
}  // namespace gatepost::dataplane

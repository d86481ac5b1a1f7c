#include "dataplane/imap_syntax/append_parser.h"

#include <gtest/gtest.h>

#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

using Step = AppendParser::Step;

// All that a session would see of the command, in short.
std::string read_append(std::string_view wire, const ParseContext& context = {.logged_in = true}) {
    auto take_line = [&] {
        const size_t end = std::min(wire.find("\r\n"), wire.size());
        const std::string_view line = wire.substr(0, end);
        wire.remove_prefix(std::min(end + 2, wire.size()));
        return line;
    };
    CommandText first(kTextLimitsLoggedIn);
    EXPECT_EQ(first.add_line(take_line()), TextStatus::ok);
    AppendParser parser(std::move(first), context);
    std::string out;
    for (;;) {
        const Step step = parser.next();
        if (step == Step::error) {
            const SyntaxError& error = parser.error();
            return out + error.tag + (error.refused ? " NO" : " BAD");
        }
        if (out.empty() && step != Step::argument_literal) out = shape_of(parser.command());
        if (step == Step::end) return out + " end";
        if (step == Step::argument_literal) {
            EXPECT_EQ(parser.text().begin_literal(), TextStatus::ok);
            const std::string_view octets = wire.substr(0, parser.text().literal_left());
            parser.text().add_literal(octets);
            wire.remove_prefix(octets.size());
            EXPECT_EQ(parser.text().add_line(take_line()), TextStatus::ok);
        } else if (step == Step::url) {
            out += " url(" + parser.part().url + ")";
        } else if (step == Step::message_literal) {
            const AppendPart& part = parser.part();
            EXPECT_TRUE(part.url.empty());
            out += part.binary ? " ~(" : " (";
            out += wire.substr(0, part.literal_octets);
            out += part.synchronizing ? ")" : "+)";
            wire.remove_prefix(std::min<size_t>(part.literal_octets, wire.size()));
            EXPECT_EQ(parser.add_line(take_line()), TextStatus::ok);
        } else {
            const AppendMessage& message = parser.message();
            out += " " + shape_of(message.flags);
            if (message.internal_date_s) out += " " + std::to_string(*message.internal_date_s);
            if (message.utf8) out += " utf8";
            if (message.catenated) out += " catenated";
            out += ".";
        }
    }
}

TEST(AppendParser, ReadsMessages) {
    const struct {
        std::string_view wire;
        std::string_view shape;
    } cases[] = {
        // RFC 9051 §6.3.12
        {"A003 APPEND saved-messages (\\Seen) {5}\r\nhello\r\n",
         "APPEND <saved-messages> (hello) (\\Seen). end"},
        {"a APPEND INBOX {5}\r\nhello\r\n", "APPEND <INBOX> (hello) (). end"},
        {"a append {5}\r\ninbox {5+}\r\nhello\r\n", "APPEND <INBOX> (hello+) (). end"},
        {"a APPEND x (\\Draft $a) \"17-Jul-1996 02:44:25 -0700\" ~{2}\r\nhi\r\n",
         "APPEND <x> ~(hi) (\\Draft $a) 837596665. end"},
        {"a APPEND x () \" 1-Jan-1970 00:00:01 +0000\" {2}\r\nhi\r\n", "APPEND <x> (hi) () 1. end"},
        {"a APPEND x \"1-Jan-1970 01:30:00 +0130\" {2}\r\nhi \r\n", "APPEND <x> (hi) () 0. end"},
        {"a APPEND x {0}\r\n\r\n", "APPEND <x> () (). end"},
        // RFC 3502 §6.3.11
        {"A003 APPEND saved (\\Seen) {1}\r\na () \" 7-Feb-1994 22:43:04 -0800\" {1+}\r\nb {1}\r\nc"
         "\r\n",
         "APPEND <saved> (a) (\\Seen). (b+) () 760689784. (c) (). end"},
        // RFC 6855 §4
        {"a APPEND x UTF8 (~{2}\r\nhi)\r\n", "APPEND <x> ~(hi) () utf8. end"},
        {"a APPEND x UTF8 (~{2+}\r\nhi) {1}\r\na\r\n", "APPEND <x> ~(hi+) () utf8. (a) (). end"},
        // RFC 4469 §4
        {"A003 APPEND Drafts (\\Seen \\Draft) CATENATE (URL \"/Drafts;UIDVALIDITY=3/;uid=2\" "
         "TEXT {3}\r\nabc URL {2}\r\n/x TEXT {1+}\r\ny)\r\n",
         "APPEND <Drafts> url(/Drafts;UIDVALIDITY=3/;uid=2) (abc) url(/x) (y+) "
         "(\\Seen \\Draft) catenated. end"},
        {"a APPEND x CATENATE (TEXT ~{1}\r\nm URL /a) (\\Seen) {1}\r\nb\r\n",
         "APPEND <x> ~(m) url(/a) () catenated. (b) (\\Seen). end"},
        // RFC 8508 §3
        {"A003 REPLACE 4 Drafts (\\Seen \\Draft) {2}\r\nhi\r\n",
         "REPLACE 4 <Drafts> (hi) (\\Seen \\Draft). end"},
        {"a UID REPLACE * x {2}\r\nhi\r\n", "UID REPLACE * <x> (hi) (). end"},
    };
    for (const auto& c : cases) EXPECT_EQ(read_append(c.wire), c.shape) << c.wire;
}

TEST(AppendParser, RefusesWhatIsNone) {
    for (std::string_view wire : {
             "a APPEND",
             "a APPEND x",
             "a APPEND x \"hello\"",
             "a APPEND x hello",
             "a APPEND \"\" {1}",
             "a APPEND &x {1}",
             "a APPEND x{1}",
             "a APPEND x {1} ",
             "a APPEND x (\\Foo) {1}",
             "a APPEND x (\\Seen){1}",
             "a APPEND x \"yesterday\" {1}",
             "a APPEND x \"32-Jan-1970 00:00:00 +0000\" {1}",
             "a APPEND x \"01-Jan-1970 24:00:00 +0000\" {1}",
             "a APPEND x \"01-Jan-1970 00:00:00 +0060\" {1}",
             "a APPEND x \"01-Jan-1970 00:00:00 GMT\" {1}",
             "a APPEND x \"01-Jan-1970 00:00:00 +0000\" () {1}",
             "a APPEND x UTF8 {1}",
             "a APPEND x UTF8 (",
             "a APPEND x ANNOTATION () {1}",
             "a APPEND x CATENATE {1}",
             "a APPEND x CATENATE ()",
             "a APPEND x CATENATE (URL)",
             "a APPEND x CATENATE (URL \"\")",
             "a APPEND x CATENATE (TEXT \"x\")",
             "a APPEND x CATENATE (FOO {1}",
             "a REPLACE x {1}",
             "a REPLACE 1:2 x {1}",
             "a REPLACE 1,2 x {1}",
             "a REPLACE $ x {1}",
             "a REPLACE 0 x {1}",
             "a UID APPEND x {1}",
             "a NOOP {1}",
         })
        EXPECT_TRUE(read_append(wire).ends_with(" BAD")) << wire;
    EXPECT_EQ(read_append("a APPEND x {1}\r\nm)\r\n"), "APPEND <x> (m) ().a BAD");
    EXPECT_EQ(read_append("a APPEND x {1}\r\nm y\r\n"), "APPEND <x> (m) ().a BAD");
    EXPECT_EQ(read_append("a APPEND x UTF8 (~{1}\r\nm\r\n"), "APPEND <x> ~(m)a BAD");
    EXPECT_EQ(read_append("a APPEND x CATENATE (TEXT {1}\r\nm\r\n"), "APPEND <x> (m)a BAD");
    EXPECT_EQ(read_append("a APPEND x {1}\r\nm() {1}\r\nm\r\n"), "APPEND <x> (m) ().a BAD");
    EXPECT_EQ(read_append("a APPEND x CATENATE (TEXT {1}\r\nmURL /x)\r\n"), "APPEND <x> (m)a BAD");
    EXPECT_EQ(read_append("a REPLACE 1 x {1}\r\nm {1}\r\n"), "REPLACE 1 <x> (m) ().a BAD");
    EXPECT_EQ(read_append("a APPEND x {1}\r\nm\r\n", {}), "a BAD");
}

TEST(AppendParser, LeavesTheLiteralOfARefusedCommandAnnounced) {
    AppendParser parser(text_of("a APPEND x (\\Foo) {310+}"), {.logged_in = true});
    EXPECT_EQ(parser.next(), Step::error);
    EXPECT_EQ(parser.next(), Step::error);
    ASSERT_TRUE(parser.text().announced());
    EXPECT_EQ(parser.text().announced()->octets, 310U);
    EXPECT_FALSE(parser.text().announced()->synchronizing);
}

TEST(AppendParser, BoundsMessagesAndParts) {
    std::string wire = "a APPEND x";
    for (size_t i = 0; i < kAppendMessagesMax; ++i) wire += " {1}\r\nm";
    EXPECT_TRUE(read_append(wire + "\r\n").ends_with(" end"));
    EXPECT_TRUE(read_append(wire + " {1}\r\nm\r\n").ends_with("a NO"));
    wire = "a APPEND x CATENATE (";
    for (size_t i = 0; i < kCatenatePartsMax; ++i) wire += "URL {1}\r\nu ";
    EXPECT_TRUE(read_append(wire + ")\r\n").ends_with(" end"));
    EXPECT_TRUE(read_append(wire + "URL /x)\r\n").ends_with("a NO"));
}

}  // namespace
}  // namespace gatepost::dataplane

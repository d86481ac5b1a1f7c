#include "dataplane/imap_syntax/command_parser.h"

#include <gtest/gtest.h>

#include "dataplane/imap_syntax/command_head.h"
#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

using namespace std::literals;

struct Case {
    std::string_view wire;
    std::string_view shape;
};

TEST(CommandParser, ReadsPlainCommands) {
    const Case cases[] = {
        // RFC 9051 §6.1, §6.2, §6.3
        {"abcd CAPABILITY", "CAPABILITY"},
        {"a002 noop", "NOOP"},
        {"A023 LOGOUT ", "LOGOUT"},
        {"a002 STARTTLS", "STARTTLS"},
        {"a001 LOGIN SMITH SESAME", "LOGIN <SMITH> <SESAME>"},
        {"a001 LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man", "LOGIN <FRED FOOBAR> <fat man>"},
        {"a001 LOGIN {11+}\r\nFRED FOOBAR {7+}\r\nfat man\r\n", "LOGIN <FRED FOOBAR> <fat man>"},
        {"a LOGIN \"a\\\"b\\\\\" \"\"", "LOGIN <a\"b\\> <>"},
        {"a LOGIN a]b NIL", "LOGIN <a]b> <NIL>"},
        {"a LOGIN u {0}\r\n", "LOGIN <u> <>"},
        {"a LOGIN \"\xc3\xa9\" \"\xe9\"", "LOGIN <\xc3\xa9> <\xe9>"},
        {"a  LOGIN  u   p  ", "LOGIN <u> <p>"},
        {"C: AUTHENTICATE PLAIN", "AUTHENTICATE <PLAIN>"},
        {"a authenticate plain dGVzdAB0ZXN0AHRlc3Q=", "AUTHENTICATE <plain> <test\0test\0test>"sv},
        {"a AUTHENTICATE EXTERNAL =", "AUTHENTICATE <EXTERNAL> <>"},
        {"t1 ENABLE CONDSTORE X-GOOD-IDEA", "ENABLE CONDSTORE X-GOOD-IDEA"},
        {"t1 ENABLE UTF8=ACCEPT ", "ENABLE UTF8=ACCEPT"},
        {"a NAMESPACE", "NAMESPACE"},
        {"a IDLE", "IDLE"},
        {"a CLOSE", "CLOSE"},
        {"a UNSELECT", "UNSELECT"},
        {"a CHECK", "CHECK"},
        {"a EXPUNGE", "EXPUNGE"},
        {"A003 UID EXPUNGE 3000:3002", "UID EXPUNGE 3000:3002"},
        {"a COPY 2:4 MEETING", "COPY 2:4 <MEETING>"},
        {"a UID MOVE 42:69 foo", "UID MOVE 42:69 <foo>"},
        {"a MOVE $ Trash", "MOVE $ <Trash>"},
        {"a COMPRESS DEFLATE", "COMPRESS <DEFLATE>"},
        {"a UNAUTHENTICATE", "UNAUTHENTICATE"},
        // RFC 2971 §3.1, §3.2
        {"a023 ID (\"name\" \"sodr\" \"version\" \"19.34\" \"vendor\" NIL)",
         "ID name=sodr version=19.34 vendor="},
        {"a042 ID NIL", "ID"},
        {"a ID ()", "ID"},
        // RFC 4314 §3
        {"A001 SETACL INBOX/Drafts John lrswicda", "SETACL <INBOX/Drafts> <John> lrswicda"},
        {"A001 SETACL INBOX/Drafts John -w", "SETACL <INBOX/Drafts> <John> -w"},
        {"A001 SETACL INBOX John \"\"", "SETACL <INBOX> <John> "},
        {"B001 DELETEACL inbox David", "DELETEACL <INBOX> <David>"},
        {"A002 GETACL INBOX", "GETACL <INBOX>"},
        {"a001 LISTRIGHTS ~/Mail/saved smith", "LISTRIGHTS <~/Mail/saved> <smith>"},
        {"A003 MYRIGHTS INBOX", "MYRIGHTS <INBOX>"},
        // RFC 9208 §4.1
        {"G0001 GETQUOTA \"!partition/sda4\"", "GETQUOTA <!partition/sda4>"},
        {"a GETQUOTA \"\"", "GETQUOTA"},
        {"a GETQUOTAROOT INBOX", "GETQUOTAROOT <INBOX>"},
        {"S0000 SETQUOTA \"#user/alice\" (STORAGE 510 MESSAGE 100)",
         "SETQUOTA <#user/alice> STORAGE=510 MESSAGE=100"},
        // RFC 4467 §7
        {"a31 RESETKEY ", "RESETKEY"},
        {"a32 RESETKEY inbox", "RESETKEY <INBOX>"},
        {"a33 RESETKEY INBOX INTERNAL XSAMPLE ", "RESETKEY <INBOX> INTERNAL XSAMPLE"},
        {"a777 GENURLAUTH \"imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous\" INTERNAL x y",
         "GENURLAUTH imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous=INTERNAL x=y"},
        {"a URLFETCH \"a b\" c {1}\r\nd", "URLFETCH a b c d"},
    };
    for (const Case& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
}

TEST(CommandParser, ReadsMetadata) {
    const Case cases[] = {
        // RFC 5464 §4.2, §4.3
        {"a GETMETADATA \"\" /shared/comment", "GETMETADATA <> /shared/comment=NIL"},
        {"a GETMETADATA \"INBOX\" (/Shared/Comment /private/comment)",
         "GETMETADATA <INBOX> /shared/comment=NIL /private/comment=NIL"},
        {"a GETMETADATA (MAXSIZE 1024) \"INBOX\" (/shared/comment)",
         "GETMETADATA <INBOX> /shared/comment=NIL max 1024"},
        {"a GETMETADATA \"INBOX\" (MAXSIZE 1024) (/shared/comment)",
         "GETMETADATA <INBOX> /shared/comment=NIL max 1024"},
        {"a GETMETADATA (DEPTH infinity MAXSIZE 1) INBOX /private/filters/values",
         "GETMETADATA <INBOX> /private/filters/values=NIL max 1 depth infinity"},
        {"a GETMETADATA (DEPTH 1) INBOX \"/a\"", "GETMETADATA <INBOX> /a=NIL depth 1"},
        {"a SETMETADATA INBOX (/private/comment {35}\r\nMy new comment across\r\ntwo lines.\r\n)",
         "SETMETADATA <INBOX> /private/comment=\"My new comment across\r\ntwo lines.\r\n\""},
        {"a SETMETADATA INBOX (/private/comment NIL /shared/comment \"x\")",
         "SETMETADATA <INBOX> /private/comment=NIL /shared/comment=\"x\""},
        {"a SETMETADATA INBOX (/a/b ~{3}\r\n\0\1\2)"sv, "SETMETADATA <INBOX> /a/b=\"\0\1\2\""sv},
    };
    for (const Case& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a GETMETADATA", "a GETMETADATA INBOX", "a GETMETADATA INBOX ()", "a GETMETADATA INBOX a",
          "a GETMETADATA INBOX /a*b", "a GETMETADATA INBOX /a%", "a GETMETADATA INBOX /a//b",
          "a GETMETADATA INBOX /a/", "a GETMETADATA INBOX /", "a GETMETADATA (DEPTH 2) INBOX /a",
          "a GETMETADATA () INBOX /a", "a GETMETADATA (SIZE 2) INBOX /a", "a SETMETADATA INBOX ()",
          "a SETMETADATA INBOX (/a)", "a SETMETADATA INBOX (/a x)", "a SETMETADATA INBOX /a \"x\""})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(CommandParser, ReadsNotify) {
    const Case cases[] = {
        // RFC 5465 §3.1, §5, §6
        {"a NOTIFY NONE", "NOTIFY none"},
        {"a notify set status (selected (MessageNew (uid body.peek[header.fields (from to)]) "
         "MessageExpunge FlagChange)) (subtree Lemonade None)",
         "NOTIFY status [0 new(uid BODY[:FIELDS from,to]) expunge flag] [5 <Lemonade> none]"},
        {"a NOTIFY SET (MAILBOXES (INBOX \"a b\") (messagenew messageexpunge)) "
         "(personal (mailboxname subscriptionchange))",
         "NOTIFY [7 <INBOX> <a b> new expunge] [3 name subscription]"},
        {"a NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge)) (inboxes NONE) "
         "(subscribed NONE)",
         "NOTIFY [1 new expunge] [2 none] [4 none]"},
    };
    for (const Case& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a NOTIFY", "a NOTIFY SET", "a NOTIFY SET STATUS", "a NOTIFY SET (selected)",
          "a NOTIFY SET (nowhere NONE)", "a NOTIFY SET (subtree-one a NONE)",
          "a NOTIFY SET (selected (MessageNew))", "a NOTIFY SET (selected (FlagChange))",
          "a NOTIFY SET (selected NONE) (selected NONE)",
          "a NOTIFY SET (inboxes (MessageNew (UID) MessageExpunge))", "a NOTIFY NONE x"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
    EXPECT_TRUE(parsed("a NOTIFY SET (personal (Thunder))").starts_with("NO [BADEVENT ("));
}

TEST(CommandParser, ReadsSearchesOfSeveralMailboxes) {
    const Case cases[] = {
        // RFC 7377 §2.1, §2.2
        {"tag1 ESEARCH IN (mailboxes \"folder1\" subtree \"folder2\") unseen",
         "ESEARCH [7 <folder1>] [5 <folder2>] (not(\\Seen))"},
        {"tag2 ESEARCH IN (mailboxes (folder1 INbox) subtree-one folder2) subject \"chad\"",
         "ESEARCH [7 <INBOX> <folder1>] [6 <folder2>] (subject~chad)"},
        {"a ESEARCH IN (selected inboxes personal subscribed) RETURN (MIN) CHARSET UTF-8 ALL",
         "ESEARCH [0] [2] [3] [4] return min (all)"},
        {"a esearch return (save) 1:*", "ESEARCH return save (1:*)"},
        {"a ESEARCH IN (SELECTED) RETURN (SAVE) ALL", "ESEARCH [0] return save (all)"},
        {"a ESEARCH IN (SUBTREE \"\" subtree-one (\"\" a)) MODSEQ 7",
         "ESEARCH [5 <>] [6 <> <a>] (17:7) modseq"},
    };
    for (const Case& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire : {"a ESEARCH",
                                  "a ESEARCH ",
                                  "a ESEARCH IN ALL",
                                  "a ESEARCH IN () ALL",
                                  "a ESEARCH IN (personal)",
                                  "a ESEARCH IN (personal)ALL",
                                  "a ESEARCH IN (nowhere) ALL",
                                  "a ESEARCH IN (selected-delayed) ALL",
                                  "a ESEARCH IN (mailboxes) ALL",
                                  "a ESEARCH IN (mailboxes ()) ALL",
                                  "a ESEARCH IN (mailboxes \"\") ALL",
                                  "a ESEARCH IN (personal (depth 1)) ALL",
                                  "a ESEARCH IN (personal) RETURN (SAVE) ALL",
                                  "a UID ESEARCH ALL",
                                  "a RESETKEY \"\"",
                                  "a RESETKEY INBOX \"x\"",
                                  "a GENURLAUTH",
                                  "a GENURLAUTH url",
                                  "a GENURLAUTH url INTERNAL url",
                                  "a URLFETCH",
                                  "a URLFETCH (url BODY)"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
    std::string many = "a URLFETCH", names = "a ESEARCH IN (mailboxes (";
    for (int i = 0; i < 101; ++i) many += " url";
    for (int i = 0; i < 1001; ++i) names += "n ";
    EXPECT_TRUE(parsed(many).starts_with("NO [LIMIT]")) << parsed(many);
    EXPECT_EQ(parsed(many.substr(0, many.size() - 4)).substr(0, 12), "URLFETCH url");
    EXPECT_TRUE(parsed(names + ")) ALL").starts_with("NO [LIMIT]"));
    std::string roots = "a ESEARCH IN (subtree (";
    for (int i = 0; i < 60; ++i) roots += "n ";
    roots += ") subtree-one (";
    for (int i = 0; i < 4; ++i) roots += "n ";
    EXPECT_TRUE(parsed(roots + ")) ALL").starts_with("ESEARCH")) << parsed(roots + ")) ALL");
    EXPECT_TRUE(parsed(roots + "n)) ALL").starts_with("NO [LIMIT]"));
    std::string pairs = "a GENURLAUTH";
    for (int i = 0; i < 101; ++i) pairs += " url INTERNAL";
    EXPECT_TRUE(parsed(pairs).starts_with("NO [LIMIT]"));
    std::string sources = "a ESEARCH IN (inboxes";
    for (int i = 0; i < 32; ++i) sources += " inboxes";
    EXPECT_TRUE(parsed(sources + ") ALL").starts_with("NO [LIMIT]"));
}

TEST(CommandParser, RefusesWhatIsNone) {
    for (std::string_view wire : {
             "",
             " ",
             "a",
             "a ",
             "+ NOOP",
             "a+b NOOP",
             "a* NOOP",
             "\"a\" NOOP",
             "a NOOPS",
             "a UID",
             "a UID NOOP",
             "a NOOP x",
             "a\tNOOP",
             "a LOGIN",
             "a LOGIN x",
             "a LOGIN x y z",
             "a LOGIN (x) y",
             "a LOGIN \"x y",
             "a LOGIN \"x\\y\" z",
             "a LOGIN \"x\r",
             "a LOGIN x ~{1}\r\ny",
             "a LOGIN x {1}",
             "a LOGIN x {1} ",
             "a LOGIN x {y}",
             "a LOGIN x {1\r\n",
             "a LOGIN \"{1}\r\n\" x\"",
             "a AUTHENTICATE",
             "a AUTHENTICATE PLAIN A",
             "a AUTHENTICATE PLAIN ====",
             "a AUTHENTICATE PLAIN YQ== x",
             "a ENABLE",
             "a ID",
             "a ID (name x)",
             "a ID (\"name\")",
             "a COPY 1",
             "a COPY 0 x",
             "a COPY 1: x",
             "a COPY 1, x",
             "a COPY ,1 x",
             "a COPY 1:2:3 x",
             "a COPY $,1 x",
             "a COPY 4294967296 x",
             "a COPY -1 x",
             "a COPY 1 x y",
             "a EXPUNGE 1",
             "a UID EXPUNGE",
             "a SETQUOTA \"\" STORAGE 1",
             "a SETQUOTA \"\" (STORAGE)",
             "a SETACL INBOX x",
             "a APPEND INBOX",
             "a REPLACE 1 INBOX",
             "a COMPRESS",
         })
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
    EXPECT_EQ(parsed("a LOGIN x {1}\r\n\0"sv).substr(0, 4), "BAD ");
}

TEST(CommandParser, TellsTheTag) {
    const auto error = [](std::string_view wire) {
        const auto command = parse_command(text_of(wire), {.logged_in = true});
        return command ? std::string("none") : command.error().tag;
    };
    EXPECT_EQ(error("A1 BOGUS"), "A1");
    EXPECT_EQ(error("A1 FETCH"), "A1");
    EXPECT_EQ(error("A1"), "*");
    EXPECT_EQ(error(""), "*");
    EXPECT_EQ(error("{5}"), "*");
    EXPECT_EQ(error("A\x01 NOOP"), "*");
    const auto command = parse_command(text_of("A.1]: NOOP"), {});
    ASSERT_TRUE(command);
    EXPECT_EQ(command->tag, "A.1]:");
}

TEST(CommandParser, TakesNothingApartWithoutALogin) {
    EXPECT_EQ(parsed("a SEARCH ((((((", {}).substr(0, 14), "BAD Log in fir");
    EXPECT_EQ(parsed("a CAPABILITY", {}), "CAPABILITY");
    EXPECT_EQ(parsed("a LOGIN x y", {}), "LOGIN <x> <y>");
    EXPECT_EQ(state_of(ImapVerb::fetch), ImapState::selected);
    EXPECT_EQ(state_of(ImapVerb::list), ImapState::authenticated);
    EXPECT_EQ(state_of(ImapVerb::login), ImapState::not_authenticated);
    EXPECT_EQ(state_of(ImapVerb::noop), ImapState::any);
}

TEST(CommandParser, EveryVerbHasAName) {
    for (int verb = 0; verb <= static_cast<int>(ImapVerb::replace); ++verb) {
        const std::string_view name = verb_name(static_cast<ImapVerb>(verb));
        CommandText text(kTextLimitsLoggedIn);
        ASSERT_EQ(text.add_line("a " + std::string(name)), TextStatus::ok);
        ImapScanner scanner(text);
        CommandHead head;
        ASSERT_TRUE(parse_command_head(scanner, head)) << name;
        EXPECT_EQ(head.verb, static_cast<ImapVerb>(verb)) << name;
    }
}

}  // namespace
}  // namespace gatepost::dataplane

// SELECT, STATUS, LIST, LSUB, CREATE and the names in them.
#include <gtest/gtest.h>

#include "dataplane/imap_syntax/common_arguments.h"
#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

struct MailboxCase {
    std::string_view wire;
    std::string_view shape;
};

TEST(MailboxCommands, Select) {
    const MailboxCase cases[] = {
        {"A142 SELECT INBOX", "SELECT <INBOX>"},
        {"A142 EXAMINE blurdybloop", "EXAMINE <blurdybloop>"},
        // RFC 7162 §3.1.8, §3.2.5
        {"a SELECT INBOX (CONDSTORE)", "SELECT <INBOX> condstore"},
        {"A02 SELECT INBOX (QRESYNC (67890007 20050715194045000 41,43:211,214:541))",
         "SELECT <INBOX> qresync 67890007 20050715194045000 uids 41,43:211,214:541"},
        {"03 SELECT INBOX (QRESYNC (67890007 90060115194045000 41:211,214:541))",
         "SELECT <INBOX> qresync 67890007 90060115194045000 uids 41:211,214:541"},
        {"B04 SELECT INBOX (QRESYNC (67890007 90060115194045000 1:29997 (5000,7500 15000,22500)))",
         "SELECT <INBOX> qresync 67890007 90060115194045000 uids 1:29997 "
         "numbers 5000,7500 15000,22500"},
        {"a SELECT INBOX (QRESYNC (1 2 (3 4)) CONDSTORE)",
         "SELECT <INBOX> condstore qresync 1 2 numbers 3 4"},
        {"a SELECT INBOX (QRESYNC (1 2))", "SELECT <INBOX> qresync 1 2"},
    };
    for (const MailboxCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a SELECT", "a SELECT \"\"", "a SELECT INBOX ()", "a SELECT INBOX (FOO)",
          "a SELECT INBOX CONDSTORE", "a SELECT INBOX (QRESYNC)", "a SELECT INBOX (QRESYNC (1))",
          "a SELECT INBOX (QRESYNC (0 1))", "a SELECT INBOX (QRESYNC (1 2 3:*))",
          "a SELECT INBOX (QRESYNC (1 2 $))", "a SELECT INBOX (QRESYNC (1 2 (1:* 2)))",
          "a SELECT INBOX (QRESYNC (1 9223372036854775808))", "a SELECT INBOX (CONDSTORE) x",
          "a SELECT %", "a SELECT a b"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(MailboxCommands, Status) {
    EXPECT_EQ(parsed("A042 STATUS blurdybloop (UIDNEXT MESSAGES)"),
              "STATUS <blurdybloop> (messages uidnext)");
    EXPECT_EQ(parsed("a STATUS inbox (uidvalidity unseen deleted size recent highestmodseq "
                     "appendlimit mailboxid)"),
              "STATUS <INBOX> (uidvalidity unseen deleted size recent highestmodseq appendlimit "
              "mailboxid)");
    for (std::string_view wire : {"a STATUS x", "a STATUS x ()", "a STATUS x MESSAGES",
                                  "a STATUS x (FOO)", "a STATUS (MESSAGES)"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(MailboxCommands, List) {
    const MailboxCase cases[] = {
        // RFC 9051 §6.3.9
        {"A101 LIST \"\" \"\"", "LIST <> <>"},
        {"A102 LIST #news.comp.mail.misc \"\"", "LIST <#news.comp.mail.misc> <>"},
        {"A202 LIST ~/Mail/ %", "LIST <~/Mail/> <%>"},
        {"a LIST \"\" INBOX/*", "LIST <> <INBOX/*>"},
        {"a LIST \"\" {1}\r\n*", "LIST <> <*>"},
        {"a LIST \"\" \"&AOk-%\"", "LIST <> <\xc3\xa9%>"},
        {"A01 LIST \"\" \"*\" RETURN (CHILDREN)", "LIST <> <*> extended +children"},
        {"A02 LIST (SUBSCRIBED) \"\" \"*\"", "LIST <> <*> extended subscribed-only"},
        {"A04 LIST (REMOTE) \"\" \"%\" RETURN (CHILDREN)", "LIST <> <%> extended remote +children"},
        {"A05 LIST (REMOTE SUBSCRIBED) \"\" \"*\"", "LIST <> <*> extended subscribed-only remote"},
        {"B LIST \"\" (\"INBOX\" \"Drafts\" Sent/%)", "LIST <> <INBOX> <Drafts> <Sent/%> extended"},
        {"C04 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" \"%\"",
         "LIST <> <%> extended subscribed-only recursive"},
        {"a LIST () \"\" *", "LIST <> <*> extended"},
        {"a LIST \"\" * RETURN ()", "LIST <> <*> extended"},
        {"a LIST (SPECIAL-USE) \"\" * RETURN (SPECIAL-USE SUBSCRIBED)",
         "LIST <> <*> extended special-use-only +subscribed +special-use"},
        // RFC 5819 §2, RFC 8440 §3, RFC 9590 §4
        {"A01 LIST \"\" % RETURN (STATUS (MESSAGES UNSEEN))",
         "LIST <> <%> extended +status(messages unseen)"},
        {"A02 LIST (SUBSCRIBED RECURSIVEMATCH) \"\" % RETURN (SUBSCRIBED STATUS (MESSAGES))",
         "LIST <> <%> extended subscribed-only recursive +subscribed +status(messages)"},
        {"a LIST \"\" % RETURN (MYRIGHTS)", "LIST <> <%> extended +myrights"},
        {"a LIST \"\" % RETURN (METADATA (\"/Shared/Vendor/color\" /private/comment))",
         "LIST <> <%> extended +metadata(/shared/vendor/color /private/comment)"},
        {"A002 LSUB \"#news.\" \"comp.mail.*\"", "LSUB <#news.> <comp.mail.*>"},
    };
    for (const MailboxCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a LIST", "a LIST \"\"", "a LIST (RECURSIVEMATCH) \"\" *",
          "a LIST (RECURSIVEMATCH REMOTE) \"\" *", "a LIST (FOO) \"\" *", "a LIST \"\" ()",
          "a LIST \"\" (a", "a LIST \"\" * (CHILDREN)", "a LIST \"\" * RETURN", "a LIST \"\" a b",
          "a LIST \"\" * RETURN (FOO)", "a LIST \"\" * RETURN (STATUS)", "a LIST \"\" \"&AOk\"",
          "a LIST \"\" * RETURN (STATUS ())", "a LIST \"\" * RETURN (METADATA)",
          "a LIST \"\" * RETURN (METADATA ())", "a LSUB \"\" (a b)", "a LIST \"\" \xc3\xa9"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(MailboxCommands, ChangesOfMailboxes) {
    const MailboxCase cases[] = {
        {"A003 CREATE owatagusiam/", "CREATE <owatagusiam>"},
        {"A004 CREATE owatagusiam/blurdybloop", "CREATE <owatagusiam/blurdybloop>"},
        {"a CREATE /", "CREATE </>"},
        // RFC 6154 §5.3
        {"t1 CREATE MySpecial (USE (\\drafts))", "CREATE <MySpecial> use \\Drafts"},
        {"a CREATE x (USE (\\Sent \\Sent))", "CREATE <x> use \\Sent"},
        {"a CREATE x (USE ())", "CREATE <x>"},
        {"a CREATE x (USE (\\Sent \\Junk))", "NO [USEATTR] A mailbox has one special use."},
        {"a CREATE x (USE (\\Foo))", "NO [USEATTR] There is no such special use."},
        {"A683 DELETE blurdybloop", "DELETE <blurdybloop>"},
        {"A683 RENAME inbox old/mail/", "RENAME <INBOX> <old/mail>"},
        {"a SUBSCRIBE #news.comp.mail.mime", "SUBSCRIBE <#news.comp.mail.mime>"},
        {"a UNSUBSCRIBE \"a b\"", "UNSUBSCRIBE <a b>"},
    };
    for (const MailboxCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a CREATE", "a CREATE x y", "a CREATE x ()", "a CREATE x (FOO)", "a CREATE x (USE Sent)",
          "a CREATE x (USE (Sent))", "a RENAME x", "a DELETE x y"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(MailboxCommands, Names) {
    const ParseContext rev1{.logged_in = true};
    const ParseContext rev2{.logged_in = true, .rev2 = true};
    const ParseContext utf8{.logged_in = true, .utf8_accepted = true};
    EXPECT_EQ(parsed("a SELECT inBox", rev1), "SELECT <INBOX>");
    EXPECT_EQ(parsed("a SELECT inbox/a", rev1), "SELECT <INBOX/a>");
    EXPECT_EQ(parsed("a SELECT inboxes", rev1), "SELECT <inboxes>");
    EXPECT_EQ(parsed("a SELECT \"&ZeVnLIqe-/a&-b\"", rev1), "SELECT <日本語/a&b>");
    EXPECT_EQ(parsed("a SELECT a&b", rev1).substr(0, 4), "BAD ");
    EXPECT_EQ(parsed("a SELECT a&b", rev2), "SELECT <a&b>");
    EXPECT_EQ(parsed("a SELECT \"&ZeVnLIqe-\"", utf8), "SELECT <&ZeVnLIqe->");
    EXPECT_EQ(parsed("a SELECT \"日本語\"", rev2), "SELECT <日本語>");
    EXPECT_EQ(parsed("a SELECT {9}\r\n日本語", utf8), "SELECT <日本語>");
    for (std::string_view wire :
         {"a SELECT \"\xff\"", "a SELECT \"a\xc3\"", "a SELECT \"\x01\"", "a SELECT \"\x7f\"",
          "a SELECT \"\xc2\x85\"", "a SELECT \"\xe2\x80\xa8\"", "a SELECT {2}\r\n\r\n"}) {
        EXPECT_EQ(parsed(wire, rev1).substr(0, 4), "BAD ") << wire;
        EXPECT_EQ(parsed(wire, rev2).substr(0, 4), "BAD ") << wire;
    }
    const std::string longest(kMailboxNameMax, 'x');
    EXPECT_EQ(parsed("a SELECT " + longest), "SELECT <" + longest + ">");
    EXPECT_EQ(parsed("a SELECT x" + longest).substr(0, 11), "NO [CANNOT]");
}

}  // namespace
}  // namespace gatepost::dataplane

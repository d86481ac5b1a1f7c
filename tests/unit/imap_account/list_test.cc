#include <gtest/gtest.h>

#include "dataplane/imap_account/mailbox_pattern.h"
#include "tests/unit/imap_account/account_rig.h"

namespace gatepost::tests {

using dataplane::ImapCommand;
using dataplane::ImapVerb;
using dataplane::ListArguments;
using dataplane::matches_pattern;
using storage::SpecialUse;

TEST(MailboxPattern, StarsAndPercents) {
    EXPECT_TRUE(matches_pattern("*", "a/b/c"));
    EXPECT_TRUE(matches_pattern("%", "a"));
    EXPECT_FALSE(matches_pattern("%", "a/b"));
    EXPECT_TRUE(matches_pattern("a/%", "a/b"));
    EXPECT_FALSE(matches_pattern("a/%", "a"));
    EXPECT_TRUE(matches_pattern("a*c", "a/b/c"));
    EXPECT_TRUE(matches_pattern("%/%", "a/b"));
    EXPECT_FALSE(matches_pattern("%/%", "a/b/c"));
    EXPECT_TRUE(matches_pattern("inBOX", "INBOX"));
    EXPECT_TRUE(matches_pattern("inbox/%", "INBOX/a"));
    EXPECT_FALSE(matches_pattern("inbox/A", "INBOX/a"));
    EXPECT_FALSE(matches_pattern("sent", "Sent"));
    EXPECT_FALSE(matches_pattern("", "a"));
    EXPECT_TRUE(matches_pattern("**%*%*", "a/b"));
}

TEST(MailboxPattern, HostileOnesTakeNoTime) {
    std::string pattern;
    for (int i = 0; i < 500; ++i) pattern += "*a";
    EXPECT_FALSE(matches_pattern(pattern + "b", std::string(1000, 'a')));
}

TEST(List, AllWithTheirChildrenAndUses) {
    AccountRig rig;
    rig.add("INBOX");
    rig.add("Sent", 0, SpecialUse::sent);
    rig.add("work/2026/plans");
    rig.add("work-old");
    EXPECT_EQ(rig.list("*"),
              "* LIST (\\HasNoChildren) \"/\" \"INBOX\"\r\n"
              "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent\"\r\n"
              "* LIST (\\Noselect \\HasChildren) \"/\" \"work\"\r\n"
              "* LIST (\\HasNoChildren) \"/\" \"work-old\"\r\n"
              "* LIST (\\Noselect \\HasChildren) \"/\" \"work/2026\"\r\n"
              "* LIST (\\HasNoChildren) \"/\" \"work/2026/plans\"\r\n"
              "OK");
    EXPECT_EQ(rig.list("work/%"), "* LIST (\\Noselect \\HasChildren) \"/\" \"work/2026\"\r\nOK");
    rig.rev2 = true;
    EXPECT_EQ(rig.list("work"), "* LIST (\\NonExistent \\HasChildren) \"/\" \"work\"\r\nOK");
    EXPECT_EQ(rig.list("nothing"), "OK");
}

TEST(List, AnEmptyPatternAsksForTheSeparator) {
    AccountRig rig;
    rig.add("INBOX");
    EXPECT_EQ(rig.list(""), "* LIST (\\Noselect) \"/\" \"\"\r\nOK");
}

TEST(List, NamesInModifiedUtf7) {
    AccountRig rig;
    rig.add("Entw\u00fcrfe & mehr");
    EXPECT_EQ(rig.list("*"), "* LIST (\\HasNoChildren) \"/\" \"Entw\u00fcrfe & mehr\"\r\nOK");
    rig.utf8 = false;
    EXPECT_EQ(rig.list("*"), "* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe &- mehr\"\r\nOK");
}

// RFC 5258 §5, examples 7 to 9 in spirit.
TEST(List, SubscriptionsAndWhatIsAboveThem) {
    AccountRig rig;
    rig.add("INBOX");
    rig.add("Fruit", 0, SpecialUse::none, false);
    rig.add("Fruit/Apple");
    rig.subscribe_to_nothing("Fruit/Peach");
    ListArguments subscribed;
    subscribed.extended = subscribed.subscribed_only = true;
    EXPECT_EQ(rig.list("*", subscribed),
              "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"Fruit/Apple\"\r\n"
              "* LIST (\\NonExistent \\HasNoChildren \\Subscribed) \"/\" \"Fruit/Peach\"\r\n"
              "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"INBOX\"\r\n"
              "OK");
    subscribed.recursive_match = true;
    EXPECT_EQ(rig.list("%", subscribed),
              "* LIST (\\HasChildren) \"/\" \"Fruit\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
              "* LIST (\\HasNoChildren \\Subscribed) \"/\" \"INBOX\"\r\n"
              "OK");
    ListArguments alone;
    alone.extended = alone.recursive_match = true;
    EXPECT_EQ(rig.list("%", alone), "BAD");
}

TEST(List, LsubNamesParentsOfSubscriptions) {
    AccountRig rig;
    rig.add("foo/bar");
    ImapCommand command;
    command.verb = ImapVerb::lsub;
    ListArguments arguments;
    arguments.patterns = {"%"};
    command.arguments = arguments;
    EXPECT_EQ(rig.run(command), "* LSUB (\\Noselect) \"/\" \"foo\"\r\nOK");
    arguments.patterns = {"*"};
    command.arguments = arguments;
    EXPECT_EQ(rig.run(command), "* LSUB () \"/\" \"foo/bar\"\r\nOK");
}

TEST(List, ReturnsStatusToo) {
    AccountRig rig;
    rig.add("INBOX", 17);
    rig.share("hidden", storage::kRightLookup);
    ListArguments arguments;
    arguments.extended = true;
    arguments.return_status.emplace();
    arguments.return_status->messages = arguments.return_status->unseen = true;
    EXPECT_EQ(rig.list("*", arguments),
              "* LIST (\\HasNoChildren) \"/\" \"INBOX\"\r\n"
              "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users\"\r\n"
              "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/bob@example.org\"\r\n"
              "* LIST (\\HasNoChildren) \"/\" \"Other Users/bob@example.org/hidden\"\r\n"
              "* STATUS \"INBOX\" (MESSAGES 17 UNSEEN 17)\r\n"
              "OK");
}

TEST(List, WithoutADatabaseAndTheListItIsUnavailable) {
    AccountRig rig;
    rig.resident = false;
    EXPECT_EQ(rig.list("*"), "NO [UNAVAILABLE]");
}

}  // namespace gatepost::tests

#include <gtest/gtest.h>

#include "tests/unit/imap_account/account_rig.h"

namespace gatepost::tests {

using dataplane::ImapCommand;
using dataplane::ImapVerb;
using dataplane::MetadataArguments;
using storage::MailboxOutcome;
using storage::MailboxReply;

ImapCommand command_of(ImapVerb verb, std::string name, std::string other = {}) {
    ImapCommand command;
    command.verb = verb;
    command.name = std::move(name);
    command.other = std::move(other);
    return command;
}

MailboxReply reply_with(MailboxOutcome outcome) {
    MailboxReply reply;
    reply.outcome = outcome;
    reply.text = "because";
    return reply;
}

TEST(Status, EveryItem) {
    AccountRig rig;
    rig.add("INBOX", 3);
    ImapCommand command = command_of(ImapVerb::status, "inbox");
    command.status = {.messages = true,
                      .uid_next = true,
                      .uid_validity = true,
                      .unseen = true,
                      .deleted = true,
                      .size = true,
                      .recent = true,
                      .highest_modseq = true,
                      .append_limit = true,
                      .mailbox_id = true};
    EXPECT_EQ(rig.run(command),
              "* STATUS \"inbox\" (MESSAGES 3 RECENT 0 UIDNEXT 4 UIDVALIDITY 77 UNSEEN 3 DELETED 0 "
              "SIZE 3000 HIGHESTMODSEQ 5 APPENDLIMIT 52428800 MAILBOXID (M1))\r\nOK");
    EXPECT_EQ(rig.run(command_of(ImapVerb::status, "nothing")), "NO [NONEXISTENT]");
}

TEST(Mailbox, CreateAsksForItsOwner) {
    AccountRig rig;
    rig.share("team", storage::kRightLookup | storage::kRightCreate);
    rig.share("closed", storage::kRightLookup);
    MailboxReply made;
    made.mailbox_id = 42;
    rig.replies = {made, reply_with(MailboxOutcome::exists), made};
    EXPECT_EQ(rig.run(command_of(ImapVerb::create, "work/new")), "OK [MAILBOXID (M42)]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::create, "work/new")), "NO [ALREADYEXISTS]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::create, "Other Users/bob@example.org/team/a/b")),
              "OK [MAILBOXID (M42)]");
    ASSERT_EQ(rig.asked.size(), 3u);
    const auto& own = std::get<storage::CreateMailbox>(rig.asked[0]);
    EXPECT_EQ(own.account_id, AccountRig::kAda);
    EXPECT_EQ(own.name, "work/new");
    const auto& others = std::get<storage::CreateMailbox>(rig.asked[2]);
    EXPECT_EQ(others.account_id, AccountRig::kBob);
    EXPECT_EQ(others.name, "team/a/b");
    EXPECT_EQ(rig.run(command_of(ImapVerb::create, "Other Users/bob@example.org/closed/x")),
              "NO [NOPERM]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::create, "Other Users/x")), "NO [NOPERM]");
    ImapCommand special = command_of(ImapVerb::create, "Gone");
    special.special_use = "\\Trash";
    rig.replies = {reply_with(MailboxOutcome::in_use)};
    EXPECT_EQ(rig.run(special), "NO [USEATTR]");
    EXPECT_EQ(std::get<storage::CreateMailbox>(rig.asked.back()).special_use,
              storage::SpecialUse::trash);
    special.special_use = "\\Nonsense";
    EXPECT_EQ(rig.run(special), "NO [USEATTR]");
}

TEST(Mailbox, InboxStaysAndTheRestGoes) {
    AccountRig rig;
    rig.add("INBOX");
    const uint64_t id = rig.add("old");
    rig.share("theirs", storage::kRightLookup | storage::kRightRead);
    EXPECT_EQ(rig.run(command_of(ImapVerb::remove, "Inbox")), "NO [CANNOT]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::remove, "old")), "OK");
    EXPECT_EQ(std::get<storage::DeleteMailbox>(rig.asked.back()).mailbox_id, id);
    EXPECT_EQ(rig.run(command_of(ImapVerb::remove, "Other Users/bob@example.org/theirs")),
              "NO [NOPERM]");
    rig.replies = {reply_with(MailboxOutcome::unavailable)};
    EXPECT_EQ(rig.run(command_of(ImapVerb::remove, "old")), "NO [UNAVAILABLE]");
}

TEST(Mailbox, RenameOfAMailboxAndOfALevel) {
    AccountRig rig;
    const uint64_t id = rig.add("a");
    rig.add("deep/b");
    rig.share("c", storage::kAllRights);
    EXPECT_EQ(rig.run(command_of(ImapVerb::rename, "a", "z")), "OK");
    EXPECT_EQ(std::get<storage::RenameMailbox>(rig.asked.back()).mailbox_id, id);
    EXPECT_EQ(rig.run(command_of(ImapVerb::rename, "deep", "flat")), "OK");
    const auto& level = std::get<storage::RenameMailbox>(rig.asked.back());
    EXPECT_EQ(level.mailbox_id, 0u);
    EXPECT_EQ(level.name, "deep");
    EXPECT_EQ(level.new_name, "flat");
    EXPECT_EQ(rig.run(command_of(ImapVerb::rename, "Other Users/bob@example.org/c", "mine")),
              "NO [CANNOT]");
}

TEST(Mailbox, Subscriptions) {
    AccountRig rig;
    rig.add("a");
    EXPECT_EQ(rig.run(command_of(ImapVerb::subscribe, "nothing")), "NO [NONEXISTENT]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::subscribe, "a")), "OK");
    rig.replies = {reply_with(MailboxOutcome::not_found)};
    EXPECT_EQ(rig.run(command_of(ImapVerb::unsubscribe, "never")), "OK");
}

TEST(Quota, ItsRootAndWhatIsUsed) {
    AccountRig rig;
    rig.add("INBOX");
    MailboxReply used;
    used.numbers = {1025, 1 << 20, 3, 0};
    rig.replies = {used, used};
    EXPECT_EQ(rig.run(command_of(ImapVerb::get_quota_root, "INBOX")),
              "* QUOTAROOT \"INBOX\" \"User quota\"\r\n"
              "* QUOTA \"User quota\" (STORAGE 2 1024)\r\nOK");
    EXPECT_EQ(rig.run(command_of(ImapVerb::get_quota, "User quota")),
              "* QUOTA \"User quota\" (STORAGE 2 1024)\r\nOK");
    EXPECT_EQ(rig.run(command_of(ImapVerb::get_quota, "other")), "NO [NONEXISTENT]");
    EXPECT_EQ(rig.run(command_of(ImapVerb::set_quota, "User quota")), "NO [NOPERM]");
}

TEST(Metadata, PrivateIsMineAndSharedIsTheOwners) {
    AccountRig rig;
    rig.share("team", storage::kRightLookup | storage::kRightRead);
    ImapCommand command = command_of(ImapVerb::get_metadata, "");
    MetadataArguments arguments;
    arguments.mailbox = "Other Users/bob@example.org/team";
    arguments.entries = {{"/private/comment", std::nullopt}, {"/shared/comment", std::nullopt}};
    arguments.size_max = 4;
    command.arguments = arguments;
    MailboxReply mine, shared;
    mine.values = {{"/private/comment", "note"}};
    shared.values = {{"/shared/comment", "too long"}};
    rig.replies = {mine, shared};
    EXPECT_EQ(rig.run(command),
              "* METADATA \"Other Users/bob@example.org/team\" (\"/private/comment\" \"note\")\r\n"
              "OK [METADATA LONGENTRIES 8]");
    EXPECT_EQ(std::get<storage::GetMetadata>(rig.asked[0]).account_id, AccountRig::kAda);
    EXPECT_EQ(std::get<storage::GetMetadata>(rig.asked[1]).account_id, AccountRig::kBob);
    command.verb = ImapVerb::set_metadata;
    arguments.entries = {{"/shared/comment", "x"}};
    command.arguments = arguments;
    EXPECT_EQ(rig.run(command), "NO [NOPERM]");
    arguments.entries = {{"/elsewhere", "x"}};
    command.arguments = arguments;
    EXPECT_EQ(rig.run(command), "BAD");
    arguments.entries = {{"/private/x", std::string(100'000, 'x')}};
    command.arguments = arguments;
    EXPECT_EQ(rig.run(command), "NO [METADATA MAXSIZE 65536]");
}

TEST(Acl, LettersBothWays) {
    AccountRig rig;
    rig.add("team");
    rig.share("read", storage::kRightLookup | storage::kRightRead);
    EXPECT_EQ(rig.run(command_of(ImapVerb::my_rights, "team")),
              "* MYRIGHTS \"team\" \"lrswipkxteacd\"\r\nOK");
    EXPECT_EQ(rig.run(command_of(ImapVerb::my_rights, "Other Users/bob@example.org/read")),
              "* MYRIGHTS \"Other Users/bob@example.org/read\" \"lr\"\r\nOK");
    ImapCommand command = command_of(ImapVerb::set_acl, "team", "bob@example.org");
    command.words = {"+lrd"};
    EXPECT_EQ(rig.run(command), "OK");
    const auto& change = std::get<storage::SetAcl>(rig.asked.back());
    EXPECT_EQ(change.action, storage::FlagAction::add);
    EXPECT_EQ(change.rights, storage::kRightLookup | storage::kRightRead |
                                 storage::kRightDeleteMailbox | storage::kRightDeleteMessages |
                                 storage::kRightExpunge);
    command.words = {"lrq"};
    EXPECT_EQ(rig.run(command), "BAD");
    command.name = "Other Users/bob@example.org/read";
    EXPECT_EQ(rig.run(command), "NO [NOPERM]");
    MailboxReply all;
    all.values = {{"ada@example.org", "lrswipkxtea"}, {"bob@example.org", "lr"}};
    rig.replies = {all};
    EXPECT_EQ(rig.run(command_of(ImapVerb::get_acl, "team")),
              "* ACL \"team\" \"ada@example.org\" \"lrswipkxteacd\" \"bob@example.org\" \"lr\"\r\n"
              "OK");
}

}  // namespace gatepost::tests

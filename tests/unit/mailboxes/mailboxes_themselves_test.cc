// Requests about mailboxes themselves, their rights, metadata and keys of URLs.
#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

class MailboxesThemselves : public MailboxServiceTest {
  protected:
    std::optional<MailboxListing> listing(const std::string& name, uint64_t account = 1) {
        const auto view = edge->view().account(account);
        return view ? view->find(name) : std::nullopt;
    }
};

TEST_F(MailboxesThemselves, ComeGoAndChangeNames) {
    start();
    MailboxWorker worker = opened();
    MailboxReply reply = worker.ask(CreateMailbox{1, "Lists/c++", SpecialUse::none});
    ASSERT_TRUE(reply.ok()) << reply.text;
    const auto made = listing("Lists/c++");
    ASSERT_TRUE(made) << "it is shown before the reply";
    EXPECT_EQ(made->mailbox_id, reply.mailbox_id);
    EXPECT_EQ(edge->view().mailbox(reply.mailbox_id)->status().uid_next, 1u);
    EXPECT_EQ(worker.ask(CreateMailbox{1, "Lists/c++", SpecialUse::none}).outcome,
              MailboxOutcome::exists);
    EXPECT_EQ(worker.ask(CreateMailbox{1, "a//b", SpecialUse::none}).outcome,
              MailboxOutcome::cannot);
    EXPECT_EQ(worker.ask(CreateMailbox{1, "Gone", SpecialUse::trash}).outcome,
              MailboxOutcome::in_use);

    RenameMailbox rename;
    rename.mailbox_id = reply.mailbox_id;
    rename.account_id = 1;
    rename.name = "Lists/c++";
    rename.new_name = "Old/c++";
    ASSERT_TRUE(worker.ask(rename).ok());
    EXPECT_FALSE(listing("Lists/c++"));
    ASSERT_TRUE(listing("Old/c++"));
    EXPECT_EQ(listing("Old/c++")->mailbox_id, reply.mailbox_id);

    ASSERT_TRUE(worker.ask(SubscribeMailbox{1, "Old/c++", false}).ok());
    EXPECT_FALSE(listing("Old/c++")->subscribed);
    ASSERT_TRUE(worker.ask(SubscribeMailbox{1, "Nowhere", true}).ok());
    ASSERT_TRUE(listing("Nowhere"));
    EXPECT_EQ(listing("Nowhere")->mailbox_id, 0u);

    ASSERT_TRUE(worker.ask(OpenMailbox{reply.mailbox_id}).ok());
    ASSERT_TRUE(worker.ask(SubscribeMailbox{1, "Old/c++", true}).ok());
    ASSERT_TRUE(worker.ask(DeleteMailbox{reply.mailbox_id}).ok());
    EXPECT_FALSE(edge->view().mailbox(reply.mailbox_id));
    EXPECT_EQ(worker.ask(DeleteMailbox{reply.mailbox_id}).outcome, MailboxOutcome::not_found);
}

TEST_F(MailboxesThemselves, RenamingInboxMovesItsMessages) {
    start();
    deliver(database, 1, 3);
    MailboxWorker worker = opened();
    RenameMailbox rename;
    rename.mailbox_id = inbox;
    rename.account_id = 1;
    rename.name = "INBOX";
    rename.new_name = "2025";
    ASSERT_TRUE(worker.ask(rename).ok());
    ASSERT_TRUE(listing("2025"));
    EXPECT_EQ(edge->view().mailbox(listing("2025")->mailbox_id)->status().messages, 3u);
    ASSERT_TRUE(listing("INBOX"));
    const uint64_t now = listing("INBOX")->mailbox_id;
    EXPECT_EQ(edge->view().mailbox(now)->status().messages, 0u);
    ASSERT_TRUE(worker.ask(OpenMailbox{now}).ok());
    expect_same(now);
}

TEST_F(MailboxesThemselves, MetadataAndQuota) {
    start();
    MailboxWorker worker = opened();
    SetMetadata set;
    set.account_id = 1;
    set.mailbox_id = inbox;
    set.entries = {{"/private/comment", std::string("a\0b", 3)}, {"/shared/comment", "hi"}};
    ASSERT_TRUE(worker.ask(set).ok());
    const MailboxReply reply = worker.ask(GetMetadata{1, inbox, {"/private/comment"}, 0});
    ASSERT_TRUE(reply.ok()) << reply.text;
    ASSERT_EQ(reply.values.size(), 1u);
    EXPECT_EQ(reply.values[0].second, std::string("a\0b", 3));
    EXPECT_EQ(worker.ask(GetMetadata{1, inbox, {"/private", "/shared"}, UINT32_MAX}).values.size(),
              2u);
    set.entries = {{"/private/comment", std::nullopt}};
    ASSERT_TRUE(worker.ask(set).ok());
    EXPECT_TRUE(worker.ask(GetMetadata{1, inbox, {"/private/comment"}, 0}).values.empty());

    must(database, "UPDATE gatepost.accounts SET quota_bytes = 5000 WHERE id = 1");
    deliver(database, 1, 2);
    EXPECT_EQ(worker.ask(GetQuota{1}).numbers, (std::vector<uint64_t>{200, 5000, 2, 0}));
}

TEST_F(MailboxesThemselves, Sharing) {
    start();
    MailboxWorker worker = opened();
    ASSERT_TRUE(worker.ask(OpenAccount{2}).ok());
    SetAcl set;
    set.mailbox_id = inbox;
    set.identifier = "user2@example.org";
    set.rights = kRightLookup | kRightRead;
    const MailboxReply reply = worker.ask(set);
    ASSERT_TRUE(reply.ok()) << reply.text;
    const auto shared = listing("Other Users/user1@example.org/INBOX", 2);
    ASSERT_TRUE(shared);
    EXPECT_EQ(shared->mailbox_id, inbox);
    EXPECT_EQ(shared->rights, kRightLookup | kRightRead);
    const MailboxReply acl = worker.ask(GetAcl{inbox});
    bool is_told = false;
    for (const auto& [identifier, rights] : acl.values)
        is_told = is_told || (identifier == "user2@example.org" && rights == "lr");
    EXPECT_TRUE(is_told);
    set.rights = 0;
    ASSERT_TRUE(worker.ask(set).ok());
    EXPECT_FALSE(listing("Other Users/user1@example.org/INBOX", 2));
}

TEST_F(MailboxesThemselves, KeysOfUrls) {
    start();
    MailboxWorker worker = opened();
    EXPECT_EQ(worker.ask(FindUrlKey{"user1@example.org", "INBOX"}).outcome,
              MailboxOutcome::not_found);
    const MailboxReply made = worker.ask(MakeUrlKey{1, inbox});
    ASSERT_TRUE(made.ok()) << made.text;
    EXPECT_EQ(made.mailbox_id, inbox);
    ASSERT_EQ(made.values.size(), 1u);
    EXPECT_EQ(made.values[0].first, kUrlMechanism);
    EXPECT_EQ(made.values[0].second.size(), kUrlKeyOctets);
    const MailboxReply found = worker.ask(FindUrlKey{"User1@example.org", "inbox"});
    ASSERT_TRUE(found.ok()) << found.text;
    EXPECT_EQ(found.mailbox_id, inbox);
    EXPECT_EQ(found.values, made.values);
    ASSERT_TRUE(worker.ask(ResetUrlKeys{1, inbox}).ok());
    const MailboxReply other = worker.ask(FindUrlKey{"user1@example.org", "INBOX"});
    ASSERT_TRUE(other.ok());
    EXPECT_NE(other.values, made.values);
    ASSERT_TRUE(worker.ask(ResetUrlKeys{1, 0}).ok());
    EXPECT_EQ(worker.ask(FindUrlKey{"user1@example.org", "INBOX"}).outcome,
              MailboxOutcome::not_found);
    EXPECT_EQ(worker.ask(MakeUrlKey{1, 999'999}).outcome, MailboxOutcome::not_found);
}

}  // namespace
}  // namespace gatepost::controlplane

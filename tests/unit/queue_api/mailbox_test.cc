#include "controlplane/model/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controlplane/model/mailbox_acl.h"
#include "controlplane/model/message_filing.h"
#include "controlplane/model/stored_message.h"
#include "tests/unit/queue_api/queue_rig.h"

namespace gatepost::controlplane {
namespace {

constexpr const char* kAda = "ada@example.org";

// What a delivery does (gatepost.deliver), to ada.
void deliver(Connection& connection, unsigned number, uint64_t size,
             const std::string& folder = "") {
    must(connection,
         fmt::format(
             "SELECT gatepost.deliver(0, ARRAY['{0}']::uuid[], ARRAY[1]::bigint[], "
             "ARRAY[4096]::bigint[], ARRAY[{1}]::bigint[], ARRAY[now()], ARRAY['<{2}@x>'], "
             "ARRAY['Subject {2}'], ARRAY['eve@example.net'], ARRAY['']::bytea[], ARRAY[''], "
             "ARRAY[0]::bigint[], ARRAY[''], ARRAY[''], ARRAY['7BIT'], ARRAY[false], 'held', "
             "ARRAY[1], ARRAY[(SELECT id FROM gatepost.accounts WHERE address = '{3}')], "
             "ARRAY['{4}'], ARRAY['{3}'], ARRAY[NULL]::text[], ARRAY[''], ARRAY[0])",
             blob(number), size, number, kAda, folder));
}

std::string counts(Connection& connection, const std::string& mailbox) {
    return value(connection,
                 fmt::format("SELECT message_count || ' ' || byte_count || ' ' || uid_next || ' ' "
                             "|| highest_modseq FROM gatepost.mailboxes b JOIN gatepost.accounts a "
                             "ON a.id = b.account_id WHERE a.address = '{}' AND b.name = '{}'",
                             kAda, mailbox));
}

TEST(Mailbox, NamesOfPeople) {
    EXPECT_EQ(mailbox_name_from_text("inBox").value(), "INBOX");
    EXPECT_EQ(mailbox_name_from_text("Work/Zürich").value(), "Work/Zürich");
    for (const char* text : {"", "/", "a//b", "/a", "a/", "a\nb", "Other Users", "Other Users/x"})
        EXPECT_ERROR(mailbox_name_from_text(text), ErrorCode::usage, "mailbox");
}

TEST(Mailbox, CreateRenameDelete) {
    Connection connection = mail_database();
    ASSERT_TRUE(mailbox_create(connection, kAda, "Work", {}));
    ASSERT_TRUE(mailbox_create(connection, kAda, "Work/2026", {}));
    ASSERT_TRUE(mailbox_create(connection, kAda, "Workshop", {}));
    EXPECT_ERROR(mailbox_create(connection, kAda, "Work", {}), ErrorCode::refused, "already");
    EXPECT_ERROR(mailbox_get(connection, kAda, "Nowhere"), ErrorCode::refused, "mailbox list");

    const auto renamed = mailbox_rename(connection, kAda, "Work", "Büro", {});
    ASSERT_TRUE(renamed) << renamed.error().message;
    EXPECT_EQ(renamed->before->name, "Work");
    EXPECT_EQ(renamed->after->id, renamed->before->id);
    EXPECT_TRUE(mailbox_get(connection, kAda, "Büro/2026"));
    EXPECT_TRUE(mailbox_get(connection, kAda, "Workshop")) << "only what is below it";
    EXPECT_ERROR(mailbox_rename(connection, kAda, "Büro", "Sent", {}), ErrorCode::refused,
                 "already");
    EXPECT_ERROR(mailbox_rename(connection, kAda, "Büro", "Büro/x", {}), ErrorCode::refused,
                 "below itself");
    EXPECT_ERROR(mailbox_rename(connection, kAda, "INBOX", "x", {}), ErrorCode::refused, "INBOX");

    EXPECT_TRUE(mailbox_delete(connection, kAda, "Büro", {.dry_run = true}));
    EXPECT_TRUE(mailbox_get(connection, kAda, "Büro"));
    EXPECT_TRUE(mailbox_delete(connection, kAda, "Büro", {}));
    EXPECT_ERROR(mailbox_get(connection, kAda, "Büro"), ErrorCode::refused, "Büro");
    EXPECT_ERROR(mailbox_delete(connection, kAda, "INBOX", {}), ErrorCode::refused, "INBOX");

    const auto all = mailbox_list(connection, kAda);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->front().name, "INBOX");
    EXPECT_EQ(all->size(), 8U);
}

TEST(Mailbox, SpecialUses) {
    Connection connection = mail_database();
    const auto made = mailbox_create(connection, kAda, "Stars", {}, "\\Flagged");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->after->special_use, "\\Flagged");
    EXPECT_TRUE(made->after->subscribed);
    EXPECT_ERROR(mailbox_create(connection, kAda, "Post", {}, "\\Sent"), ErrorCode::refused,
                 "\"Sent\" for this use");
}

TEST(MailboxShare, Letters) {
    EXPECT_EQ(mailbox_rights_text(0), "");
    EXPECT_EQ(mailbox_rights_text(2047), "lrswipkxtea");
    EXPECT_EQ(mailbox_rights_from_text("srl").value(), 7U);
    for (const char* text : {"", "lq", "l r", "-l"})
        EXPECT_ERROR(mailbox_rights_from_text(text), ErrorCode::usage, "lrswipkxtea");
}

TEST(MailboxShare, GivesExactlyTheseRights) {
    Connection connection = mail_database();
    const std::string bob = "bob@example.org";
    must(connection,
         "INSERT INTO gatepost.accounts (address) VALUES ('bob@example.org') "
         "ON CONFLICT DO NOTHING");
    const auto share = [&](const std::string& with, unsigned rights, bool dry_run = false) {
        return mailbox_share(connection, kAda, "Archive", with, rights, {.dry_run = dry_run});
    };
    ASSERT_TRUE(share(bob, 7));
    ASSERT_TRUE(share("anyone", 1));
    ASSERT_TRUE(share(bob, 2047, true));
    const auto changed = share(bob, 3);
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(changed->before, 7U);
    EXPECT_EQ(changed->after, 3U);
    const auto archive = mailbox_get(connection, kAda, "Archive");
    ASSERT_TRUE(archive);
    EXPECT_EQ(mailbox_shares(connection, archive->account_id).value(),
              (std::vector<MailboxShare>{{archive->id, "anyone", 1}, {archive->id, bob, 3}}));
    ASSERT_TRUE(share(bob, 0));
    EXPECT_EQ(mailbox_shares(connection, archive->account_id)->size(), 1U);
    EXPECT_ERROR(share(kAda, 1), ErrorCode::refused, "owns");
    EXPECT_ERROR(share("nobody@example.org", 1), ErrorCode::refused, "nobody");
    EXPECT_ERROR(mailbox_share(connection, kAda, "Nowhere", bob, 1, {}), ErrorCode::refused,
                 "mailbox list");
}

TEST(MessageFiling, FlagsDatesAndAnotherMailbox) {
    Connection connection = mail_database();
    for (unsigned number = 1; number <= 3; ++number) deliver(connection, number, 100 * number);
    deliver(connection, 4, 1000, "Archive");
    EXPECT_EQ(counts(connection, "INBOX"), "3 600 4 4");
    const Mailbox archive = *mailbox_get(connection, kAda, "Archive");
    const std::vector<std::string> blobs = {blob(3), blob(1), blob(4), blob(9)};
    EXPECT_EQ(delivered_count(connection, archive.account_id, blobs).value(), 3U);

    constexpr int64_t kDate = 1'000'000'000'123'456;  // 2001-09-09T01:46:40Z
    const std::vector<MessageFiling> filing = {
        {blob(3), kSeen | kFlagged, {"$Forwarded", "x"}, kDate},
        {blob(1), 0, {}, std::nullopt},
        {blob(4), kDraft, {}, kDate},
        {blob(9), kSeen, {}, kDate}};
    const auto filed = file_messages(connection, archive, filing);
    ASSERT_TRUE(filed) << filed.error().message;
    EXPECT_EQ(*filed, 3U);
    EXPECT_EQ(counts(connection, "INBOX"), "1 200 4 5");
    EXPECT_EQ(counts(connection, "Archive"), "3 1400 4 3");
    EXPECT_EQ(value(connection,
                    "SELECT messages || ' ' || bytes FROM gatepost.account_usage u JOIN "
                    "gatepost.accounts a ON a.id = u.account_id WHERE address = "
                    "'ada@example.org'"),
              "4 1600")
        << "what moves is not new";

    const auto messages = message_list(connection, archive.id, 0, 10);
    ASSERT_TRUE(messages) << messages.error().message;
    ASSERT_EQ(messages->size(), 3U);
    EXPECT_EQ((*messages)[0].blob_id, blob(4)) << "it was there, and keeps its UID";
    EXPECT_EQ((*messages)[0].flags, kDraft);
    EXPECT_EQ((*messages)[1].blob_id, blob(3)) << "in the order given";
    EXPECT_EQ((*messages)[1].uid, 2U);
    EXPECT_EQ(flags_text((*messages)[1].flags), "\\Seen \\Flagged");
    EXPECT_EQ((*messages)[1].keywords, (std::vector<std::string>{"$Forwarded", "x"}));
    EXPECT_EQ((*messages)[1].internal_date_us, kDate);
    EXPECT_TRUE((*messages)[2].keywords.empty());
    EXPECT_EQ(value(connection,
                    "SELECT string_agg(uid::text, ' ' ORDER BY uid) FROM "
                    "gatepost.expunged WHERE account_id IS NULL"),
              "1 3");

    // A delivery that is repeated after a crash brings nothing back.
    deliver(connection, 3, 300);
    EXPECT_EQ(counts(connection, "INBOX"), "1 200 4 5");
    const auto known = known_messages(connection, archive.id);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->size(), 3U);
}

TEST(MessageTrace, EverythingThatIsKnown) {
    Connection connection = mail_database();
    deliver(connection, 1, 100);
    const int64_t number = queue(connection, 1, "eve@example.net", {1, 4096, 100}, "held");
    const auto by_blob = message_trace(connection, blob(1));
    ASSERT_TRUE(by_blob) << by_blob.error().message;
    ASSERT_EQ(by_blob->size(), 2U);
    for (const char* name : {"1@x", "<1@x>"})
        EXPECT_EQ(message_trace(connection, name)->size(), 2U) << name;
    EXPECT_EQ(message_trace(connection, std::to_string(number))->size(), 2U);
    EXPECT_TRUE(message_trace(connection, "nothing@x")->empty());
    must(connection, "DELETE FROM gatepost.mailboxes WHERE name = 'INBOX'");
    const auto after = message_trace(connection, blob(1));
    ASSERT_TRUE(after);
    ASSERT_EQ(after->size(), 2U);
    EXPECT_TRUE(std::ranges::any_of(*after, [](const MessageTrace& one) {
        return one.what == "expunged" && one.recipient == kAda;
    }));
    EXPECT_EQ(message_by_blob(connection, blob(1))->size(), 0U);
}

}  // namespace
}  // namespace gatepost::controlplane

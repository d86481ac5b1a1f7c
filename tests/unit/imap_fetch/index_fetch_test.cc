// Answers out of the index alone.
#include <gtest/gtest.h>

#include "dataplane/mail/summary_codec.h"
#include "storage/mailbox_index/mailbox_index_writer.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

constexpr uint64_t kMailbox = 12;

// A mailbox of one message, with the keywords "$Forwarded" and "work".
class Mailbox {
  public:
    explicit Mailbox(std::string_view message)
        : Mailbox(message, encoded_summary_of(message), "") {}
    Mailbox(std::string_view message, const std::vector<uint8_t>& summary,
            std::string_view keyword) {
        auto segment =
            storage::Segment::create("fetch", size_t{16} << 20, storage::PageKind::plain);
        EXPECT_TRUE(segment) << segment.error().message;
        auto writer = storage::MailboxIndexWriter::create(std::move(*segment), qsbr_, 1);
        EXPECT_TRUE(writer) << writer.error().message;
        writer_ = std::move(*writer);
        storage::MailboxMessage one{.entry = sample_entry(message.size()),
                                    .keywords = {"$Forwarded", "work"},
                                    .summary = summary};
        if (!keyword.empty()) one.keywords = {keyword};
        one.entry.summary_size = static_cast<uint32_t>(summary.size());
        const storage::MailboxUpdate whole{.status = {.mailbox_id = kMailbox,
                                                      .account_id = 1,
                                                      .uid_validity = 1,
                                                      .uid_next = 8,
                                                      .highest_modseq = one.entry.modseq,
                                                      .messages = 1},
                                           .messages = {one},
                                           .expunged = {}};
        const Status loaded = writer_->load(whole);
        EXPECT_TRUE(loaded) << loaded.error().message;
    }

    storage::MailboxView view() const { return *writer_->view().mailbox(kMailbox); }

  private:
    storage::Qsbr qsbr_{};
    std::unique_ptr<storage::MailboxIndexWriter> writer_;
};

std::string answer(const Mailbox& mailbox, std::string_view items, FetchOptions options = {}) {
    const FetchPlan plan(fetch_items(items), options);
    std::string out = "before ";
    EXPECT_TRUE(write_fetch(plan, 3, mailbox.view(), mailbox.view().at(0), out));
    EXPECT_TRUE(out.starts_with("before "));
    EXPECT_TRUE(is_well_formed(out.substr(7))) << out;
    return out.substr(7);
}

TEST(IndexFetch, WritesWhatTheEntryHas) {
    const Mailbox mailbox(kPlainMessage);
    EXPECT_EQ(answer(mailbox, "UID FLAGS"),
              "* 3 FETCH (UID 7 FLAGS (\\Seen \\Flagged $Forwarded work))\r\n");
    EXPECT_EQ(answer(mailbox, "INTERNALDATE RFC822.SIZE MODSEQ SAVEDATE"),
              "* 3 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 +0000\" RFC822.SIZE " +
                  std::to_string(kPlainMessage.size()) +
                  " MODSEQ (9000000001) SAVEDATE \"29-Feb-2024 00:00:00 +0000\")\r\n");
    EXPECT_EQ(answer(mailbox, "EMAILID THREADID"),
              "* 3 FETCH (EMAILID (" + mailbox.view().at(0).blob.text() + ") THREADID NIL)\r\n");
    EXPECT_EQ(answer(mailbox, "PREVIEW"), "* 3 FETCH (PREVIEW \"The minutes follow.\")\r\n");
}

TEST(IndexFetch, NamesTheMessageByItsUid) {
    // RFC 9586 §3.3
    EXPECT_EQ(answer(Mailbox(kPlainMessage), "FLAGS", {.uid_only = true}),
              "* 7 UIDFETCH (FLAGS (\\Seen \\Flagged $Forwarded work))\r\n");
}

TEST(IndexFetch, SaysTheSameAsWithTheBody) {
    const std::string message = nested_message().whole();
    const Mailbox mailbox(message, encoded_summary_of(message), "$Forwarded");
    constexpr std::string_view kItems =
        "UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ SAVEDATE EMAILID "
        "THREADID PREVIEW";
    EXPECT_EQ(answer(mailbox, kItems), fetch(kItems, message).text);
    const FetchedMessage copy = copy_message(3, mailbox.view(), mailbox.view().at(0), true);
    EXPECT_EQ(copy.number, 3U);
    EXPECT_EQ(copy.entry.uid, 7U);
    EXPECT_EQ(copy.keywords, std::vector<std::string>{"$Forwarded"});
    EXPECT_EQ(copy.summary, encoded_summary_of(message));
    EXPECT_TRUE(copy_message(3, mailbox.view(), mailbox.view().at(0), false).summary.empty());
}

TEST(IndexFetch, AllocatesNothingBesideTheAnswer) {
    const Mailbox mailbox(nested_message().whole());
    const FetchPlan plan(fetch_items("UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE "
                                     "EMAILID MODSEQ PREVIEW"),
                         {});
    const storage::MailboxView view = mailbox.view();
    const storage::MailboxEntry& entry = view.at(0);
    std::string out;
    out.reserve(size_t{1} << 20);
    const uint64_t before = tests::allocation_count();
    for (uint32_t number = 1; number <= 100; ++number)
        ASSERT_TRUE(write_fetch(plan, number, view, entry, out));
    if (tests::kAllocationsCounted) {
        EXPECT_EQ(tests::allocation_count(), before);
    }
}

TEST(IndexFetch, LeavesOutNothingOfASummaryThatIsOfNoUse) {
    std::vector<uint8_t> other_version = encoded_summary_of(kPlainMessage);
    ++other_version[0];
    const std::vector<uint8_t> damaged(other_version.begin() + 1, other_version.end() - 60);
    for (const auto& summary : {std::vector<uint8_t>(), other_version, damaged}) {
        const Mailbox mailbox(kPlainMessage, summary, "");
        for (const std::string items : {"UID ENVELOPE", "BODYSTRUCTURE", "FLAGS PREVIEW"}) {
            const FetchPlan plan(fetch_items(items), {});
            std::string out = "before";
            EXPECT_FALSE(write_fetch(plan, 3, mailbox.view(), mailbox.view().at(0), out));
            EXPECT_EQ(out, "before");
        }
        EXPECT_EQ(answer(mailbox, "UID PREVIEW (LAZY)"), "* 3 FETCH (UID 7 PREVIEW NIL)\r\n");
    }
}

TEST(FetchPlanOf, TellsWhatItNeeds) {
    struct Case {
        std::string items;
        bool body, summary, seen;
    };
    const Case cases[] = {
        {"UID FLAGS INTERNALDATE MODSEQ EMAILID SAVEDATE", false, false, false},
        {"UID ENVELOPE", false, true, false},
        {"PREVIEW", false, true, false},
        {"PREVIEW (LAZY)", false, false, false},
        {"BODY", false, true, false},
        {"BODY[]", true, false, true},
        {"BODY.PEEK[]", true, false, false},
        {"BODY.PEEK[HEADER]", true, true, false},
        {"BODY[1]", true, true, true},
        {"BINARY[1]", true, true, true},
        {"BINARY.PEEK[1]", true, true, false},
        {"BINARY.SIZE[1]", true, true, false},
        {"RFC822", true, false, true},
        {"RFC822.HEADER", true, true, false},
        {"RFC822.TEXT", true, true, true},
    };
    for (const Case& wanted : cases) {
        const FetchPlan plan(fetch_items(wanted.items), {});
        EXPECT_EQ(plan.needs_body(), wanted.body) << wanted.items;
        EXPECT_EQ(plan.needs_summary(), wanted.summary) << wanted.items;
        EXPECT_EQ(plan.sets_seen(), wanted.seen) << wanted.items;
    }
    EXPECT_TRUE(FetchPlan(fetch_items("UID FLAGS"), {}).has(FetchItem::Kind::flags));
    EXPECT_FALSE(FetchPlan(fetch_items("UID FLAGS"), {}).has(FetchItem::Kind::modseq));
}

}  // namespace
}  // namespace gatepost::dataplane

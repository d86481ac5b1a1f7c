#include "dataplane/imap/mailbox_filter.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatepost::tests {

using namespace dataplane;

namespace {

using Kind = MailboxFilter::Kind;

constexpr uint64_t kAda = 1;
constexpr uint64_t kBob = 2;

// Of Ada's list: what the filter has, with blanks between.
std::string meant(Kind kind, std::vector<std::string> names = {}) {
    const storage::MailboxListing list[] = {
        {.mailbox_id = 1, .owner_id = kAda, .name = "INBOX", .subscribed = true},
        {.mailbox_id = 2, .owner_id = kAda, .name = "Work"},
        {.mailbox_id = 3, .owner_id = kAda, .name = "Work/2026", .subscribed = true},
        {.mailbox_id = 4, .owner_id = kAda, .name = "Work/2026/May"},
        {.mailbox_id = 5, .owner_id = kAda, .name = "Workshop"},
        {.mailbox_id = 6, .owner_id = kBob, .name = "Other Users/bob/INBOX", .subscribed = true},
    };
    std::ranges::sort(names);
    const MailboxFilter filter{kind, std::move(names)};
    std::string found;
    for (const storage::MailboxListing& mailbox : list)
        if (is_meant(filter, mailbox, kAda))
            found.append(found.empty() ? "" : " ").append(mailbox.name);
    return found;
}

TEST(MailboxFilter, WithoutNames) {
    EXPECT_EQ(meant(Kind::selected), "");
    EXPECT_EQ(meant(Kind::selected_delayed), "");
    EXPECT_EQ(meant(Kind::inboxes), "INBOX");
    EXPECT_EQ(meant(Kind::personal), "INBOX Work Work/2026 Work/2026/May Workshop");
    EXPECT_EQ(meant(Kind::subscribed), "INBOX Work/2026 Other Users/bob/INBOX");
}

TEST(MailboxFilter, Names) {
    EXPECT_EQ(meant(Kind::mailboxes, {"Workshop", "Other Users/bob/INBOX", "Nowhere"}),
              "Workshop Other Users/bob/INBOX");
    EXPECT_EQ(meant(Kind::mailboxes, {"work"}), "");
}

TEST(MailboxFilter, Subtrees) {
    EXPECT_EQ(meant(Kind::subtree, {"Work"}), "Work Work/2026 Work/2026/May");
    EXPECT_EQ(meant(Kind::subtree, {"Work/2026", "Other Users"}),
              "Work/2026 Work/2026/May Other Users/bob/INBOX");
    EXPECT_EQ(meant(Kind::subtree, {"Wor"}), "");
    EXPECT_EQ(meant(Kind::subtree, {""}),
              "INBOX Work Work/2026 Work/2026/May Workshop Other Users/bob/INBOX");
}

// RFC 7377 §2.2.
TEST(MailboxFilter, OneLevelOfSubtrees) {
    EXPECT_EQ(meant(Kind::subtree_one, {"Work"}), "Work Work/2026");
    EXPECT_EQ(meant(Kind::subtree_one, {"Work/2026"}), "Work/2026 Work/2026/May");
    EXPECT_EQ(meant(Kind::subtree_one, {""}), "INBOX Work Workshop");
}

}  // namespace

}  // namespace gatepost::tests

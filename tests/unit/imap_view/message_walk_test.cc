#include "dataplane/imap_view/message_walk.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::MessageWalk;

TEST(MessageWalk, OfNothing) {
    MailboxIndexRig rig;
    ASSERT_TRUE(rig.load(4, 0).has_value());
    MessageWalk walk(rig.mailbox(4), 1);
    EXPECT_EQ(walk.entry(), nullptr);
    walk.seek(UINT32_MAX);
    EXPECT_EQ(walk.entry(), nullptr);
}

// As lower_bound() and at() have it, over many chunks and gaps.
TEST(MessageWalk, StepsAndSeeksAsTheViewDoes) {
    MailboxIndexRig rig;
    storage::MailboxUpdate whole;
    std::mt19937 random(5);
    uint32_t uid = 0;
    for (int i = 0; i < 5000; ++i) {
        uid += 1 + (random() % 8 == 0 ? random() % 50 : 0);
        whole.messages.push_back(message_of(uid, 1));
    }
    whole.status = status_of(4, 1, whole.messages.size());
    whole.status.uid_next = uid + 1;
    ASSERT_TRUE(rig.writer().load(whole).has_value());
    const storage::MailboxView mailbox = rig.mailbox(4);
    ASSERT_GT(mailbox.chunk_count(), 3u);
    for (int run = 0; run < 200; ++run) {
        uint32_t wanted = random() % 100;
        MessageWalk walk(mailbox, wanted);
        size_t at = mailbox.lower_bound(wanted);
        while (at < mailbox.size()) {
            ASSERT_EQ(walk.entry(), &mailbox.at(at));
            if (random() % 4 != 0) {
                walk.next();
                ++at;
                continue;
            }
            wanted = mailbox.at(at).uid + static_cast<uint32_t>(random() % 3000);
            walk.seek(wanted);
            at = mailbox.lower_bound(wanted);
        }
        EXPECT_EQ(walk.entry(), nullptr);
    }
}

}  // namespace
}  // namespace gatepost::tests

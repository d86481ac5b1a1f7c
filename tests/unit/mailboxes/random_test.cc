// Many operations at random, of a worker and by hand, and what the index shows compared with what
// the database has.
#include <random>

#include "tests/unit/mailboxes/service_fixture.h"

namespace gatepost::controlplane {
namespace {

using namespace gatepost::storage;

constexpr int kOperations = 20'000;
constexpr int kAtOnce = 20;

class MailboxOperations : public MailboxServiceTest {
  protected:
    uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random() % limit); }
    UidSet uids() {
        UidSet set;
        uint32_t at = 1;
        for (uint32_t ranges = 1 + below(3); ranges > 0; --ranges) {
            const uint32_t first = at + below(40);
            const uint32_t last = first + below(6);
            set.push_back({first, last});
            at = last + 2;
        }
        return set;
    }
    MailboxRequest request() {
        const uint64_t box = boxes[below(static_cast<uint32_t>(boxes.size()))];
        const uint64_t other = boxes[below(static_cast<uint32_t>(boxes.size()))];
        switch (below(20)) {
            case 0:
            case 1:
                return append(box, 1 + static_cast<int>(below(4)));
            case 2:
                return CopyMessages{box, uids(), other, false};
            case 3:
                return CopyMessages{box, uids(), other == box ? boxes[0] : other, box != boxes[0]};
            case 4:
                return ExpungeMessages{box, uids(), below(2) == 0};
            case 5: {
                StoreFlags conditional = store(box, uids(), FlagAction::add, kFlagFlagged);
                conditional.unchanged_since = below(2000);
                return conditional;
            }
            default: {
                std::vector<std::string> keywords;
                if (below(4) == 0) keywords.push_back("key" + std::to_string(below(20)));
                return store(box, uids(), static_cast<FlagAction>(below(3)),
                             static_cast<uint8_t>(below(32)), std::move(keywords));
            }
        }
    }
    void by_hand() {
        const uint64_t box = boxes[below(static_cast<uint32_t>(boxes.size()))];
        switch (below(3)) {
            case 0:
                return deliver(database, 1, 3);
            // Others that lock rows before mailboxes may be told to try again.
            case 1:
                return (void)database.exec(
                    fmt::format("UPDATE gatepost.messages SET flags = {} WHERE "
                                "mailbox_id = {} AND uid % 7 = {}",
                                below(32), box, below(7)));
            default:
                return (void)database.exec(
                    fmt::format("DELETE FROM gatepost.messages WHERE "
                                "mailbox_id = {} AND uid % 11 = {}",
                                box, below(11)));
        }
    }

    std::mt19937 random{20260101};
    std::vector<uint64_t> boxes;
};

TEST_F(MailboxOperations, AreAsTheDatabaseHasThem) {
    start();
    deliver(database, 1, 60);
    for (const char* name : {"INBOX", "Sent", "Trash", "Archive"})
        boxes.push_back(mailbox_id(database, 1, name));
    MailboxWorker worker = opened();
    for (const uint64_t box : boxes) ASSERT_TRUE(worker.ask(OpenMailbox{box}).ok());
    for (int done = 0; done < kOperations; done += kAtOnce) {
        std::vector<uint64_t> sent;
        for (int i = 0; i < kAtOnce; ++i) sent.push_back(worker.send(request()));
        if (below(10) == 0) by_hand();
        for (const uint64_t sequence : sent) {
            const MailboxReply reply = worker.receive(sequence);
            ASSERT_NE(reply.outcome, MailboxOutcome::unavailable) << reply.text;
        }
        if (done % 1000 != 0) continue;
        for (const uint64_t box : boxes)
            ASSERT_TRUE(edge->shows(box, messages_in_database(database, box)));
    }
    for (const uint64_t box : boxes)
        ASSERT_TRUE(edge->shows(box, messages_in_database(database, box)));
    // The counters that the database keeps are what is there.
    EXPECT_EQ(value(database,
                    "SELECT count(*) FROM gatepost.mailboxes b CROSS JOIN LATERAL (SELECT count(*) "
                    "AS n, count(*) FILTER (WHERE m.flags & 1 = 0) AS unseen, count(*) FILTER "
                    "(WHERE m.flags & 8 <> 0) AS deleted FROM gatepost.messages m WHERE "
                    "m.mailbox_id = b.id) AS c WHERE b.message_count <> c.n OR b.unseen_count <> "
                    "c.unseen OR b.deleted_count <> c.deleted"),
              "0");
}

}  // namespace
}  // namespace gatepost::controlplane

// What the control plane and a compaction may do between two looks of a session at the index.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

constexpr const char* kCommands[] = {
    "SELECT INBOX",
    "FETCH 1:* (UID FLAGS)",
    "UID FETCH 2:4 (ENVELOPE BODYSTRUCTURE)",
    "FETCH 1:3 (BODY[TEXT])",
    "FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])",
    "STORE 1:2 +FLAGS (\\Flagged)",
    "STORE 2:3 +FLAGS.SILENT (\\Answered)",
    "SEARCH FLAGGED",
    "SEARCH TEXT four",
    "SORT (SUBJECT) UTF-8 ALL",
    "COPY 1:2 Sent",
    "UID MOVE 5 Sent",
    "APPEND INBOX CATENATE (URL \"/INBOX/;UID=1/;SECTION=TEXT\")",
    "ENABLE QRESYNC",
    "SELECT INBOX (QRESYNC (1001 3))",
    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3 VANISHED)",
    "UID FETCH 1:* (BODY[TEXT]) (CHANGEDSINCE 8)",
    "STORE 1 +FLAGS (\\Deleted)",
    "CLOSE",
    "STATUS INBOX (MESSAGES UNSEEN)",
};

class Conversation {
  public:
    Conversation() : rig_(world) {
        for (const char* subject : {"one", "two", "three", "four", "five"})
            world.deliver(world.inbox, sample_message(subject));
        rig_.log_in();
    }

    // What the server says, command by command.
    std::vector<std::string> run() {
        std::vector<std::string> said;
        for (const char* command : kCommands) said.push_back(rig_.command(command));
        EXPECT_FALSE(rig_.has_ended());
        return said;
    }

    ImapWorld world;

  private:
    ImapRig rig_;
};

TEST(IndexChanges, AMailboxMayGoAtAnyLookAndNobodyNotices) {
    const std::vector<std::string> wanted = Conversation().run();
    size_t looks = 1;
    for (size_t at = 1; at <= looks; ++at) {
        Conversation conversation;
        size_t look = 0;
        conversation.world.boxes.on_look = [&] {
            if (++look == at) conversation.world.boxes.evict(conversation.world.inbox);
        };
        const std::vector<std::string> said = conversation.run();
        for (size_t i = 0; i < wanted.size(); ++i)
            ASSERT_EQ(said[i], wanted[i]) << kCommands[i] << ", evicted at look " << at;
        looks = look;
    }
    EXPECT_GT(looks, 50U);
}

// As where memory is short for long.
TEST(IndexChanges, AMailboxThatIsNeverThereIsUnavailable) {
    for (const size_t every : {1, 2, 3}) {
        Conversation conversation;
        size_t look = 0;
        conversation.world.boxes.on_look = [&] {
            if (++look % every == 0) conversation.world.boxes.evict(conversation.world.inbox);
        };
        for (const std::string& said : conversation.run()) {
            const bool refused = said.find(" NO [UNAVAILABLE] ") != std::string::npos ||
                                 said.find(" BAD [CLIENTBUG] ") != std::string::npos;
            EXPECT_TRUE(refused || said.find(" OK ") != std::string::npos) << said;
        }
    }
}

// The old place is gone when the second piece is read.
class MovedBody : public testing::Test {
  protected:
    MovedBody() : rig(world) {
        uid = world.deliver(world.inbox, message);
        rig.log_in();
        rig.command("SELECT INBOX");
        world.bodies.on_read = [this] {
            if (++reads != 2) return;
            MemoryMessage& moved = world.boxes.mailbox(world.inbox).messages.at(uid);
            world.boxes.move_body(world.inbox, uid, world.bodies.move(moved.given.body));
        };
    }

    const std::string message = sample_message("large", 20'000);
    ImapWorld world;
    ImapRig rig;
    uint32_t uid = 0;
    int reads = 0;
};

TEST_F(MovedBody, IsFetchedFromItsNewPlace) {
    EXPECT_EQ(rig.command("FETCH 1 (BODY.PEEK[])"),
              fmt::format("* 1 FETCH (BODY[] {{{}}}\r\n{})\r\na2 OK FETCH completed\r\n",
                          message.size(), message));
    EXPECT_GT(reads, 2);
}

TEST_F(MovedBody, IsCatenatedFromItsNewPlace) {
    const std::string said = rig.command("APPEND INBOX CATENATE (URL \"/INBOX/;UID=1\")");
    EXPECT_NE(said.find("a2 OK [APPENDUID 1001 2]"), std::string::npos) << said;
    const auto& made = world.boxes.mailbox(world.inbox).messages.at(2).given.body;
    EXPECT_EQ(world.bodies.bodies.at(made.segment), message);
    EXPECT_GT(reads, 2);
}

// The UID is another message's then.
TEST_F(MovedBody, IsNotLookedForInAnotherMailbox) {
    world.bodies.on_read = [this] {
        if (++reads != 2) return;
        MemoryMailbox& mailbox = world.boxes.mailbox(world.inbox);
        ++mailbox.uid_validity;
        const auto other = world.bodies.put(std::string(message.size(), 'x'));
        world.bodies.bodies.erase(mailbox.messages.at(uid).given.body.segment);
        world.boxes.move_body(world.inbox, uid, other);
    };
    EXPECT_EQ(rig.command("FETCH 1 (BODY.PEEK[])").find("xx"), std::string::npos);
    EXPECT_TRUE(rig.has_ended());
}

}  // namespace

}  // namespace gatepost::tests

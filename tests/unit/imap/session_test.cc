// What transcripts cannot show: TLS, clients that do not read, memory.
#include <gtest/gtest.h>

#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using namespace dataplane;

TEST(ImapSession, DoesNotReadOnWhileTheClientDoesNotRead) {
    ImapWorld world;
    for (int i = 0; i < 3000; ++i) world.deliver(world.inbox, sample_message("many"));
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    rig.rig.transport.send_blocked = true;
    rig.command("FETCH 1:* (FLAGS UID ENVELOPE)");
    EXPECT_LT(rig.rig.stream->unsent(), size_t{256} << 10);
    rig.rig.transport.send_blocked = false;
    rig.rig.transport.run();
    const std::string said = rig.rig.transport.take_sent();
    EXPECT_NE(said.find("* 3000 FETCH"), std::string::npos);
    EXPECT_TRUE(said.ends_with("OK FETCH completed\r\n"));
}

TEST(ImapSession, EndsWhereTheClientNeverReads) {
    ImapWorld world;
    for (int i = 0; i < 3000; ++i) world.deliver(world.inbox, sample_message("many"));
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    rig.rig.transport.send_blocked = true;
    rig.command("FETCH 1:* (FLAGS UID ENVELOPE)");
    rig.advance(61'000);
    rig.advance(3'000);
    EXPECT_EQ(rig.end, storage::StreamEnd::not_read);
}

TEST(ImapSession, IsKnownToTheWorkerUntilItsEnd) {
    ImapWorld world;
    {
        ImapRig rig(world);
        rig.log_in();
        EXPECT_EQ(world.counts.logged_in.load(), 1U);
        rig.command("SELECT INBOX");
        rig.command("IDLE");
        EXPECT_EQ(world.counts.idling.load(), 1U);
        const auto notes = world.boxes.notes();
        ASSERT_EQ(notes.size(), 1U);
        EXPECT_EQ(notes[0].user, "ada@example.org");
        EXPECT_EQ(notes[0].what, "idle in INBOX");
        rig.rig.transport.arrive_end();
        rig.rig.transport.run();
        EXPECT_TRUE(rig.has_ended());
    }
    EXPECT_FALSE(world.boxes.has_watchers());
    EXPECT_EQ(world.counts.logged_in.load(), 0U);
    EXPECT_EQ(world.counts.idling.load(), 0U);
}

// A change that comes while the client does not read is told once it does.
TEST(ImapSession, TellsInIdleWhatHappensWhileItCannotSpeak) {
    ImapWorld world;
    for (int i = 0; i < 3000; ++i) world.deliver(world.inbox, sample_message("many"));
    ImapRig rig(world), other(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    rig.command("IDLE");
    rig.rig.transport.send_blocked = true;
    other.log_in();
    other.command("SELECT INBOX");
    other.command("STORE 1:* +FLAGS (\\Seen \\Answered \\Flagged)");
    rig.listen();
    world.deliver(world.inbox, sample_message("one more"));
    rig.listen();
    rig.rig.transport.send_blocked = false;
    rig.rig.transport.run();
    const std::string said = rig.rig.transport.take_sent();
    EXPECT_NE(said.find("* 3000 FETCH"), std::string::npos);
    EXPECT_TRUE(said.ends_with("* 3001 EXISTS\r\n"));
}

// What the index has let go of is not asked for where nothing has changed.
TEST(ImapSession, NeedsNoMessagesToSayThatNothingHasChanged) {
    ImapWorld world;
    world.deliver(world.inbox, sample_message("one"));
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    world.boxes.evict(world.inbox);
    const size_t asked = world.boxes.asked.size();
    EXPECT_EQ(rig.command("NOOP"), "a2 OK NOOP completed\r\n");
    EXPECT_EQ(world.boxes.asked.size(), asked);
}

// Idle sessions are many.
TEST(ImapSession, HoldsNoBuffersWhileItWaits) {
    ImapWorld world;
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    rig.command("IDLE");
    EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
}

TEST(ImapSession, ForgetsAMessageWhoseClientHasGone) {
    ImapWorld world;
    ImapRig rig(world);
    rig.log_in();
    rig.send("a APPEND INBOX {1000+}\r\nSubject: x\r\n");
    EXPECT_EQ(world.bodies.under_way, 1U);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(world.bodies.under_way, 0U);
    EXPECT_TRUE(world.boxes.mailbox(world.inbox).messages.empty());
}

}  // namespace

}  // namespace gatepost::tests

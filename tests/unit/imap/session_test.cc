// What transcripts cannot show: TLS, clients that do not read, memory.
#include <fmt/format.h>
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

// What the client logged in with is good no more.
TEST(ImapSession, EndsWithItsLogin) {
    const std::string kEnd =
        "* BYE [AUTHENTICATIONFAILED] This login is good no more; log in again\r\n";
    ImapWorld world;
    ImapRig idle(world), waiting(world), appending(world), nobody(world);
    idle.log_in();
    idle.command("SELECT INBOX");
    idle.command("IDLE");
    waiting.log_in();
    appending.log_in();
    appending.send("a APPEND INBOX {1000}\r\n");
    appending.send("From: ");
    nobody.log_in();
    nobody.command("UNAUTHENTICATE");
    EXPECT_EQ(world.logins.watched(), 3U);
    world.logins.end_all();
    for (ImapRig* rig : {&idle, &waiting, &appending}) {
        EXPECT_EQ(rig->listen(), kEnd);
        EXPECT_TRUE(rig->has_ended());
        EXPECT_EQ(rig->end, storage::StreamEnd::server);
    }
    EXPECT_FALSE(nobody.has_ended()) << "it lives by no login any more";
    EXPECT_EQ(world.counts.logged_in.load(), 0U);

    // A long answer is not said to its end.
    for (int i = 0; i < 3000; ++i) world.deliver(world.inbox, sample_message("many"));
    ImapRig reading(world);
    reading.log_in();
    reading.command("SELECT INBOX");
    reading.rig.transport.send_blocked = true;
    reading.command("FETCH 1:* (FLAGS UID ENVELOPE)");
    world.logins.end_all();
    reading.rig.transport.send_blocked = false;
    reading.rig.transport.run();
    EXPECT_EQ(reading.rig.transport.take_sent().find("* 3000 FETCH"), std::string::npos);
    EXPECT_TRUE(reading.has_ended());
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

// RFC 9585: a client that hears nothing takes the server for dead.
TEST(ImapSession, SaysThatALongSearchGoesOn) {
    ImapWorld world;
    for (int i = 0; i < 4; ++i) world.deliver(world.inbox, sample_message("large", 250'000));
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    uint64_t ms = 9'000;
    world.on_pause = [&](uint32_t) {
        rig.rig.now_ms += ms;
        rig.rig.timers.advance(rig.rig.now_ms);
    };
    const std::string often = rig.command("SEARCH TEXT nowhere");
    EXPECT_TRUE(often.ends_with("* SEARCH\r\na2 OK SEARCH completed\r\n")) << often;
    EXPECT_NE(often.find("* OK [INPROGRESS (\"a2\" "), std::string::npos) << often;
    EXPECT_NE(often.find(" 4)] "), std::string::npos) << "of how many";
    // What is done sooner says nothing.
    ms = 0;
    EXPECT_EQ(rig.command("SEARCH TEXT nowhere"), "* SEARCH\r\na3 OK SEARCH completed\r\n");
}

// RFC 2231 §3: sections may come in any order, and be as many as a field has room for.
TEST(ImapSession, AParameterInThousandsOfSectionsCostsNoMoreThanSome) {
    std::string message = "Content-Type: text/plain";
    for (int i = 4000; i-- > 0;) message += fmt::format("; a*{}*=%41", i);
    ImapWorld world;
    world.deliver(world.inbox, message + "\r\n\r\nText\r\n");
    ImapRig rig(world);
    rig.log_in();
    rig.command("SELECT INBOX");
    const std::string said = rig.command("FETCH 1 (BODYSTRUCTURE)");
    EXPECT_TRUE(said.starts_with("* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" ")) << said;
    EXPECT_LT(said.size(), 500U) << "the sections beyond the first ones are left out";
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

// What transcripts cannot show: TLS, clients that do not read, memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/pop3/pop3_limits.h"
#include "storage/password/base64.h"
#include "tests/unit/pop3/pop3_rig.h"

namespace gatepost::tests {

namespace {

using namespace dataplane;

TEST(Pop3Session, ListsAMailboxWithoutReadingAhead) {
    ImapWorld world;
    for (int i = 0; i < 3000; ++i) world.deliver(world.inbox, sample_message("many"));
    Pop3Rig rig(world);
    EXPECT_TRUE(rig.log_in().starts_with("+OK"));
    rig.rig.transport.send_blocked = true;
    for (int i = 0; i < 40; ++i) rig.command("UIDL");
    EXPECT_LT(rig.rig.stream->unsent(), size_t{256} << 10);
    rig.rig.transport.send_blocked = false;
    rig.rig.transport.run();
    const std::string said = rig.rig.transport.take_sent();
    EXPECT_NE(said.find("\r\n3000 00000bb8"), std::string::npos);
    EXPECT_TRUE(said.ends_with("\r\n.\r\n"));
}

TEST(Pop3Session, SendsALargeMessageInPieces) {
    ImapWorld world;
    const std::string message = sample_message("large", 200'000);
    world.deliver(world.inbox, message);
    Pop3Rig rig(world);
    rig.log_in();
    rig.rig.transport.send_blocked = true;
    rig.command("RETR 1");
    EXPECT_LT(rig.rig.stream->unsent(), size_t{256} << 10);
    rig.rig.transport.send_blocked = false;
    rig.rig.transport.run();
    EXPECT_EQ(rig.rig.transport.take_sent(),
              fmt::format("+OK {} octets\r\n{}.\r\n", message.size(), message));
}

// RFC 6856 §2.1: the size that RETR tells is of what it sends, or there is none.
TEST(Pop3Session, TellsNoSizeOfAHeaderThatItHasNotRead) {
    ImapWorld world;
    const std::string fields = "Subject: \xc3\xbc\r\nX-Long: " + std::string(40'000, 'x') + "\r\n";
    world.deliver(world.inbox, fields + "\r\nbody\r\n");
    Pop3Rig rig(world);
    rig.log_in();
    EXPECT_TRUE(
        rig.command("RETR 1").starts_with("+OK Here it is\r\nSubject: =?utf-8?B?w7w=?=\r\n"));
}

TEST(Pop3Session, EndsWhereTheClientNeverReads) {
    ImapWorld world;
    world.deliver(world.inbox, sample_message("large", 200'000));
    Pop3Rig rig(world);
    rig.log_in();
    rig.rig.transport.send_blocked = true;
    rig.command("RETR 1");
    rig.advance(61'000);
    rig.advance(3'000);
    EXPECT_EQ(rig.end, storage::StreamEnd::not_read);
}

TEST(Pop3Session, IsKnownToTheWorkerUntilItsEnd) {
    ImapWorld world;
    {
        Pop3Rig rig(world);
        rig.log_in();
        EXPECT_EQ(world.counts.pop3_sessions.load(), 1U);
        EXPECT_EQ(world.counts.logged_in.load(), 1U);
        const auto notes = world.boxes.notes();
        ASSERT_EQ(notes.size(), 1U);
        EXPECT_EQ(notes[0].service, "pop3");
        EXPECT_EQ(notes[0].user, "ada@example.org");
        rig.rig.transport.arrive_end();
        rig.rig.transport.run();
        EXPECT_TRUE(rig.has_ended());
    }
    EXPECT_FALSE(world.boxes.has_watchers());
    EXPECT_EQ(world.counts.logged_in.load(), 0U);
}

// What the client logged in with is good no more.
TEST(Pop3Session, EndsWithItsLogin) {
    ImapWorld world;
    Pop3Rig rig(world);
    rig.log_in();
    world.logins.end_all();
    rig.rig.transport.run();
    EXPECT_EQ(rig.rig.transport.take_sent(),
              "-ERR [AUTH] This login is good no more; log in again\r\n");
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::server);

    // What is being sent is not sent to its end.
    const std::string message = sample_message("large", 500'000);
    world.deliver(world.inbox, message);
    Pop3Rig reading(world);
    reading.log_in();
    reading.rig.transport.send_blocked = true;
    reading.command("RETR 1");
    world.logins.end_all();
    reading.rig.transport.send_blocked = false;
    reading.rig.transport.run();
    EXPECT_LT(reading.rig.transport.take_sent().size(), message.size());
    EXPECT_TRUE(reading.has_ended());
}

// Asks with a token that is wrong, and is told so.
void guess_token(Pop3Rig& rig) {
    const std::string said =
        rig.command("AUTH OAUTHBEARER " + storage::encode_base64("n,a=ada@example.org,\x01"
                                                                 "auth=Bearer wrong\x01\x01"));
    EXPECT_EQ(said, "+ " + storage::encode_base64(R"({"status":"invalid_token"})") + "\r\n");
}

// RFC 7628 §3.2.3: the client knows it before it answers to that.
TEST(Pop3Session, ATokenThatIsWrongIsALoginThatFailedWhateverIsSaidToIt) {
    ImapWorld world;
    size_t failures = 0;
    const auto expect_failed = [&] {
        ++failures;
        EXPECT_EQ(world.damper.failures, failures);
        EXPECT_EQ(world.counts.logins_failed.load(), failures);
        ASSERT_EQ(world.logins.ended_wrong.size(), failures);
        EXPECT_EQ(world.logins.ended_wrong.back(), "ada@example.org");
    };
    Pop3Rig rig(world);
    rig.start();
    guess_token(rig);
    EXPECT_EQ(rig.command("AQ=="), "-ERR [AUTH] The name or the password is wrong\r\n");
    expect_failed();
    guess_token(rig);
    EXPECT_EQ(rig.command("*"), "-ERR You have cancelled it\r\n");
    expect_failed();
    EXPECT_EQ(world.paused_ms, 300U);
    guess_token(rig);
    EXPECT_EQ(rig.command("!"), "-ERR That is no base64\r\n");
    expect_failed();
    rig.command("AUTH OAUTHBEARER");
    rig.command("*");
    EXPECT_EQ(world.damper.failures, failures) << "nothing was checked";
    guess_token(rig);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    EXPECT_TRUE(rig.has_ended());
    expect_failed();

    Pop3Rig late(world);
    late.start();
    guess_token(late);
    late.advance(pop3_options().login_ms + 1000);
    EXPECT_TRUE(late.has_ended());
    EXPECT_NE(late.end, storage::StreamEnd::protocol);
    expect_failed();

    Pop3Rig long_line(world);
    long_line.start();
    guess_token(long_line);
    EXPECT_EQ(long_line.send(std::string(20'000, 'x')), "-ERR That line is too long\r\n");
    expect_failed();
}

TEST(Pop3Session, TokensThatAreWrongAndCancelledEndTheSession) {
    ImapWorld world;
    Pop3Rig rig(world);
    rig.start();
    for (size_t i = 1; i <= kPop3FailedLoginsMax; ++i) {
        EXPECT_FALSE(rig.has_ended());
        guess_token(rig);
        EXPECT_EQ(rig.command("*"), "-ERR You have cancelled it\r\n");
    }
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::protocol);
}

// What QUIT deletes goes in one request, as a whole or not at all.
TEST(Pop3Session, DeletesInOneRequest) {
    ImapWorld world;
    for (int i = 0; i < 5; ++i) world.deliver(world.inbox, sample_message("some"));
    Pop3Rig rig(world);
    rig.log_in();
    world.boxes.asked.clear();
    rig.send("DELE 1\r\nDELE 2\r\nDELE 4\r\nQUIT\r\n");
    ASSERT_EQ(world.boxes.asked.size(), 1U);
    const auto* request = std::get_if<storage::ExpungeMessages>(&world.boxes.asked[0]);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->uids, (storage::UidSet{{1, 2}, {4, 4}}));
    EXPECT_FALSE(request->deleted_only);
}

TEST(Pop3Session, HoldsNoBuffersWhileItWaits) {
    ImapWorld world;
    Pop3Rig rig(world);
    rig.log_in();
    EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
}

}  // namespace

}  // namespace gatepost::tests

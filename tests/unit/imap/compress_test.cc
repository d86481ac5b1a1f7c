// COMPRESS=DEFLATE (RFC 4978): what transcripts, which are all played compressed too, cannot show.
#include <gtest/gtest.h>

#include <string>

#include "dataplane/stream_deflate/compression_limits.h"
#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using namespace dataplane;

class ImapCompress : public testing::Test {
  protected:
    ImapCompress() {
        world.on_pause = [this](uint32_t ms) { turns += ms == 0; };
    }
    void begin() {
        rig.log_in();
        ASSERT_EQ(rig.compress(), "z OK Compressed from here on\r\n");
    }
    const CompressionCounters& counts() const { return world.counts.compression; }

    ImapWorld world;
    ImapRig rig{world};
    size_t turns = 0;  // that were left to other sessions
};

TEST_F(ImapCompress, SavesMostOfALongAnswer) {
    for (int i = 0; i < 1000; ++i) world.deliver(world.inbox, sample_message("many"));
    begin();
    rig.command("SELECT INBOX");
    const std::string said = rig.command("FETCH 1:* (UID FLAGS ENVELOPE)");
    EXPECT_NE(said.find("* 1000 FETCH ("), std::string::npos);
    EXPECT_TRUE(said.ends_with(" OK FETCH completed\r\n"));
    EXPECT_GT(counts().said.load(), said.size());
    EXPECT_LT(counts().sent.load(), counts().said.load() / 5);
    EXPECT_EQ(counts().stored.load(), 0U);
}

TEST_F(ImapCompress, TakesBodiesAndGivesThemBack) {
    begin();
    rig.command("SELECT INBOX");
    std::string body = "Subject: large\r\n\r\n";
    while (body.size() < 3'000'000) body += std::to_string(body.size() * 7919) + " of it\r\n";
    const std::string appended =
        rig.send("p APPEND INBOX {" + std::to_string(body.size()) + "+}\r\n" + body + "\r\n");
    EXPECT_NE(appended.find("p OK [APPENDUID "), std::string::npos) << appended;
    const std::string said = rig.command("FETCH 1 BODY.PEEK[]");
    EXPECT_NE(said.find("{" + std::to_string(body.size()) + "}\r\n" + body), std::string::npos);
    // Others had their turns while it came.
    EXPECT_GE(turns, body.size() / kInflatedPerTurn / 2);
}

TEST_F(ImapCompress, HoldsHardlyAnythingWhileNothingIsSaid) {
    begin();
    rig.command("SELECT INBOX");
    rig.command("IDLE");
    EXPECT_EQ(counts().deflating.load(), 0U);
    EXPECT_EQ(counts().rested.load(), 1U);
    // It stays as it is until something happens.
    for (int i = 0; i < 5; ++i) EXPECT_EQ(rig.advance(10'000), "");
    EXPECT_EQ(counts().rested.load(), 1U);
    world.deliver(world.inbox, sample_message("one"));
    EXPECT_EQ(rig.listen(), "* 1 EXISTS\r\n");
    EXPECT_EQ(counts().deflating.load(), 0U);
    EXPECT_EQ(rig.send("DONE\r\n").substr(0, 2), "a2");
    EXPECT_EQ(rig.command("NOOP"), "a3 OK NOOP completed\r\n");
    // Between commands it waits a little for the next one.
    EXPECT_EQ(counts().deflating.load(), 1U);
    EXPECT_EQ(rig.advance(1'000), "");
    EXPECT_EQ(counts().deflating.load(), 1U);
    EXPECT_EQ(rig.advance(1'100), "");
    EXPECT_EQ(counts().deflating.load(), 0U);
    EXPECT_EQ(counts().rested.load(), 3U);
    EXPECT_EQ(counts().compressed.load(), 1U);
}

TEST_F(ImapCompress, EndsWhereThatIsNoDeflate) {
    begin();
    rig.rig.arrive("a NOOP\r\n");
    EXPECT_EQ(rig.take_said(), "* BYE [CLIENTBUG] That is not compressed as agreed\r\n");
    EXPECT_TRUE(rig.has_ended());
    EXPECT_EQ(rig.end, storage::StreamEnd::protocol);
    EXPECT_EQ(counts().broken.load(), 1U);
    EXPECT_EQ(counts().compressed.load(), 0U);
}

// Whenever it arrives, it is the beginning of what is compressed: that it is none ends the session.
TEST_F(ImapCompress, TakesNoCommandsThatWereSentTooEarly) {
    rig.log_in();
    rig.rig.arrive("z COMPRESS DEFLATE\r\na NOOP\r\n");
    const std::string sent = rig.rig.transport.take_sent();
    const size_t end = sent.find("\r\n") + 2;
    EXPECT_EQ(sent.substr(0, end), "z OK Compressed from here on\r\n");
    EXPECT_EQ(DeflatePeer().inflate(sent.substr(end)),
              "* BYE [CLIENTBUG] That is not compressed as agreed\r\n");
    EXPECT_TRUE(rig.has_ended());
}

TEST_F(ImapCompress, EndsACommandThatNeverDoes) {
    begin();
    // 100 MB of it, in some 100 KB.
    rig.rig.arrive(DeflatePeer(9).deflate("a NOOP " + std::string(100'000'000, 'x')));
    const std::string said = rig.take_said();
    EXPECT_NE(said.find("* BYE [TOOBIG] That command has no end\r\n"), std::string::npos) << said;
    EXPECT_TRUE(rig.has_ended());
    EXPECT_LT(counts().inflated.load(), 6'000'000U);
    EXPECT_GT(turns, 10U);
}

TEST_F(ImapCompress, RefusesOneTooMany) {
    rig.log_in();
    world.counts.compression.compressed.store(kCompressedMax);
    EXPECT_TRUE(rig.compress().starts_with("z NO [LIMIT] "));
    EXPECT_EQ(counts().refused.load(), 1U);
    EXPECT_EQ(rig.command("NOOP"), "a1 OK NOOP completed\r\n");
    world.counts.compression.compressed.store(kCompressedMax - 1);
    EXPECT_TRUE(rig.compress().starts_with("z OK "));
    EXPECT_EQ(rig.command("NOOP"), "a2 OK NOOP completed\r\n");
}

// RFC 8437 §3: it may be sent together with what logs in anew.
TEST_F(ImapCompress, EndsBehindUnauthenticate) {
    begin();
    rig.rig.arrive(rig.peer->deflate("u UNAUTHENTICATE\r\n") +
                   "l LOGIN bob@example.org secret\r\n");
    const std::string said = rig.take_said();
    EXPECT_TRUE(said.starts_with("u OK You are nobody again\r\nl OK [CAPABILITY ")) << said;
    EXPECT_EQ(rig.peer, nullptr);
    EXPECT_EQ(counts().compressed.load(), 0U);
    EXPECT_EQ(counts().deflating.load(), 0U);
}

}  // namespace

}  // namespace gatepost::tests

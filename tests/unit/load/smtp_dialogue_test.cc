#include "tools/load/mail/smtp_dialogue.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

using Step = SmtpDialogue::Step;

const std::string kContent = "Subject: x\r\n\r\nbody\r\n";

// A dialogue, and the server's part of it said by the test.
class Talk {
  public:
    explicit Talk(DialogueOptions options = {}, std::string user = "", std::string password = "")
        : options_(std::move(options)), dialogue_(options_) {
        dialogue_.begin(user, password);
    }

    // What the client says to that reply.
    std::string to(unsigned code, const std::string& text = "") {
        step = dialogue_.on_reply({code, text});
        return said();
    }
    std::string said() {
        const SmtpOutput& out = dialogue_.output();
        std::string text = out.head + std::string(out.body.begin(), out.body.end()) + out.tail;
        dialogue_.output().clear();
        return text;
    }
    // To where messages can be sent.
    void greet(const std::string& extensions = "mx\nPIPELINING\nCHUNKING") {
        to(220);
        to(250, extensions);
    }
    std::string send(std::vector<std::string_view> recipients) {
        OutgoingMessage message;
        message.number = 7;
        message.sender = "s@x";
        message.recipients = std::move(recipients);
        message.head = kContent.substr(0, 14);
        message.body = {reinterpret_cast<const uint8_t*>(kContent.data()) + 14, 6};
        dialogue_.send(std::move(message));
        return said();
    }
    // "a:accepted b:550@rcpt …"
    std::string fates() const {
        std::string text;
        for (const RecipientOutcome& one : dialogue_.outcome().recipients) {
            static constexpr const char* kNames[] = {"pending", "accepted", "", "unknown",
                                                     "unsent"};
            static constexpr const char* kStages[] = {"mail", "rcpt", "data", "final"};
            text += (text.empty() ? "" : " ") + std::string(one.address) + ":";
            text += one.fate == RecipientFate::rejected
                        ? std::to_string(one.code) + "@" + kStages[static_cast<size_t>(one.stage)]
                        : kNames[static_cast<size_t>(one.fate)];
        }
        return text;
    }
    SmtpDialogue& operator*() { return dialogue_; }
    SmtpDialogue* operator->() { return &dialogue_; }

    Step step = Step::replies;

  private:
    DialogueOptions options_;
    SmtpDialogue dialogue_;
};

TEST(SmtpDialogue, OneMessageStepByStep) {
    Talk talk;
    EXPECT_EQ(talk.to(220, "mx ready"), "EHLO load.example.test\r\n");
    EXPECT_EQ(talk.to(250, "mx"), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.send({"a@y", "b@y"}), "MAIL FROM:<s@x>\r\n");
    EXPECT_EQ(talk.to(250), "RCPT TO:<a@y>\r\n");
    EXPECT_EQ(talk.to(250), "RCPT TO:<b@y>\r\n");
    EXPECT_EQ(talk.to(250), "DATA\r\n");
    EXPECT_FALSE(talk->content_begun());
    EXPECT_EQ(talk.to(354), kContent + ".\r\n");
    EXPECT_TRUE(talk->content_begun());
    EXPECT_EQ(talk.to(250, "queued"), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_FALSE(talk->in_message());
    EXPECT_EQ(talk.fates(), "a@y:accepted b@y:accepted");
    talk->quit();
    EXPECT_EQ(talk.said(), "QUIT\r\n");
    EXPECT_EQ(talk.to(221), "");
    EXPECT_EQ(talk.step, Step::over);
    EXPECT_EQ(talk->failure(), SessionFailure::none);
}

TEST(SmtpDialogue, SizeIsToldWhereItIsOffered) {
    Talk talk;
    talk.greet("mx\nsize 1000");
    EXPECT_EQ(talk.send({"a@y"}), "MAIL FROM:<s@x> SIZE=20\r\n");
}

TEST(SmtpDialogue, PipeliningSaysAllAtOnce) {
    Talk talk({.pipelining = true});
    talk.greet();
    EXPECT_EQ(talk.send({"a@y", "b@y"}),
              "MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
    for (unsigned code : {250, 250, 550}) EXPECT_EQ(talk.to(code), "");
    EXPECT_EQ(talk.to(354), kContent + ".\r\n");
    EXPECT_EQ(talk.to(250), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:accepted b@y:550@rcpt");
}

TEST(SmtpDialogue, PipelinedDataForNobodyHasNoContent) {
    Talk talk({.pipelining = true});
    talk.greet();
    talk.send({"a@y"});
    talk.to(250);
    talk.to(550);
    EXPECT_EQ(talk.to(354), ".\r\n");
    EXPECT_FALSE(talk->content_begun());
    EXPECT_EQ(talk.to(554), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:550@rcpt");
}

TEST(SmtpDialogue, NobodyTakenEndsTheTransaction) {
    Talk talk;
    talk.greet();
    talk.send({"a@y", "b@y"});
    talk.to(250);
    talk.to(550);
    EXPECT_EQ(talk.to(451), "RSET\r\n");
    EXPECT_TRUE(talk->in_message());
    EXPECT_EQ(talk.to(250), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:550@rcpt b@y:451@rcpt");
    EXPECT_EQ(talk.send({"c@y"}), "MAIL FROM:<s@x>\r\n");
}

TEST(SmtpDialogue, RejectedSenderAndRejectedData) {
    Talk talk;
    talk.greet();
    talk.send({"a@y"});
    EXPECT_EQ(talk.to(553), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:553@mail");
    talk.send({"a@y"});
    talk.to(250);
    talk.to(250);
    EXPECT_EQ(talk.to(451), "RSET\r\n");
    EXPECT_EQ(talk.fates(), "a@y:451@data");
}

TEST(SmtpDialogue, PipelinedRejectedSender) {
    Talk talk({.pipelining = true});
    talk.greet();
    talk.send({"a@y"});
    talk.to(553);
    talk.to(503);
    EXPECT_EQ(talk.to(503), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:553@mail");
}

TEST(SmtpDialogue, Chunks) {
    Talk talk({.chunking = true});
    talk.greet();
    talk.send({"a@y"});
    talk.to(250);
    EXPECT_EQ(talk.to(250), "BDAT 20 LAST\r\n" + kContent);
    EXPECT_TRUE(talk->content_begun());
    EXPECT_EQ(talk.to(250), "");
    EXPECT_EQ(talk.fates(), "a@y:accepted");
}

TEST(SmtpDialogue, PipelinedChunkForNobodyIsFollowedByReset) {
    Talk talk({.pipelining = true, .chunking = true});
    talk.greet();
    EXPECT_EQ(talk.send({"a@y"}),
              "MAIL FROM:<s@x>\r\nRCPT TO:<a@y>\r\nBDAT 20 LAST\r\n" + kContent);
    talk.to(250);
    talk.to(550);
    EXPECT_EQ(talk.to(554), "RSET\r\n");
    EXPECT_EQ(talk.to(250), "");
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:550@rcpt");
}

TEST(SmtpDialogue, LmtpHasAReplyForEachRecipientTaken) {
    Talk talk({.lmtp = true});
    EXPECT_EQ(talk.to(220), "LHLO load.example.test\r\n");
    talk.to(250, "mx");
    talk.send({"a@y", "b@y", "c@y"});
    talk.to(250);
    talk.to(250);
    talk.to(550);
    talk.to(250);
    talk.to(354);
    talk.to(250);
    EXPECT_EQ(talk.step, Step::replies);
    talk.to(452);
    EXPECT_EQ(talk.step, Step::ready);
    EXPECT_EQ(talk.fates(), "a@y:accepted b@y:550@rcpt c@y:452@final");
}

TEST(SmtpDialogue, StartTlsForgetsWhatWasSaid) {
    Talk talk({.pipelining = true, .starttls = true});
    talk.to(220);
    EXPECT_EQ(talk.to(250, "mx\nSTARTTLS"), "STARTTLS\r\n");
    talk.to(220);
    EXPECT_EQ(talk.step, Step::start_tls);
    EXPECT_EQ(talk->tls_started(), Step::replies);
    EXPECT_EQ(talk.said(), "EHLO load.example.test\r\n");
    talk.to(250, "mx\nPIPELINING");
    EXPECT_EQ(talk.step, Step::ready);
}

TEST(SmtpDialogue, LogsInWithPlain) {
    Talk talk({}, "tim", "tanstaaftanstaaf");
    talk.to(220);
    // RFC 4954 §4.1's example, without an authorization identity.
    EXPECT_EQ(talk.to(250, "mx\nAUTH PLAIN"), "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
    EXPECT_EQ(talk.to(235), "");
    EXPECT_EQ(talk.step, Step::ready);
    Talk refused({}, "tim", "wrong");
    refused.to(220);
    refused.to(250, "mx");
    refused.to(535, "no");
    EXPECT_EQ(refused.step, Step::over);
    EXPECT_EQ(refused->failure(), SessionFailure::login);
    EXPECT_EQ(refused->reason(), "535 no");
}

TEST(SmtpDialogue, WhatIsNotOfferedIsNotUsed) {
    for (const DialogueOptions& options :
         {DialogueOptions{.pipelining = true}, DialogueOptions{.chunking = true},
          DialogueOptions{.starttls = true}}) {
        Talk talk(options);
        talk.greet("mx\nPIPELININGS\nXCHUNKING");
        EXPECT_EQ(talk.step, Step::over);
        EXPECT_EQ(talk->failure(), SessionFailure::extension);
    }
}

TEST(SmtpDialogue, ALostConnectionLeavesAMessageUnknownOrUnsent) {
    Talk before;
    before.greet();
    before.send({"a@y", "b@y"});
    before.to(250);
    before.to(550);
    before->lost();
    EXPECT_FALSE(before->in_message());
    EXPECT_EQ(before.fates(), "a@y:550@rcpt b@y:unsent");
    Talk behind({.lmtp = true});
    behind.greet();
    behind.send({"a@y", "b@y"});
    for (unsigned code : {250, 250, 250, 354, 250}) behind.to(code);
    behind->lost();
    EXPECT_EQ(behind.fates(), "a@y:accepted b@y:unknown");
}

TEST(SmtpDialogue, TurnedAwayAtAnyTime) {
    Talk first;
    first.to(421);
    EXPECT_EQ(first->failure(), SessionFailure::turned_away);
    Talk idle;
    idle.greet();
    idle.to(421);
    EXPECT_EQ(idle.step, Step::over);
    EXPECT_EQ(idle->failure(), SessionFailure::turned_away);
    Talk content;
    content.greet();
    content.send({"a@y"});
    for (unsigned code : {250, 250, 354, 421}) content.to(code);
    EXPECT_EQ(content.step, Step::over);
    EXPECT_FALSE(content->in_message());
    EXPECT_EQ(content.fates(), "a@y:421@final");
}

TEST(SmtpDialogue, AReplyThatNobodyAskedForEndsIt) {
    Talk talk;
    talk.greet();
    talk.to(250);
    EXPECT_EQ(talk.step, Step::over);
    EXPECT_EQ(talk->failure(), SessionFailure::protocol);
}

}  // namespace
}  // namespace gatepost::tools

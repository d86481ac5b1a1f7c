#include "dataplane/mailbox_link/mailbox_link.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/mailbox_link/mailbox_link_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::MailboxLink;
using dataplane::Task;
using storage::MailboxEvent;
using storage::MailboxOutcome;
using storage::MailboxReply;
using storage::OpenAccount;
using storage::OpenMailbox;
using Told = std::vector<std::string>;

// A session that asks for one thing.
struct Asking {
    Asking(MailboxLinkRig& rig, storage::MailboxRequest request)
        : task(rig.ask(std::move(request), reply)) {
        task.start();
    }
    std::optional<MailboxReply> reply;
    Task<> task;
};

TEST(MailboxLink, AnswersGoToWhoAsked) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking first(rig, OpenMailbox{.mailbox_id = 7});
    Asking second(rig, OpenAccount{.account_id = 8});
    const auto requests = plane.take(rig, 2);
    EXPECT_EQ(std::get<OpenMailbox>(requests[0].request).mailbox_id, 7u);
    EXPECT_EQ(std::get<OpenAccount>(requests[1].request).account_id, 8u);
    EXPECT_EQ(rig.counters.pending, 2u);
    MailboxReply reply;
    reply.sequence = requests[1].sequence;
    reply.outcome = MailboxOutcome::not_found;
    reply.text = "no such account";
    plane.send(reply);
    plane.send(reply);  // nobody waits for it any more
    rig.settle();
    EXPECT_FALSE(first.reply);
    ASSERT_TRUE(second.reply);
    EXPECT_EQ(second.reply->text, "no such account");
    plane.send({.sequence = requests[0].sequence, .modseq = 99});
    rig.settle();
    ASSERT_TRUE(first.reply);
    EXPECT_EQ(first.reply->modseq, 99u);
    EXPECT_EQ(rig.counters.requests, 2u);
    EXPECT_EQ(rig.counters.pending, 0u);
    EXPECT_EQ(rig.counters.unavailable, 0u);
}

TEST(MailboxLink, WithoutAConnectionEverythingIsUnavailableAtOnce) {
    MailboxLinkRig rig;
    Asking asking(rig, OpenMailbox{.mailbox_id = 7});
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::unavailable);
    EXPECT_FALSE(asking.reply->text.empty());
    EXPECT_EQ(rig.counters.unavailable, 1u);
    EXPECT_EQ(rig.counters.connected, 0u);
}

TEST(MailboxLink, ALostConnectionAnswersWhatIsPending) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking first(rig, OpenMailbox{.mailbox_id = 7});
    Asking second(rig, OpenMailbox{.mailbox_id = 8});
    plane.take(rig, 2);
    plane.close();
    rig.settle();
    for (const Asking* asking : {&first, &second}) {
        ASSERT_TRUE(asking->reply);
        EXPECT_EQ(asking->reply->outcome, MailboxOutcome::unavailable);
    }
    EXPECT_EQ(rig.counters.connected, 0u);

    // What is asked next goes over the next connection, and nothing of before does.
    FakeMailboxPlane next(rig.connect());
    rig.turn();
    Asking third(rig, OpenMailbox{.mailbox_id = 9});
    const auto requests = next.take(rig, 1);
    EXPECT_EQ(std::get<OpenMailbox>(requests[0].request).mailbox_id, 9u);
    EXPECT_EQ(rig.counters.connections, 2u);
    EXPECT_EQ(rig.counters.connected, 1u);
}

// What was sent may have been done; what was not cannot have been.
TEST(MailboxLink, AChangeThatWasSentIsOfUnknownOutcome) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking sent(rig, storage::DeleteMailbox{.mailbox_id = 7});
    Asking read(rig, OpenMailbox{.mailbox_id = 7});
    plane.take(rig, 2);
    Asking unsent(rig, storage::DeleteMailbox{.mailbox_id = 8});
    plane.close();
    // As the ring finds it, before the next request has gone out.
    FakeMailboxPlane next(rig.connect());
    rig.link->look();
    ASSERT_TRUE(sent.reply && read.reply && unsent.reply);
    EXPECT_EQ(sent.reply->outcome, MailboxOutcome::unknown);
    EXPECT_EQ(read.reply->outcome, MailboxOutcome::unavailable);
    EXPECT_EQ(unsent.reply->outcome, MailboxOutcome::unavailable);
    EXPECT_EQ(rig.counters.unavailable, 3u);
    EXPECT_EQ(rig.counters.unknown, 1u);
    Asking away(rig, storage::DeleteMailbox{.mailbox_id = 9});
    const auto requests = next.take(rig, 1);
    EXPECT_EQ(std::get<storage::DeleteMailbox>(requests[0].request).mailbox_id, 9u);
}

TEST(MailboxLink, AChangeThatIsNotAnsweredInTimeIsOfUnknownOutcome) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking asking(rig, storage::DeleteMailbox{.mailbox_id = 7});
    plane.take(rig, 1);
    rig.turn(MailboxLink::kAnswerMsMax + 1000);
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::unknown);
}

TEST(MailboxLink, ANewConnectionTakesTheOldOnesPlace) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking asking(rig, OpenMailbox{.mailbox_id = 7});
    plane.take(rig, 1);
    FakeMailboxPlane next(rig.connect());
    rig.settle();
    plane.receive();
    EXPECT_TRUE(plane.is_closed());
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::unavailable);
}

TEST(MailboxLink, WhoAsksAgainWhileTheConnectionIsLostIsToldAtOnce) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    int answers = 0;
    const auto ask_thrice = [&]() -> Task<> {
        for (int i = 0; i < 3; ++i) {
            storage::MailboxRequest request = OpenMailbox{.mailbox_id = 7};
            const MailboxReply reply = co_await rig.link->ask(std::move(request));
            answers += reply.outcome == MailboxOutcome::unavailable;
        }
    };
    Task<> task = ask_thrice();
    task.start();
    plane.take(rig, 1);
    plane.close();
    rig.settle();
    EXPECT_EQ(answers, 3);
    EXPECT_TRUE(task.is_done());
}

TEST(MailboxLink, AnAnswerThatDoesNotComeIsGivenUp) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking asking(rig, OpenMailbox{.mailbox_id = 7});
    const auto requests = plane.take(rig, 1);
    rig.turn(MailboxLink::kAnswerMsMax - 1000);
    EXPECT_FALSE(asking.reply);
    rig.turn(2000);
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::unavailable);
    EXPECT_EQ(rig.counters.overdue, 1u);
    plane.send({.sequence = requests[0].sequence});
    rig.settle();
    EXPECT_EQ(rig.counters.connected, 1u) << "a late answer is no reason to hang up";
}

TEST(MailboxLink, ASessionThatEndsWaitsForNothing) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    auto asking = std::make_unique<Asking>(rig, OpenMailbox{.mailbox_id = 7});
    const auto requests = plane.take(rig, 1);
    asking.reset();
    rig.turn();
    EXPECT_EQ(rig.counters.pending, 0u);
    plane.send({.sequence = requests[0].sequence});
    rig.settle();
    EXPECT_EQ(rig.counters.connected, 1u);
}

TEST(MailboxLink, WhatIsTooLongForAFrameIsRefused) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    storage::SetMetadata request{.account_id = 1};
    request.entries.emplace_back("/private/comment", std::string(storage::kFramePayloadMax, 'x'));
    Asking asking(rig, std::move(request));
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::limit);
    Asking other(rig, OpenMailbox{.mailbox_id = 7});
    plane.take(rig, 1);
}

TEST(MailboxLink, EventsGoToTheWatchers) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    FakeWatcher ada;
    rig.link->add_watcher(ada, 1);
    rig.link->watch_mailbox(ada, 7);
    plane.send({.kind = MailboxEvent::Kind::changed, .account_id = 1, .mailbox_id = 7});
    plane.send({.kind = MailboxEvent::Kind::changed, .account_id = 1, .mailbox_id = 8});
    plane.send({.kind = MailboxEvent::Kind::account, .account_id = 1});
    plane.send({.kind = MailboxEvent::Kind::disconnect, .account_id = 2, .reason = "other"});
    plane.send({.kind = MailboxEvent::Kind::disconnect, .account_id = 1, .reason = "suspended"});
    rig.settle();
    std::sort(ada.told.begin(), ada.told.end());
    EXPECT_EQ(ada.told, (Told{"7", "account", "end: suspended"}));
    EXPECT_EQ(rig.counters.events, 5u);
    EXPECT_EQ(rig.counters.disconnected, 1u);
    EXPECT_EQ(rig.counters.watchers, 1u);
    rig.link->unwatch_mailbox(ada, 7);
    rig.link->remove_watcher(ada);
    plane.send({.kind = MailboxEvent::Kind::changed, .account_id = 1, .mailbox_id = 7});
    rig.settle();
    EXPECT_EQ(ada.told.size(), 3u);
}

TEST(MailboxLink, AMailboxIsToldOfOnceATurn) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    FakeWatcher ada;
    rig.link->add_watcher(ada, 1);
    rig.link->watch_mailbox(ada, 7);
    std::vector<uint8_t> frames;
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(storage::append_frame(
            frames,
            MailboxEvent{.kind = MailboxEvent::Kind::changed, .account_id = 1, .mailbox_id = 7}));
    plane.send(Bytes(frames));
    rig.settle();
    EXPECT_EQ(ada.told, (Told{"7"}));
    EXPECT_EQ(rig.counters.events, 100u);
    rig.link->remove_watcher(ada);
}

TEST(MailboxLink, NewConnectionsAndArenasAreLookedAtAnew) {
    MailboxLinkRig rig;
    FakeWatcher ada;
    rig.link->add_watcher(ada, 1);
    rig.link->watch_mailbox(ada, 7);
    rig.settle();
    EXPECT_TRUE(ada.told.empty());
    FakeMailboxPlane plane(rig.connect());
    rig.settle();
    EXPECT_EQ(ada.told, (Told{"account", "7"})) << "events of before were told to nobody";
    rig.mailboxes.serial = 5;
    rig.settle();
    EXPECT_EQ(ada.told, (Told{"account", "7", "account", "7"}));
    rig.link->remove_watcher(ada);
}

TEST(MailboxLink, TellsWhoIsConnected) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    FakeWatcher ada, bob;
    bob.session_id = 2;
    rig.link->add_watcher(ada, 1);
    rig.link->add_watcher(bob, 2);
    plane.send({.kind = MailboxEvent::Kind::list_sessions, .number = 77});
    plane.take(rig, 0);
    rig.settle();
    plane.receive();
    ASSERT_EQ(plane.notes.size(), 3u);
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(plane.notes[i].number, 77u);
        EXPECT_EQ(plane.notes[i].account_id, plane.notes[i].session_id);
        EXPECT_EQ(plane.notes[i].what, "idle in INBOX");
        EXPECT_TRUE(plane.notes[i].tls);
    }
    EXPECT_EQ(plane.notes[2], (storage::SessionNote{.number = 77})) << "this worker has told all";
    rig.link->remove_watcher(ada);
    rig.link->remove_watcher(bob);
}

TEST(MailboxLink, WhatCannotBeUnderstoodEndsTheConnection) {
    MailboxLinkRig rig;
    FakeMailboxPlane plane(rig.connect());
    rig.turn();
    Asking asking(rig, OpenMailbox{.mailbox_id = 7});
    plane.take(rig, 1);
    std::vector<uint8_t> frame;
    const size_t begin = storage::begin_frame(frame, storage::FrameVerb::mailbox_reply);
    frame.push_back(1);
    ASSERT_TRUE(storage::end_frame(frame, begin));
    plane.send(Bytes(frame));
    rig.settle();
    plane.receive();
    EXPECT_TRUE(plane.is_closed());
    ASSERT_TRUE(asking.reply);
    EXPECT_EQ(asking.reply->outcome, MailboxOutcome::unavailable);
}

}  // namespace
}  // namespace gatepost::tests

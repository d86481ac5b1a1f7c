#include "dataplane/mailbox_link/mailbox_watchers.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>

#include "tests/unit/mailbox_link/mailbox_link_rig.h"

namespace gatepost::tests {
namespace {

using dataplane::MailboxWatchers;
using Told = std::vector<std::string>;

TEST(MailboxWatchers, EachHearsOfWhatItWatches) {
    MailboxWatchers watchers;
    FakeWatcher ada, ada_again, bob;
    watchers.add(ada, 1);
    watchers.add(ada_again, 1);
    watchers.add(bob, 2);
    watchers.watch(ada, 10);
    watchers.watch(ada, 10);
    watchers.watch(bob, 10);
    watchers.watch(bob, 20);
    watchers.tell_mailbox_changed(10);
    watchers.tell_mailbox_changed(20);
    watchers.tell_mailbox_changed(30);
    watchers.tell_account_changed(1);
    watchers.tell_account_changed(3);
    EXPECT_EQ(watchers.tell_disconnect(2, "kicked"), 1u);
    EXPECT_EQ(ada.told, (Told{"10", "account"}));
    EXPECT_EQ(ada_again.told, (Told{"account"}));
    EXPECT_EQ(bob.told, (Told{"10", "20", "end: kicked"}));

    watchers.unwatch(bob, 10);
    watchers.unwatch(bob, 10);
    watchers.remove(ada);
    watchers.remove(ada);
    watchers.tell_mailbox_changed(10);
    watchers.tell_account_changed(1);
    EXPECT_EQ(ada.told.size(), 2u);
    EXPECT_EQ(ada_again.told.size(), 2u);
    EXPECT_EQ(bob.told.size(), 3u);
}

TEST(MailboxWatchers, LookingAnewIsAboutEverything) {
    MailboxWatchers watchers;
    FakeWatcher ada;
    watchers.add(ada, 1);
    watchers.watch(ada, 20);
    watchers.watch(ada, 10);
    watchers.tell_all_changed();
    EXPECT_EQ(ada.told, (Told{"account", "10", "20"}));
}

TEST(MailboxWatchers, MayBeLeftFromInsideACall) {
    MailboxWatchers watchers;
    auto first = std::make_unique<FakeWatcher>();
    auto second = std::make_unique<FakeWatcher>();
    FakeWatcher late;
    int calls = 0;
    // Whichever is told first takes both away, the other one before it was told.
    const auto leave = [&] {
        ++calls;
        watchers.remove(*first);
        watchers.remove(*second);
        watchers.add(late, 1);
        watchers.watch(late, 10);
    };
    const auto enter = [&] {
        watchers.remove(late);
        for (FakeWatcher* one : {first.get(), second.get()}) {
            one->on_told = leave;
            watchers.add(*one, 1);
            watchers.watch(*one, 10);
        }
    };
    enter();
    watchers.tell_mailbox_changed(10);
    EXPECT_EQ(calls, 1);
    enter();
    watchers.tell_account_changed(1);
    EXPECT_EQ(calls, 2);
    enter();
    watchers.tell_all_changed();
    EXPECT_EQ(calls, 3);
    EXPECT_TRUE(late.told.empty()) << "it has seen what changed before it came";
}

// Against sets that are kept the plain way.
TEST(MailboxWatchers, AgreesWithAModel) {
    struct Model {
        uint64_t account = 0;  // 0: it is not there
        std::set<uint64_t> mailboxes;
    };
    std::mt19937 random(1);
    const auto below = [&](uint64_t limit) { return random() % limit; };
    MailboxWatchers watchers;
    std::vector<FakeWatcher> sessions(20);
    std::vector<Model> models(sessions.size());
    for (int step = 0; step < 20'000; ++step) {
        const size_t at = below(sessions.size());
        FakeWatcher& session = sessions[at];
        Model& model = models[at];
        const uint64_t mailbox = 1 + below(8);
        switch (below(5)) {
            case 0:
                if (model.account == 0)
                    watchers.add(session, model.account = 1 + below(3));
                else
                    watchers.remove(session), model = {};
                break;
            case 1:
                watchers.unwatch(session, mailbox);
                model.mailboxes.erase(mailbox);
                break;
            case 2:
                watchers.tell_mailbox_changed(mailbox);
                break;
            default:
                if (model.account == 0) break;
                watchers.watch(session, mailbox);
                model.mailboxes.insert(mailbox);
        }
        watchers.tell_mailbox_changed(mailbox);
        for (size_t i = 0; i < sessions.size(); ++i) {
            ASSERT_EQ(!sessions[i].told.empty(), models[i].mailboxes.contains(mailbox)) << step;
            sessions[i].told.clear();
        }
    }
    for (FakeWatcher& session : sessions) watchers.remove(session);
    EXPECT_EQ(watchers.size(), 0u);
}

}  // namespace
}  // namespace gatepost::tests

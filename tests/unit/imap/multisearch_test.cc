// ESEARCH (RFC 7377): what transcripts cannot show.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using namespace dataplane;

constexpr std::string_view kSearch = "ESEARCH IN (personal) TEXT nowhere";

TEST(MultiSearch, SaysThatItGoesOnAndHowManyMailboxesAreDone) {
    ImapWorld world;
    for (int i = 0; i < 3; ++i) {
        const uint64_t id = world.boxes.add_mailbox(ImapWorld::kAda, fmt::format("n{}", i));
        world.deliver(id, sample_message("one"));
    }
    ImapRig rig(world);
    rig.log_in();
    // Time passes with each body that is read; five mailboxes are ada's, three have a message.
    world.bodies.on_read = [&] {
        rig.rig.now_ms += 6'000;
        rig.rig.timers.advance(rig.rig.now_ms);
    };
    const std::string said = rig.command(kSearch);
    EXPECT_NE(said.find("* OK [INPROGRESS (\"a1\" 4 5)] "), std::string::npos) << said;
    EXPECT_TRUE(said.ends_with("a1 OK ESEARCH completed\r\n")) << said;
    EXPECT_EQ(said.find("* ESEARCH"), std::string::npos) << said;
    world.bodies.on_read = {};
    EXPECT_EQ(rig.command(kSearch), "a2 OK ESEARCH completed\r\n");
}

TEST(MultiSearch, EndsWithItsSession) {
    ImapWorld world;
    for (int i = 0; i < 10; ++i) {
        const uint64_t id = world.boxes.add_mailbox(ImapWorld::kAda, fmt::format("n{}", i));
        world.deliver(id, sample_message("one"));
    }
    ImapRig rig(world);
    rig.log_in();
    size_t reads = 0;
    world.bodies.on_read = [&] {
        rig.rig.now_ms += 30;
        rig.rig.timers.advance(rig.rig.now_ms);
        if (++reads == 3) world.boxes.disconnect(ImapWorld::kAda, "Suspended");
    };
    const std::string said = rig.command(kSearch);
    EXPECT_EQ(reads, 3U) << said;
    EXPECT_NE(said.find("* BYE "), std::string::npos) << said;
    EXPECT_TRUE(rig.has_ended());
}

TEST(MultiSearch, HasALimit) {
    ImapWorld world;
    for (int i = 0; i < 1000; ++i)
        world.boxes.add_mailbox(ImapWorld::kAda, fmt::format("many/{:04}", i));
    ImapRig rig(world);
    rig.log_in();
    EXPECT_EQ(rig.command("ESEARCH IN (subtree many) ALL"), "a1 OK ESEARCH completed\r\n");
    EXPECT_EQ(rig.command("ESEARCH IN (personal) ALL"),
              "a2 NO [LIMIT] Those are too many mailboxes for one search\r\n");
}

}  // namespace

}  // namespace gatepost::tests

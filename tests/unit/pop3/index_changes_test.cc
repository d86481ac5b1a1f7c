// What the control plane and a compaction may do between two looks of a session at the index.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/unit/pop3/pop3_rig.h"

namespace gatepost::tests {

namespace {

constexpr const char* kCommands[] = {"STAT", "RETR 1", "TOP 2 1", "DELE 3", "RETR 2", "QUIT"};

std::vector<std::string> converse(ImapWorld& world) {
    for (const char* subject : {"one", "two", "three"})
        world.deliver(world.inbox, sample_message(subject));
    Pop3Rig rig(world);
    std::vector<std::string> said = {rig.log_in()};
    for (const char* command : kCommands) said.push_back(rig.command(command));
    return said;
}

TEST(Pop3IndexChanges, AMailboxMayGoAtAnyLookAndNobodyNotices) {
    ImapWorld quiet;
    const std::vector<std::string> wanted = converse(quiet);
    size_t looks = 1;
    for (size_t at = 1; at <= looks; ++at) {
        ImapWorld world;
        size_t look = 0;
        world.boxes.on_look = [&] {
            if (++look == at) world.boxes.evict(world.inbox);
        };
        EXPECT_EQ(converse(world), wanted) << "evicted at look " << at;
        const auto& messages = world.boxes.mailbox(world.inbox).messages;
        EXPECT_EQ(messages.size(), 2U);
        EXPECT_EQ(messages.at(1).flags & messages.at(2).flags, storage::kFlagSeen);
        looks = look;
    }
    EXPECT_GT(looks, 5U);
}

TEST(Pop3IndexChanges, AMailboxThatIsNeverThereIsUnavailable) {
    ImapWorld world;
    world.boxes.on_look = [&] { world.boxes.evict(world.inbox); };
    EXPECT_EQ(converse(world)[0], "-ERR [SYS/TEMP] The mailbox cannot be read now; try again\r\n");
    EXPECT_EQ(world.boxes.mailbox(world.inbox).messages.size(), 3U);
}

// The old place is gone when the second piece is read.
TEST(Pop3IndexChanges, AMessageIsReadOnFromItsNewPlace) {
    ImapWorld world;
    const std::string message = sample_message("large", 20'000);
    const uint32_t uid = world.deliver(world.inbox, message);
    int reads = 0;
    world.bodies.on_read = [&] {
        if (++reads != 2) return;
        const auto& moved = world.boxes.mailbox(world.inbox).messages.at(uid).given.body;
        world.boxes.move_body(world.inbox, uid, world.bodies.move(moved));
    };
    Pop3Rig rig(world);
    rig.log_in();
    EXPECT_EQ(rig.command("RETR 1"),
              fmt::format("+OK {} octets\r\n{}.\r\n", message.size(), message));
    EXPECT_GT(reads, 2);
}

}  // namespace

}  // namespace gatepost::tests

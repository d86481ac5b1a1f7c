#include <gtest/gtest.h>

#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

TEST(ImapSession, SaysWhatItIs) {
    ImapWorld world;
    ImapRig rig(world);
    EXPECT_EQ(rig.start().substr(0, 33), "* OK [CAPABILITY IMAP4rev2 IMAP4r");
    const std::string said = rig.send("a LOGIN ada@example.org secret\r\nb SELECT INBOX\r\n");
    EXPECT_EQ(said, "");
    world.deliver(world.inbox, sample_message("one"));
    std::printf("%s\n", said.c_str());
    std::printf("%s\n", rig.send("c NOOP\r\n").c_str());
    std::printf("%s\n", rig.send("d FETCH 1 (FLAGS ENVELOPE BODY[])\r\n").c_str());
    std::printf("%s\n", rig.send("d STORE 1 +FLAGS (\\Deleted foo)\r\n").c_str());
    std::printf("%s\n", rig.send("d SEARCH ALL\r\n").c_str());
    std::printf("%s\n", rig.send("e IDLE\r\n").c_str());
    world.deliver(world.inbox, sample_message("two"));
    std::printf("%s\n", rig.listen().c_str());
    std::printf("%s\n", rig.send("DONE\r\nf EXPUNGE\r\n").c_str());
    std::printf("%s\n", rig.send("g APPEND INBOX (\\Seen) {10+}\r\nA: b\r\n\r\nhi\r\n").c_str());
    std::printf("%s\n", rig.send("g APPEND INBOX (\\Seen) {10}\r\n").c_str());
    std::printf("%s\n", rig.send("A: b\r\n\r\nho\r\nh LOGOUT\r\n").c_str());
}

}  // namespace

}  // namespace gatepost::tests

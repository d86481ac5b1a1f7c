// A session of IMAP in each of its states: whatever comes then, in whatever pieces, what is said is
// lines that begin as responses do, the same ones, and nothing is left behind.
#include <array>
#include <string>

#include "tests/fuzz/session_input.h"
#include "tests/unit/imap/imap_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

constexpr std::array<std::string_view, 7> kStates = {
    "",
    "l LOGIN ada@example.org secret\r\n",
    "l LOGIN ada@example.org secret\r\ns SELECT INBOX\r\n",
    "l LOGIN ada@example.org secret\r\ne ENABLE QRESYNC IMAP4rev2\r\ns SELECT INBOX\r\n",
    "l LOGIN ada@example.org secret\r\ns SELECT INBOX\r\ni IDLE\r\n",
    "l LOGIN ada@example.org secret\r\na APPEND INBOX (\\Seen) ",
    "a AUTHENTICATE PLAIN\r\n",
};

std::string run(std::string_view state, std::string_view octets, size_t piece) {
    ImapWorld world;
    for (const char* subject : {"one", "two", "three"})
        world.deliver(world.inbox, sample_message(subject));
    dataplane::ImapOptions options = imap_options();
    options.message_octets_max = 5'000;
    ImapRig rig(world, options, size_t{4} << 20);
    const std::string said = say_all(rig, state, octets, piece);
    GATEPOST_CHECK(world.bodies.under_way == 0 && !world.boxes.has_watchers());
    GATEPOST_CHECK(said.starts_with("* OK ") && said.ends_with("\r\n"));
    return without_challenges(said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    check_pieces({data, size}, 20'000, kStates, run);
    return 0;
}

// A session of IMAP in each of its states: whatever comes then, in whatever pieces, what is said is
// lines that begin as responses do, the same ones, and nothing is left behind.
//
// The first octet of the input chooses the state, the second the size of the pieces.
#include <array>
#include <string>

#include "storage/base/check.h"
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

// Without what may have a nonce.
std::string without_challenges(const std::string& said) {
    std::string rest;
    for (size_t begin = 0, end; begin < said.size(); begin = end + 2) {
        end = said.find("\r\n", begin);
        if (said.compare(begin, 2, "+ ") != 0) rest.append(said, begin, end + 2 - begin);
    }
    return rest;
}

std::string run(std::string_view state, std::string_view octets, size_t piece) {
    ImapWorld world;
    for (const char* subject : {"one", "two", "three"})
        world.deliver(world.inbox, sample_message(subject));
    dataplane::ImapOptions options = imap_options();
    options.message_octets_max = 5'000;
    ImapRig rig(world, options, size_t{4} << 20);
    rig.rig.transport.receive_max = piece;
    std::string said = rig.start();
    said += rig.send(state);
    said += rig.send(octets);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    said += rig.rig.transport.take_sent();
    GATEPOST_CHECK(rig.has_ended() && rig.rig.closed && rig.rig.pool.used_octets() == 0);
    GATEPOST_CHECK(world.bodies.under_way == 0 && !world.boxes.has_watchers());
    GATEPOST_CHECK(said.starts_with("* OK ") && said.ends_with("\r\n"));
    return without_challenges(said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2 || size > 20'000) return 0;
    const std::string_view state = kStates[data[0] % kStates.size()];
    const std::string_view octets(reinterpret_cast<const char*>(data + 2), size - 2);
    const std::string whole = run(state, octets, 65'536);
    const std::string pieces = run(state, octets, 1U + data[1] % 64);
    GATEPOST_CHECK(whole == pieces);
    return 0;
}

// A session of POP3 in each of its states: whatever comes then, in whatever pieces, what is said is
// the same, and nothing is left behind.
//
// The first octet of the input chooses the state, the second the size of the pieces.
#include <array>
#include <string>

#include "storage/base/check.h"
#include "tests/unit/pop3/pop3_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

constexpr std::array<std::string_view, 4> kStates = {
    "",
    "USER ada@example.org\r\n",
    "USER ada@example.org\r\nPASS secret\r\n",
    "AUTH PLAIN\r\n",
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
    Pop3Rig rig(world, pop3_options(), size_t{4} << 20);
    rig.rig.transport.receive_max = piece;
    std::string said = rig.start();
    said += rig.send(state);
    said += rig.send(octets);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    said += rig.rig.transport.take_sent();
    GATEPOST_CHECK(rig.has_ended() && rig.rig.closed && rig.rig.pool.used_octets() == 0);
    GATEPOST_CHECK(!world.boxes.has_watchers());
    GATEPOST_CHECK(said.starts_with("+OK ") && said.ends_with("\r\n"));
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

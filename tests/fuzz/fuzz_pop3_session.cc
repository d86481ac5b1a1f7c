// A session of POP3 in each of its states: whatever comes then, in whatever pieces, what is said is
// the same, and nothing is left behind.
#include <array>
#include <string>

#include "tests/fuzz/session_input.h"
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

std::string run(std::string_view state, std::string_view octets, size_t piece) {
    ImapWorld world;
    for (const char* subject : {"one", "two", "three"})
        world.deliver(world.inbox, sample_message(subject));
    Pop3Rig rig(world, pop3_options(), size_t{4} << 20);
    const std::string said = say_all(rig, state, octets, piece);
    GATEPOST_CHECK(!world.boxes.has_watchers());
    GATEPOST_CHECK(said.starts_with("+OK ") && said.ends_with("\r\n"));
    return without_challenges(said);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    check_pieces({data, size}, 20'000, kStates, run);
    return 0;
}

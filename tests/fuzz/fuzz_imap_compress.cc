// A compressed session of IMAP (RFC 4978): whatever comes for deflate, in whatever pieces, what is
// said is the same, is deflate itself, and nothing is left behind.
//
// The first octet of the input is the size of the pieces.
#include <string>

#include "storage/base/check.h"
#include "tests/unit/imap/imap_rig.h"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

std::string run(std::string_view octets, size_t piece) {
    ImapWorld world;
    for (const char* subject : {"one", "two", "three"})
        world.deliver(world.inbox, sample_message(subject));
    dataplane::ImapOptions options = imap_options();
    options.message_octets_max = 5'000;
    ImapRig rig(world, options, size_t{4} << 20);
    rig.log_in();
    GATEPOST_CHECK(rig.compress().starts_with("z OK "));
    rig.command("SELECT INBOX");
    rig.rig.transport.receive_max = piece;
    rig.rig.transport.arrive(octets);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    GATEPOST_CHECK(rig.has_ended() && rig.rig.closed && rig.rig.pool.used_octets() == 0);
    GATEPOST_CHECK(world.bodies.under_way == 0 && !world.boxes.has_watchers());
    const auto& counts = world.counts.compression;
    GATEPOST_CHECK(counts.compressed.load() == 0 && counts.deflating.load() == 0);
    DeflatePeer& peer = *rig.peer;
    std::string said = peer.inflate(rig.rig.transport.take_sent());
    GATEPOST_CHECK(peer.has_ended() && !peer.is_broken());
    // Behind UNAUTHENTICATE another stream may begin, whose octets lie as they were flushed.
    if (counts.begun.load() > 1) return {};
    GATEPOST_CHECK(said.empty() || said.ends_with("\r\n"));
    return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1 || size > 5'000) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
    const std::string whole = run(octets, 65'536);
    const std::string pieces = run(octets, 1U + data[0] % 64);
    GATEPOST_CHECK(whole == pieces);
    return 0;
}

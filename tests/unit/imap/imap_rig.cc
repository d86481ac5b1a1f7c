#include "tests/unit/imap/imap_rig.h"

#include <fmt/format.h>

#include <utility>

namespace gatepost::tests {

using namespace dataplane;

ImapOptions imap_options() {
    ImapOptions options;
    options.server_name = "mx.example.org";
    options.tls_required = false;
    return options;
}

ImapRig::ImapRig(ImapWorld& a_world, ImapOptions options, size_t pool_octets)
    : ProtocolRig(pool_octets), world(a_world), protocol_(a_world, std::move(options)) {}

void ImapRig::carry(std::string_view octets) {
    if (peer)
        rig.arrive(peer->deflate(octets));
    else
        rig.arrive(octets);
}

std::string ImapRig::compress() {
    const std::string said = send("z COMPRESS DEFLATE\r\n");
    if (said.starts_with("z OK ")) peer = std::make_unique<DeflatePeer>();
    return said;
}

std::string ImapRig::take_said() {
    const std::string sent = ProtocolRig::take_said();
    if (!peer) return sent;
    std::string said = peer->inflate(sent);
    if (peer->has_ended()) peer.reset();  // UNAUTHENTICATE, or the session's end
    return said;
}

std::string ImapRig::command(std::string_view line) {
    return send(fmt::format("a{} {}\r\n", ++tag_, line));
}

void ImapRig::log_in(std::string_view user) {
    start();
    send(fmt::format("l LOGIN {} secret\r\n", user));
}

std::string ImapRig::listen() {
    world.boxes.tell();
    return advance(2);
}

}  // namespace gatepost::tests

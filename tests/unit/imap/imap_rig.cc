#include "tests/unit/imap/imap_rig.h"

#include <fmt/format.h>

#include <utility>

#include "dataplane/log/log.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

// A line for every refusal is much where thousands are provoked.
void log_errors_only() {
    static const bool kDone = (log_start(LogFormat::logfmt, LogLevel::error), true);
    (void)kDone;
}

}  // namespace

ImapOptions imap_options() {
    ImapOptions options;
    options.server_name = "mx.example.org";
    options.tls_required = false;
    return options;
}

ImapRig::ImapRig(ImapWorld& a_world, ImapOptions options, size_t pool_octets)
    : world(a_world), rig(pool_octets), protocol_(a_world, std::move(options)) {
    log_errors_only();
    client.octets[0] = 192;
    client.octets[2] = 2;
    client.octets[3] = 1;
}

Task<> ImapRig::serve(Stream& stream, TlsContext* tls) {
    Session session{.stream = stream, .client = client, .id = 0x3f1a5c00000001, .crowded = crowded};
    if (tls != nullptr) {
        const StreamStatus status = co_await stream.start_tls(*tls);
        if (status != StreamStatus::ok) co_return;
    }
    session_ = &session;
    co_await protocol_.serve(session);
    session_ = nullptr;
    end = session.end;
    stream.append_close_notify();
    stream.expect_within(2000);
    co_await stream.push();
}

std::string ImapRig::start(TlsContext* under_tls) {
    rig.serve([this, under_tls](Stream& stream) { return serve(stream, under_tls); });
    return rig.transport.take_sent();
}

std::string ImapRig::send(std::string_view octets) {
    if (peer)
        rig.arrive(peer->deflate(octets));
    else
        rig.arrive(octets);
    return take_said();
}

std::string ImapRig::compress() {
    const std::string said = send("z COMPRESS DEFLATE\r\n");
    if (said.starts_with("z OK ")) peer = std::make_unique<DeflatePeer>();
    return said;
}

std::string ImapRig::take_said() {
    const std::string sent = rig.transport.take_sent();
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

std::string ImapRig::advance(uint64_t ms) {
    rig.advance(ms);
    return take_said();
}

void ImapRig::drain() {
    session_->draining = true;
    rig.stream->interrupt();
    rig.transport.run();
}

}  // namespace gatepost::tests

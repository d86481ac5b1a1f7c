#include "tests/unit/net/round_trip.h"

#include <algorithm>

#include "storage/base/check.h"

namespace gatepost::tests {

using dataplane::FrameKind;

Outcome round_trip(const Octets& frame, const dataplane::HostAddresses& host,
                   const RoundTripOptions& options) {
    constexpr size_t kGuard = 64;
    constexpr uint8_t kGuardOctet = 0xa5;
    const size_t capacity = frame.size() + options.spare;
    // It ends where the capacity does, for AddressSanitizer to see; in front there is a guard, as
    // there is headroom in front of a real frame.
    Octets buffer(kGuard + capacity, kGuardOctet);
    uint8_t* const octets = buffer.data() + kGuard;
    std::copy(frame.begin(), frame.end(), octets);

    Outcome outcome;
    outcome.kind = decode_frame(octets, frame.size(), capacity, host, outcome.query, outcome.why);
    if (outcome.kind == FrameKind::drop) {
        // What is dropped here may be another's: it stays as it was.
        GATEPOST_CHECK(std::equal(frame.begin(), frame.end(), octets));
    } else if (outcome.kind == FrameKind::reply) {
        outcome.encoded = outcome.query.reply;
    } else {
        const dataplane::FrameQuery& query = outcome.query;
        GATEPOST_CHECK(size_t{query.payload_at} + query.payload_length <= frame.size());
        const uint8_t* const payload = octets + query.payload_at;
        outcome.payload.assign(payload, payload + query.payload_length);
        const uint8_t* const client = query.client(octets);
        outcome.client.assign(client, client + (query.family == dataplane::Family::ipv4 ? 4 : 16));
        const size_t room = reply_capacity(query, options.mtu, capacity);
        GATEPOST_CHECK(query.payload_at + room <= capacity);
        outcome.sent = options.reply;
        outcome.sent.resize(std::min(room, options.reply.size()));
        std::copy(outcome.sent.begin(), outcome.sent.end(), octets + query.payload_at);
        outcome.encoded =
            encode_reply(octets, query, outcome.sent.size(), options.checksum_offload);
    }
    GATEPOST_CHECK(std::all_of(buffer.begin(), buffer.begin() + kGuard,
                               [](uint8_t octet) { return octet == kGuardOctet; }));
    if (outcome.kind != FrameKind::drop) {
        GATEPOST_CHECK(size_t{outcome.encoded.at} + outcome.encoded.length <= capacity);
        outcome.reply = read_frame(octets + outcome.encoded.at, outcome.encoded.length,
                                   options.checksum_offload && outcome.kind == FrameKind::dns);
    }
    return outcome;
}

}  // namespace gatepost::tests

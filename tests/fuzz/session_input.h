// What the fuzz targets of sessions share: the first octet of an input chooses the state that it
// comes in, the second the size of the pieces that it comes in.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/check.h"
#include "tests/unit/stream/protocol_rig.h"

namespace gatepost::tests {

// A session from its greeting to its end; what it has said. Nothing is left behind.
inline std::string say_all(ProtocolRig& rig, std::string_view state, std::string_view octets,
                           size_t piece) {
    rig.rig.transport.receive_max = piece;
    std::string said = rig.start();
    said += rig.send(state);
    said += rig.send(octets);
    rig.rig.transport.arrive_end();
    rig.rig.transport.run();
    said += rig.take_said();
    GATEPOST_CHECK(rig.has_ended() && rig.rig.closed && rig.rig.pool.used_octets() == 0);
    return said;
}

// Without challenges of SASL, which may have a nonce.
inline std::string without_challenges(const std::string& said) {
    std::string rest;
    for (size_t begin = 0, end; begin < said.size(); begin = end + 2) {
        end = said.find("\r\n", begin);
        if (said.compare(begin, 2, "+ ") != 0) rest.append(said, begin, end + 2 - begin);
    }
    return rest;
}

// `run` gives what a session says to octets that come in a state in pieces of a size: the same for
// all of them. Inputs of more than `octets_max` show nothing new.
template <typename State, size_t kStates, typename Run>
void check_pieces(Bytes input, size_t octets_max, const std::array<State, kStates>& states,
                  Run run) {
    if (input.size() < 2 || input.size() > octets_max) return;
    const State& state = states[input[0] % kStates];
    const std::string_view octets(reinterpret_cast<const char*>(input.data() + 2),
                                  input.size() - 2);
    const std::string whole = run(state, octets, 65'536);
    const std::string pieces = run(state, octets, 1U + input[1] % 64);
    GATEPOST_CHECK(whole == pieces);
}

}  // namespace gatepost::tests

// The end of a command (RFC 9051 §7.1).
#pragma once

#include <cstdint>
#include <string>

namespace gatepost::dataplane {

struct ImapReply {
    enum class Kind : uint8_t {
        ok,
        no,
        bad,
        bye,  // nobody knows what has become of it: the session ends without a tagged response
    };
    Kind kind = Kind::ok;
    std::string code = {};  // of the response code, without brackets: "COPYUID 3 1:2 7:8"; "": none
    std::string text = {};  // for people
};

}  // namespace gatepost::dataplane

// Why a command could not be taken apart, ready to be answered.
#pragma once

#include <string>

namespace gatepost::dataplane {

struct SyntaxError {
    std::string tag = "*";  // of the command, where it could be read
    bool refused = false;   // answered NO: well-formed, but beyond a limit or not known; else BAD
    std::string code = {};  // of the response code, without brackets: "BADCHARSET (UTF-8)"; or ""
    std::string text = {};  // for people; ASCII, and nothing that the client sent
};

}  // namespace gatepost::dataplane

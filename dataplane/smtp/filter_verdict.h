// What the filter says of a message.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::dataplane {

struct FilterVerdict {
    int32_t score = 0;
    std::vector<std::string> rules = {};  // names of those that matched
    bool reject = false;
    bool discard = false;     // it is accepted, and goes nowhere
    std::string text = {};    // of reject: for the sender; "": a general one
    std::string folder = {};  // as EnvelopeRecipient has it, instead of INBOX; "": none
    // For each recipient of the envelope, before `folder`; "": none of its own. Empty: nobody has.
    std::vector<std::string> folders = {};
};

}  // namespace gatepost::dataplane

// What a listener of POP3 is told.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/tls/tls_context.h"

namespace gatepost::dataplane {

struct Pop3Options {
    std::string server_name;     // in the greeting
    TlsContext* tls = nullptr;   // for STLS; nullptr: not offered
    bool tls_required = true;    // before a password is taken
    uint32_t idle_ms = 600'000;  // RFC 1939 §3: at least 10 minutes
    uint32_t login_ms = 60'000;  // until somebody has logged in
};

}  // namespace gatepost::dataplane

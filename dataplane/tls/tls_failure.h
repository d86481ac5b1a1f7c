// Why TLS failed: what it is counted as, and a sentence for the log.
#pragma once

#include <cstdint>
#include <string>

#include "storage/arena/stream_counters.h"

namespace gatepost::dataplane {

struct TlsError {
    bool overrun = false;  // the sink had no room
    bool closed = false;   // close_notify in the middle of the handshake
    bool hello = false;    // a ClientHello had come
    uint32_t code = 0;     // the library's, the first of those that it left; 0: none
};

storage::TlsFailure classify(const TlsError& error);
std::string describe(const TlsError& error);

}  // namespace gatepost::dataplane

// Sends one DNS query to a server and waits for the response: UDP with retries, TCP where asked for
// or where the answer came truncated (RFC 7766 §5).
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/gatepost/dns/message.h"

namespace gatepost::tools {

struct AskOptions {
    Endpoint server;
    bool tcp = false;
    bool keep_truncated = false;              // do not ask again over TCP
    unsigned tries = 3;                       // over UDP
    std::chrono::milliseconds timeout{5000};  // of each try
};

struct Answered {
    Response response;
    size_t size = 0;  // octets of the message
    bool tcp = false;
    std::chrono::microseconds time{};
};

// Of code unreachable where no response came.
Result<Answered> ask(const std::vector<uint8_t>& query, const AskOptions& options);

}  // namespace gatepost::tools

// What the pull queue is started with.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gatepost::controlplane {

struct QueueApiListen {
    std::string host;   // "127.0.0.1", "::1"
    uint16_t port = 0;  // 0: any
};

struct QueueApiOptions {
    std::string dsn;
    std::string messages;  // the folder of the message log
    std::vector<QueueApiListen> listen;
    std::string token_file;          // "label:{SHA256}…" a line; "": no tokens
    std::string users_file;          // "name:{SCHEME}…" a line; "": no users
    std::vector<std::string> allow;  // networks that may connect; empty: any
    bool legacy = false;             // GET / with the messages, which then are done
    std::chrono::seconds lease{300};
    unsigned threads = 8;  // requests at a time; the others wait in the kernel
};

}  // namespace gatepost::controlplane

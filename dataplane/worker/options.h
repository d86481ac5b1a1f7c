// What the command line of gatepost-dataplane says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/dns/rate_limit.h"
#include "dataplane/netio/listen_address.h"
#include "dataplane/worker/log.h"
#include "dataplane/worker/poll_mode.h"
#include "dataplane/worker/seccomp.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// A socket that the supervisor opened.
struct SocketHandedOver {
    int type = 0;  // SOCK_DGRAM or SOCK_STREAM
    unsigned worker = 0;
    int fd = -1;
};

struct DataplaneOptions {
    std::vector<ListenAddress> listen;
    std::vector<SocketHandedOver> sockets;
    unsigned workers = 0;    // of the sockets; 0: one per core
    std::vector<int> cores;  // empty: those that the process may use
    int channel_fd = -1;
    int runtime_fd = -1;
    std::string checkpoint;  // path; empty: none
    std::string user;
    SeccompMode seccomp = SeccompMode::on;
    uint32_t tcp_connections_max = 1024;  // per worker
    uint32_t tcp_idle_ms = 10'000;
    uint32_t gather_us = 50;
    RateLimitOptions rate_limit;  // of all workers together
    PollModeOptions poll;
    LogFormat log_format = LogFormat::logfmt;
    LogLevel log_level = LogLevel::info;
};

// `udp:WORKER:FD` or `tcp:WORKER:FD`.
Result<SocketHandedOver> parse_socket(std::string_view text);

// Fills in what was left open (workers, cores), refuses what contradicts itself.
Status complete_options(DataplaneOptions& options);

}  // namespace gatepost::dataplane

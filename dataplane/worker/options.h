// What the command line of gatepost-dataplane says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/dns/rate_limit.h"
#include "dataplane/log/log.h"
#include "dataplane/netio/listen_address.h"
#include "dataplane/worker/mail_options.h"
#include "dataplane/worker/poll_mode.h"
#include "dataplane/worker/seccomp.h"
#include "dataplane/worker/stream_services.h"
#include "storage/base/error.h"

namespace gatepost::dataplane {

// A socket that the supervisor opened.
struct SocketHandedOver {
    int type = 0;  // SOCK_DGRAM or SOCK_STREAM
    ListenerUse use = ListenerUse::dns;
    unsigned worker = 0;
    int fd = -1;
};

struct DataplaneOptions {
    // Addresses to listen on, and what for.
    struct Listen {
        ListenerUse use = ListenerUse::dns;
        ListenAddress address;
    };
    std::vector<Listen> listen;
    std::vector<SocketHandedOver> sockets;
    unsigned workers = 0;    // of the sockets; 0: one per core
    std::vector<int> cores;  // empty: those that the process may use
    int channel_fd = -1;
    int runtime_fd = -1;
    std::string checkpoint;            // path; empty: none
    std::string directory_checkpoint;  // path; empty: none
    std::string user;
    SeccompMode seccomp = SeccompMode::on;
    StreamServicesOptions streams;  // per worker
    MailOptions mail;
    // How long connections have to end when the process is to.
    uint32_t drain_ms = 5'000;
    std::string key_file;     // of sealed private keys; empty: none
    std::string server_name;  // of the process's own certificate
    uint32_t gather_us = 50;
    RateLimitOptions rate_limit;  // of all workers together
    PollModeOptions poll;
    LogFormat log_format = LogFormat::automatic;
    LogLevel log_level = LogLevel::info;
};

// `KIND:WORKER:FD`; KIND is udp, or a word of listener_use.h.
Result<SocketHandedOver> parse_socket(std::string_view text);

// Fills in what was left open (workers, cores), refuses what contradicts itself.
Status complete_options(DataplaneOptions& options);

}  // namespace gatepost::dataplane

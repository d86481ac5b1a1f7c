// The command line of gatepost-controlplane.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include "controlplane/log/event_log.h"
#include "controlplane/queue_api/queue_api_options.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct DaemonOptions {
    std::string dsn;
    std::string state_dir;
    std::string control_socket;
    uint64_t arena_size_max = uint64_t{4} << 30;          // octets
    uint64_t directory_size_max = uint64_t{1} << 30;      // octets
    uint64_t mailboxes_size_max = uint64_t{4} << 30;      // octets of address space
    uint64_t mailboxes_resident_max = uint64_t{1} << 30;  // octets
    std::chrono::milliseconds checkpoint_interval{30000};
    int channel_fd = -1;          // to the supervisor; -1: there is none
    int runtime_fd = -1;          // the runtime page; -1: a private one
    std::string user;             // to become, when started as root
    std::string secret_key_file;  // empty: secret.key in the state folder
    std::string server_name;      // empty: the name of this host
    QueueApiOptions queue_api;    // without listen addresses: not served
    // How sparse a segment of the message log has to be; 0: none is copied unless somebody asks.
    unsigned compact_live_percent = 50;
    std::chrono::milliseconds compact_grace{60'000};
    std::chrono::milliseconds expunged_kept = std::chrono::hours(30 * 24);
    LogFormat log_format = LogFormat::automatic;
    LogLevel log_level = LogLevel::info;
};

struct ExitNow {
    int code = 0;
};

// ExitNow: --help and --version are answered, or the fault is explained on stderr.
std::variant<DaemonOptions, ExitNow> parse_options(int argc, char** argv);

// "4GiB", "512MiB", "1048576": octets without a unit.
Result<uint64_t> size_from_argument(const std::string& text);
// "30s", "500ms", "5m", "1h"; a bare number is in milliseconds, which is how the supervisor passes
// it.
Result<std::chrono::milliseconds> duration_from_argument(const std::string& text);

}  // namespace gatepost::controlplane

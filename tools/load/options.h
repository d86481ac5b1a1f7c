// What the command line of gatepost-load says: a subcommand, and its options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/load/imap/imap_options.h"
#include "tools/load/mail/smtp_options.h"
#include "tools/load/query/query_message.h"
#include "tools/load/query/zone_mix.h"
#include "tools/load/transport/frame_headers.h"

namespace gatepost::tools {

// `gatepost-load dns`
struct LoadOptions {
    Endpoint target;
    // At most one of the two; neither: kernel sockets.
    std::string nic;     // interface, over AF_XDP
    std::string device;  // as DPDK names devices

    // One of the two.
    std::string query_file;
    std::string zone_file;
    std::string origin;  // of the zone file
    MixOptions mix;
    std::string expect_file;

    uint64_t rate = 0;       // queries a second; 0: closed loop
    uint64_t in_flight = 0;  // closed loop
    uint64_t duration_ms = 10'000;

    std::optional<IpAddress> source;
    uint32_t sources = 1;     // consecutive addresses
    uint16_t first_port = 0;  // 0: the transport's choice
    uint32_t ports = 0;       // per address; 0: the transport's choice
    std::optional<MacAddress> gateway_mac;

    QueryMessageOptions message;  // without a cookie's octets
    bool cookie = false;
    uint64_t seed = 1;
    int core = -1;
    std::string json;  // path or "-"
    bool quiet = false;

    bool frames() const { return !nic.empty() || !device.empty(); }
    // What DPDK is told.
    std::string devargs() const;
    // Of the device; empty where it has none that the kernel knows.
    std::string interface() const;
};

using LoadCommand = std::variant<LoadOptions, SmtpLoadOptions, ImapLoadOptions>;

// The words behind the program's name. nullopt: help or version was asked for, and printed.
// Errors are of code usage, or unreachable for a name that has no address.
Result<std::optional<LoadCommand>> parse_load_options(const std::vector<std::string>& words);

}  // namespace gatepost::tools

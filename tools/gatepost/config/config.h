// The settings in the types that the program works with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/gatepost/config/nic_config.h"
#include "tools/gatepost/config/settings.h"

namespace gatepost::tools {

inline constexpr uint16_t kDnsPort = 53;
inline constexpr uint16_t kDnsTlsPort = 853;
inline constexpr uint16_t kHttpPort = 80;
inline constexpr uint16_t kHttpsPort = 443;
inline constexpr uint16_t kMetricsPort = 9153;
inline constexpr uint16_t kSmtpPort = 25;
inline constexpr uint16_t kSubmissionPort = 587;
inline constexpr uint16_t kSubmissionsPort = 465;
inline constexpr uint16_t kLmtpPort = 24;
inline constexpr uint16_t kImapPort = 143;
inline constexpr uint16_t kImapsPort = 993;
inline constexpr uint16_t kPop3Port = 110;
inline constexpr uint16_t kPop3sPort = 995;
inline constexpr uint16_t kQueueApiPort = 8025;

// What [smtp], [imap] and [pop3] say.
struct MailConfig {
    std::vector<Endpoint> listen;
    std::vector<Endpoint> submission_listen;
    std::vector<Endpoint> submissions_listen;
    std::vector<Endpoint> lmtp_listen;
    std::vector<Endpoint> imap_listen;
    std::vector<Endpoint> imaps_listen;
    std::vector<Endpoint> pop3_listen;
    std::vector<Endpoint> pop3s_listen;
    std::string socket;             // empty: mail is not served
    std::string hostname;           // never empty
    uint64_t message_size_max = 0;  // octets
    uint64_t recipients_max = 0;
    std::string postmaster;  // empty: none
    std::vector<std::string> auth_mechanisms;

    bool is_served() const { return !socket.empty(); }
};

// What [store] says.
struct StoreConfig {
    uint64_t compact_live_percent = 0;
    std::chrono::milliseconds compact_grace{};

    bool operator==(const StoreConfig&) const = default;
};

// What [mailboxes] says.
struct MailboxesConfig {
    uint64_t size_max = 0;      // octets
    uint64_t resident_max = 0;  // octets
    std::chrono::milliseconds expunged_kept{};

    bool operator==(const MailboxesConfig&) const = default;
};

// What [queue_api] says.
struct QueueApiConfig {
    std::vector<Endpoint> listen;  // empty: it is not served
    std::string token_file;        // empty: none
    std::string users_file;        // empty: none
    std::vector<std::string> allow;
    std::chrono::milliseconds lease{};
    bool legacy = false;
};

struct Config {
    std::string dsn;
    std::string password_file;  // empty: none
    std::string state_dir;
    std::string run_dir;
    std::vector<Endpoint> listen;
    std::vector<Endpoint> tls_listen;
    std::vector<Endpoint> https_listen;
    std::vector<Endpoint> http_listen;
    std::vector<Endpoint> metrics_listen;
    MailConfig mail;
    StoreConfig store;
    MailboxesConfig mailboxes;
    QueueApiConfig queue_api;
    std::vector<std::string> http_trusted_proxies;
    std::string metrics_token_file;  // empty: none
    std::string tls_server_name;     // never empty
    std::string tls_key_file;
    uint64_t connections_max = 0;
    uint64_t connections_per_address = 0;  // 0: no limit
    uint64_t connections_per_network = 0;  // 0: no limit
    uint64_t connections_buffers_max = 0;  // octets, per worker
    std::chrono::milliseconds connections_drain{};
    std::vector<std::string> connections_proxies;
    uint64_t tcp_connections_max = 0;
    std::chrono::milliseconds tcp_idle{};
    uint64_t rate_limit_per_second = 0;  // 0: none
    std::chrono::milliseconds rate_limit_burst{};
    uint64_t rate_limit_slip = 0;
    std::vector<std::string> rate_limit_exempt;
    std::optional<unsigned> workers;             // nullopt: one per usable core
    std::optional<std::vector<unsigned>> cores;  // nullopt: those usable
    std::string dataplane_user;                  // empty: "nobody" under root
    std::string seccomp;
    std::string controlplane_user;  // empty: stay
    uint64_t arena_size_max = 0;    // octets
    std::chrono::milliseconds checkpoint_interval{};
    std::vector<NicConfig> nics;
    std::string log_format;
    std::string log_level;

    std::string control_socket() const { return run_dir + "/control.sock"; }
    std::string checkpoint() const { return state_dir + "/zones.ckpt"; }
    std::string directory_checkpoint() const { return state_dir + "/directory.ckpt"; }
    std::string messages() const { return state_dir + "/messages"; }  // the message log
};

// The settings have been checked one by one; this finds what is wrong between them.
Result<Config> config_from_settings(const Settings& settings);

// The cores that this process may run on.
std::vector<unsigned> usable_cores();
// How many workers, and on which cores, one each.
std::vector<unsigned> worker_cores(const Config& config);

}  // namespace gatepost::tools

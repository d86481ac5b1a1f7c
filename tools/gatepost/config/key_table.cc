#include "tools/gatepost/config/key_table.h"

#include <vector>

#include "dataplane/dns/rate_limit.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kHour = 3'600'000;  // ms
constexpr uint64_t kMiB = 1 << 20;     // octets
constexpr uint64_t kCoreMax = 1023;    // CPU_SETSIZE - 1

constexpr ConfigKey kBasics[] = {
    {.name = "database.dsn",
     .kind = KeyKind::dsn,
     .default_value = "dbname=gatepost",
     .since = "0.1",
     .description =
         "How to reach PostgreSQL: a libpq connection string or URI. Without a host, the local "
         "socket. The password does not belong here: see database.password_file.",
     .example = "host=db.example.net user=gatepost dbname=gatepost sslmode=verify-full"},
    {.name = "database.password_file",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.1",
     .description =
         "A file whose first line is the database password, readable by nobody but its owner. "
         "Unset: no password is sent.",
     .example = "/etc/gatepost/database.password"},
    {.name = "paths.state_dir",
     .kind = KeyKind::path,
     .default_value = "/var/lib/gatepost",
     .since = "0.1",
     .description =
         "Where the checkpoint of the zones lies, from which DNS is answered after a restart even "
         "while PostgreSQL is down.",
     .example = "/var/lib/gatepost"},
    {.name = "paths.run_dir",
     .kind = KeyKind::path,
     .default_value = "/run/gatepost",
     .since = "0.1",
     .description = "Where the control socket and the lock of the running instance lie.",
     .example = "/run/gatepost"},
};

constexpr ConfigKey kDns[] = {
    {.name = "dns.listen",
     .kind = KeyKind::addresses,
     .default_value = "0.0.0.0@53, ::@53",
     .since = "0.1",
     .description =
         "The addresses on which DNS is answered, over UDP and TCP: ip@port, ip:port or [v6]:port; "
         "the port is 53 where none is given.",
     .example = "192.0.2.53@53, 2001:db8::53@53"},
    {.name = "dns.tls_listen",
     .kind = KeyKind::addresses,
     .default_value = "0.0.0.0@853, ::@853",
     .since = "0.3",
     .description = "The addresses on which DNS is answered over TLS (RFC 7858); the port is 853 "
                    "where none is "
                    "given. An empty list: nowhere.",
     .example = "192.0.2.53@853",
     .may_be_empty = true},
    {.name = "dns.tcp_connections_max",
     .kind = KeyKind::count,
     .default_value = "4096",
     .minimum = 1,
     .maximum = 65536,
     .since = "0.1",
     .description = "DNS connections held open at once over TCP, all workers together, and as many "
                    "over TLS; a "
                    "further one is closed at once and counted.",
     .example = "20000"},
    {.name = "dns.tcp_idle",
     .kind = KeyKind::duration,
     .default_value = "10s",
     .minimum = 100,
     .maximum = kHour,
     .since = "0.1",
     .description =
         "A DNS connection over TCP or TLS on which no query came for so long is closed (RFC 7766 "
         "§6.2.3); clients are told with edns-tcp-keepalive (RFC 7828).",
     .example = "30s"},
    {.name = "dns.rate_limit.per_second",
     .kind = KeyKind::count,
     .default_value = "200",
     .maximum = dataplane::kRatePerSecondMax,
     .since = "0.2",
     .description =
         "UDP replies of one kind (answers, empty ones, NXDOMAIN, errors) that a client network "
         "(IPv4 /24, IPv6 /56) gets a second; 0: no limit. Clients with a valid DNS cookie, and "
         "TCP, are not limited. A --local instance has no limit unless it is given one.",
     .example = "500"},
    {.name = "dns.rate_limit.burst",
     .kind = KeyKind::duration,
     .default_value = "3s",
     .minimum = dataplane::kRateBurstMsMin,
     .maximum = dataplane::kRateBurstMsMax,
     .since = "0.2",
     .description = "So much of the rate a client network may save up while it asks for less.",
     .example = "5s"},
    {.name = "dns.rate_limit.slip",
     .kind = KeyKind::count,
     .default_value = "2",
     .maximum = dataplane::kRateSlipMax,
     .since = "0.2",
     .description =
         "One in so many limited replies is sent without its records and marked as truncated, or "
         "brings a cookie, so that a real client can come again; 1: all, 0: none.",
     .example = "1"},
    {.name = "dns.rate_limit.exempt",
     .kind = KeyKind::prefixes,
     .default_value = "",
     .since = "0.2",
     .description = "Client networks that are not limited.",
     .example = "192.0.2.0/24"},
};

constexpr ConfigKey kProcesses[] = {
    {.name = "dataplane.workers",
     .kind = KeyKind::workers,
     .default_value = "auto",
     .minimum = 1,
     .maximum = storage::kWorkersMax,
     .since = "0.1",
     .description =
         "Worker threads, each with its own sockets. \"auto\": one per core that the process may "
         "use.",
     .example = "4"},
    {.name = "dataplane.cores",
     .kind = KeyKind::cores,
     .default_value = "auto",
     .maximum = kCoreMax,
     .since = "0.1",
     .description =
         "The cores that the workers are pinned to, one each in this order. \"auto\": the cores "
         "that the process may use, in order.",
     .example = "2-5"},
    {.name = "dataplane.user",
     .kind = KeyKind::user,
     .default_value = "",
     .since = "0.1",
     .description =
         "The system user that the dataplane becomes where it is started by root. Unset: the user "
         "\"nobody\".",
     .example = "gatepost"},
    {.name = "dataplane.seccomp",
     .kind = KeyKind::choice,
     .default_value = "on",
     .choices = "on log off",
     .since = "0.1",
     .description =
         "What a system call that the dataplane never makes leads to: \"on\" kills it, \"log\" "
         "lets it through with a line in the kernel's log, \"off\" installs no filter.",
     .example = "log"},
    {.name = "controlplane.user",
     .kind = KeyKind::user,
     .default_value = "",
     .since = "0.1",
     .description =
         "The system user that the control plane becomes where it is started by root. Unset: it "
         "stays who started it.",
     .example = "gatepost"},
    {.name = "controlplane.arena_size_max",
     .kind = KeyKind::size,
     .default_value = "4GiB",
     .minimum = 16 * kMiB,
     .maximum = uint64_t{64} << 40,
     .since = "0.1",
     .description = "How far the image of all zones in memory may grow. It costs address space "
                    "only; memory is "
                    "used as zones need it (about 160 B per record).",
     .example = "32GiB"},
    {.name = "controlplane.checkpoint_interval",
     .kind = KeyKind::duration,
     .default_value = "30s",
     .minimum = 1000,
     .maximum = 24 * kHour,
     .since = "0.1",
     .description = "How often the image is written to disk where it has changed.",
     .example = "5min"},
    {.name = "log.format",
     .kind = KeyKind::choice,
     .default_value = "auto",
     .choices = "auto logfmt json journald",
     .since = "0.1",
     .description = "The form of the log: key=value pairs or one JSON object a line on standard "
                    "error, or entries "
                    "with fields in systemd's journal. \"auto\": the journal where standard error "
                    "leads there, "
                    "key=value pairs otherwise.",
     .example = "json"},
    {.name = "log.level",
     .kind = KeyKind::choice,
     .default_value = "info",
     .choices = "debug info warning error",
     .since = "0.1",
     .description = "The least grave event that is logged.",
     .example = "debug"},
};

std::vector<ConfigKey> all_keys() {
    std::vector<ConfigKey> keys;
    for (std::span<const ConfigKey> section :
         {std::span<const ConfigKey>(kBasics), std::span<const ConfigKey>(kDns), stream_key_table(),
          mail_key_table(), std::span<const ConfigKey>(kProcesses)})
        keys.insert(keys.end(), section.begin(), section.end());
    return keys;
}

}  // namespace

std::span<const ConfigKey> config_key_table() {
    static const std::vector<ConfigKey> keys = all_keys();
    return keys;
}

}  // namespace gatepost::tools

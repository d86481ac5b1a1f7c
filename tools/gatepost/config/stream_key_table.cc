#include "tools/gatepost/config/key_table.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kHour = 3'600'000;  // ms
constexpr uint64_t kMiB = 1 << 20;     // octets

constexpr ConfigKey kStreams[] = {
    {.name = "http.https_listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.3",
     .description =
         "The addresses on which HTTPS is served: DNS over HTTPS (RFC 8484) at /dns-query, "
         "redirects. The port is 443 where none is given. An empty list: nowhere.",
     .example = "0.0.0.0@443, ::@443"},
    {.name = "http.listen",
     .kind = KeyKind::addresses,
     .default_value = "",
     .since = "0.3",
     .description =
         "The addresses on which HTTP without TLS is served: challenges of certificate authorities "
         "(RFC 8555 §8.3) and redirects; anything else is sent on to HTTPS. The port is 80 where "
         "none is given. An empty list: nowhere.",
     .example = "0.0.0.0@80, ::@80"},
    {.name = "http.trusted_proxies",
     .kind = KeyKind::prefixes,
     .default_value = "",
     .since = "0.3",
     .description = "Networks of HTTP proxies whose X-Forwarded-For is believed.",
     .example = "192.0.2.8/32"},
    {.name = "metrics.listen",
     .kind = KeyKind::addresses,
     .default_value = "127.0.0.1@9153",
     .since = "0.3",
     .description = "The addresses on which /metrics (OpenMetrics), /healthz and /readyz are "
                    "served over HTTP; "
                    "the port is 9153 where none is given. An empty list: nowhere.",
     .example = "127.0.0.1@9153",
     .may_be_empty = true},
    {.name = "metrics.token_file",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.3",
     .description =
         "A file whose first line is the bearer token that /metrics asks for. Unset: it asks for "
         "none.",
     .example = "/etc/gatepost/metrics.token"},
    {.name = "tls.server_name",
     .kind = KeyKind::name,
     .default_value = "",
     .since = "0.3",
     .description =
         "The name of this server: whose certificate is shown to a client that names no other one "
         "that is known. Unset: the host's name.",
     .example = "ns1.example.net"},
    {.name = "tls.key_file",
     .kind = KeyKind::path,
     .default_value = "",
     .since = "0.3",
     .description =
         "The file with the keys that private keys are encrypted with before they go into the "
         "database; made at the first start. Keep a copy apart from the database's backups: "
         "without "
         "it, its certificates are of no use. Unset: secret.key in paths.state_dir.",
     .example = "/etc/gatepost/secret.key"},
    {.name = "connections.max",
     .kind = KeyKind::count,
     .default_value = "8192",
     .minimum = 16,
     .maximum = 1'000'000,
     .since = "0.3",
     .description =
         "Connections of all kinds held open at once, all workers together. One that waits for its "
         "client takes about 1 KiB, under TLS about 4 KiB.",
     .example = "20000"},
    {.name = "connections.per_address",
     .kind = KeyKind::count,
     .default_value = "512",
     .maximum = 1'000'000,
     .since = "0.3",
     .description =
         "Connections that one client address may have open; 0: no limit. Each worker counts its "
         "share, so that the kernel's spreading may let up to twice as many through.",
     .example = "100"},
    {.name = "connections.per_network",
     .kind = KeyKind::count,
     .default_value = "2048",
     .maximum = 1'000'000,
     .since = "0.3",
     .description = "The same of a client network (IPv4 /24, IPv6 /56): what a site has.",
     .example = "500"},
    {.name = "connections.buffers_max",
     .kind = KeyKind::size,
     .default_value = "256MiB",
     .minimum = 4 * kMiB,
     .maximum = uint64_t{64} << 30,
     .since = "0.3",
     .description =
         "Memory per worker for what is on its way on all its connections. Only what is in use is "
         "taken; one that is left without is closed and counted.",
     .example = "1GiB"},
    {.name = "connections.drain",
     .kind = KeyKind::duration,
     .default_value = "5s",
     .maximum = kHour,
     .since = "0.3",
     .description =
         "How long open connections have to finish what is under way when the dataplane ends.",
     .example = "30s"},
    {.name = "connections.proxies",
     .kind = KeyKind::prefixes,
     .default_value = "",
     .since = "0.3",
     .description = "Networks of proxies whose connections, to any address over TCP, begin with a "
                    "PROXY header "
                    "of version 2, which is believed.",
     .example = "192.0.2.8/32"},
};

}  // namespace

std::span<const ConfigKey> stream_key_table() {
    return kStreams;
}

}  // namespace gatepost::tools

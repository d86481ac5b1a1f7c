#include "tools/gatepost/config/keys.h"

#include <charconv>

#include "dataplane/dns/rate_limit.h"
#include "storage/arena/runtime_page.h"
#include "tools/gatepost/config/endpoint.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kHour = 3'600'000;  // ms
constexpr uint64_t kMiB = 1 << 20;     // octets
constexpr uint64_t kCoreMax = 1023;    // CPU_SETSIZE - 1

constexpr ConfigKey kKeys[] = {
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
    {.name = "dns.listen",
     .kind = KeyKind::addresses,
     .default_value = "0.0.0.0@53, ::@53",
     .since = "0.1",
     .description =
         "The addresses on which DNS is answered, over UDP and TCP: ip@port, ip:port or [v6]:port; "
         "the port is 53 where none is given.",
     .example = "192.0.2.53@53, 2001:db8::53@53"},
    {.name = "dns.tcp_connections_max",
     .kind = KeyKind::count,
     .default_value = "4096",
     .minimum = 1,
     .maximum = 65536,
     .since = "0.1",
     .description =
         "TCP connections held open at once, all workers together; a further one is closed at once "
         "and counted.",
     .example = "20000"},
    {.name = "dns.tcp_idle",
     .kind = KeyKind::duration,
     .default_value = "10s",
     .minimum = 100,
     .maximum = kHour,
     .since = "0.1",
     .description =
         "A TCP connection on which no query came for so long is closed (RFC 7766 §6.2.3).",
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
     .default_value = "logfmt",
     .choices = "logfmt json",
     .since = "0.1",
     .description =
         "The form of the lines on standard error: key=value pairs, or one JSON object each.",
     .example = "json"},
    {.name = "log.level",
     .kind = KeyKind::choice,
     .default_value = "info",
     .choices = "debug info warning error",
     .since = "0.1",
     .description = "The least grave event that is logged.",
     .example = "debug"},
};

Status check_number(const ConfigKey& key, std::string_view value) {
    uint64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || stop != end || number < key.minimum || number > key.maximum)
        return fail(ErrorCode::invalid, "\"{}\" is not a value of {}, expected {}", value, key.name,
                    range_to_text(key));
    return {};
}

Status check_range(const ConfigKey& key, std::string_view value, uint64_t number) {
    if (number >= key.minimum && number <= key.maximum) return {};
    return fail(ErrorCode::invalid, "\"{}\" is out of range for {}, expected {}", value, key.name,
                range_to_text(key));
}

bool has_choice(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const size_t blank = choices.find(' ');
        if (choices.substr(0, blank) == value) return true;
        choices.remove_prefix(blank == std::string_view::npos ? choices.size() : blank + 1);
    }
    return false;
}

// The connection string ends up on a command line, which everybody on the host can read.
Status check_dsn(std::string_view value) {
    const size_t scheme = value.find("://");
    const size_t at = value.find('@');
    const bool in_uri =
        scheme != std::string_view::npos && at != std::string_view::npos &&
        value.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
    const bool as_word = value.find("password=") != std::string_view::npos ||
                         value.find("password =") != std::string_view::npos;
    if (!in_uri && !as_word) return {};
    return fail(ErrorCode::invalid,
                "database.dsn holds a password; put it into a file of its own and name that in "
                "database.password_file");
}

Status check_path(const ConfigKey& key, std::string_view value) {
    if (value.starts_with('/') || (value.empty() && key.default_value.empty())) return {};
    return fail(ErrorCode::invalid, "\"{}\" is not an absolute path, expected one such as {}",
                value, key.example);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
    return kKeys;
}

const ConfigKey* find_config_key(std::string_view name) {
    for (const ConfigKey& key : kKeys)
        if (key.name == name) return &key;
    return nullptr;
}

std::vector<std::string_view> config_key_names() {
    std::vector<std::string_view> names;
    for (const ConfigKey& key : kKeys) names.push_back(key.name);
    return names;
}

std::string kind_to_text(KeyKind kind) {
    switch (kind) {
        case KeyKind::dsn:
            return "connection string";
        case KeyKind::path:
            return "absolute path";
        case KeyKind::addresses:
            return "list of addresses";
        case KeyKind::duration:
            return "duration";
        case KeyKind::size:
            return "size";
        case KeyKind::count:
            return "integer";
        case KeyKind::choice:
            return "choice";
        case KeyKind::workers:
            return "\"auto\" or an integer";
        case KeyKind::cores:
            return "\"auto\" or a list of cores";
        case KeyKind::user:
            return "system user";
        case KeyKind::name:
            return "string";
        case KeyKind::names:
            return "list of strings";
        case KeyKind::prefixes:
            return "list of networks";
    }
    return "";
}

std::string_view unit_of(KeyKind kind) {
    if (kind == KeyKind::duration) return "ms, s, min, h, d";
    if (kind == KeyKind::size) return "B, KiB, MiB, GiB, TiB (or kB, MB, GB, TB)";
    return "";
}

std::string range_to_text(const ConfigKey& key) {
    const auto duration = [](uint64_t ms) {
        return duration_to_text(std::chrono::milliseconds(static_cast<int64_t>(ms)));
    };
    switch (key.kind) {
        case KeyKind::duration:
            return fmt::format("{} to {}", duration(key.minimum), duration(key.maximum));
        case KeyKind::size:
            return fmt::format("{} to {}", size_to_text(key.minimum), size_to_text(key.maximum));
        case KeyKind::count:
            return fmt::format("{} to {}", key.minimum, key.maximum);
        case KeyKind::workers:
            return fmt::format("\"auto\" or {} to {}", key.minimum, key.maximum);
        case KeyKind::cores:
            return fmt::format("\"auto\" or cores from 0 to {}", key.maximum);
        case KeyKind::choice: {
            std::string text;
            for (char c : key.choices) {
                if (c == ' ') text += ',';
                text += c;
            }
            return text;
        }
        case KeyKind::dsn:
        case KeyKind::path:
        case KeyKind::addresses:
        case KeyKind::user:
        case KeyKind::name:
        case KeyKind::names:
        case KeyKind::prefixes:
            break;
    }
    return "";
}

Status check_value(const ConfigKey& key, std::string_view value) {
    switch (key.kind) {
        case KeyKind::dsn:
            return check_dsn(value);
        case KeyKind::user:
        case KeyKind::name:
        case KeyKind::names:
            return {};
        case KeyKind::prefixes: {
            auto prefix = dataplane::parse_prefix(value);
            return prefix ? Status() : fail(ErrorCode::invalid, "{}", prefix.error().message);
        }
        case KeyKind::path:
            return check_path(key, value);
        case KeyKind::addresses: {
            auto endpoint = endpoint_from_text(value, 53);
            return endpoint ? Status() : tl::unexpected(std::move(endpoint).error());
        }
        case KeyKind::duration: {
            auto duration = duration_from_text(value);
            if (!duration) return tl::unexpected(std::move(duration).error());
            return check_range(key, value, static_cast<uint64_t>(duration->count()));
        }
        case KeyKind::size: {
            auto size = size_from_text(value);
            return size ? check_range(key, value, *size) : tl::unexpected(std::move(size).error());
        }
        case KeyKind::count:
            return check_number(key, value);
        case KeyKind::workers:
            return value == "auto" ? Status() : check_number(key, value);
        case KeyKind::cores: {
            if (value == "auto") return {};
            auto cores = cores_from_text(value);
            return cores ? Status() : tl::unexpected(std::move(cores).error());
        }
        case KeyKind::choice:
            if (has_choice(key.choices, value)) return {};
            return fail(ErrorCode::invalid, "\"{}\" is not a value of {}, expected one of {}",
                        value, key.name, range_to_text(key));
    }
    return {};
}

Result<std::vector<unsigned>> cores_from_text(std::string_view text) {
    std::vector<unsigned> cores;
    const auto malformed = [&] {
        return fail(ErrorCode::invalid, "\"{}\" is not a list of cores, expected one such as 0-3,6",
                    text);
    };
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (true) {
        while (at < end && *at == ' ') ++at;
        unsigned first = 0;
        auto parsed = std::from_chars(at, end, first);
        if (parsed.ec != std::errc() || first > kCoreMax) return malformed();
        unsigned last = first;
        at = parsed.ptr;
        if (at < end && *at == '-') {
            parsed = std::from_chars(at + 1, end, last);
            if (parsed.ec != std::errc() || last > kCoreMax || last < first) return malformed();
            at = parsed.ptr;
        }
        for (unsigned core = first; core <= last; ++core) cores.push_back(core);
        if (at == end) return cores;
        if (*at++ != ',') return malformed();
    }
}

}  // namespace gatepost::tools

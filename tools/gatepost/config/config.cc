#include "tools/gatepost/config/config.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <map>
#include <set>

#include "dataplane/net/host_addresses.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "tools/gatepost/config/units.h"

namespace gatepost::tools {

namespace {

// Values in the settings have passed check_value, so they parse.
template <typename T>
T must(Result<T> result) {
    GATEPOST_CHECK(result.has_value());
    return std::move(*result);
}

uint64_t number(const std::string& text) {
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != 0 ? name : "localhost";
}

// No address may be listened on for two purposes.
Status read_listens(const Settings& settings, Config& config) {
    struct Listen {
        std::string_view key;
        uint16_t port;
        std::vector<Endpoint>& out;
    };
    std::map<std::string, std::string_view> seen;
    for (const Listen& listen :
         {Listen{"dns.listen", kDnsPort, config.listen},
          Listen{"dns.tls_listen", kDnsTlsPort, config.tls_listen},
          Listen{"http.https_listen", kHttpsPort, config.https_listen},
          Listen{"http.listen", kHttpPort, config.http_listen},
          Listen{"metrics.listen", kMetricsPort, config.metrics_listen},
          Listen{"smtp.listen", kSmtpPort, config.mail.listen},
          Listen{"smtp.submission_listen", kSubmissionPort, config.mail.submission_listen},
          Listen{"smtp.submissions_listen", kSubmissionsPort, config.mail.submissions_listen},
          Listen{"smtp.lmtp_listen", kLmtpPort, config.mail.lmtp_listen},
          Listen{"imap.listen", kImapPort, config.mail.imap_listen},
          Listen{"imap.tls_listen", kImapsPort, config.mail.imaps_listen},
          Listen{"pop3.listen", kPop3Port, config.mail.pop3_listen},
          Listen{"pop3.tls_listen", kPop3sPort, config.mail.pop3s_listen},
          Listen{"queue_api.listen", kQueueApiPort, config.queue_api.listen}}) {
        for (const std::string& address : settings.get(listen.key).values) {
            if (address.empty()) continue;
            listen.out.push_back(must(endpoint_from_text(address, listen.port)));
            const std::string text = listen.out.back().text();
            const auto [other, is_new] = seen.emplace(text, listen.key);
            if (is_new || listen.out.back().port() == 0) continue;
            if (other->second == listen.key)
                return fail(ErrorCode::invalid, "{}: {} names {} twice",
                            settings.get(listen.key).origin, listen.key, text);
            return fail(ErrorCode::invalid, "{}: {} names {}, which {} has already",
                        settings.get(listen.key).origin, listen.key, text, other->second);
        }
    }
    return {};
}

void read_connections(const Settings& settings, Config& config) {
    const auto text = [&](std::string_view name) { return settings.get(name).values.at(0); };
    const auto list = [&](std::string_view name) {
        std::vector<std::string> values = settings.get(name).values;
        std::erase(values, "");
        return values;
    };
    config.http_trusted_proxies = list("http.trusted_proxies");
    config.metrics_token_file = text("metrics.token_file");
    config.tls_server_name = text("tls.server_name");
    if (config.tls_server_name.empty()) config.tls_server_name = host_name();
    config.tls_key_file = text("tls.key_file");
    if (config.tls_key_file.empty()) config.tls_key_file = config.state_dir + "/secret.key";
    config.connections_max = number(text("connections.max"));
    config.connections_per_address = number(text("connections.per_address"));
    config.connections_per_network = number(text("connections.per_network"));
    config.connections_buffers_max = must(size_from_text(text("connections.buffers_max")));
    config.connections_drain = must(duration_from_text(text("connections.drain")));
    config.connections_proxies = list("connections.proxies");
}

Status read_mail(const Settings& settings, Config& config) {
    const auto text = [&](std::string_view name) { return settings.get(name).values.at(0); };
    MailConfig& mail = config.mail;
    const bool listens = !mail.listen.empty() || !mail.submission_listen.empty() ||
                         !mail.submissions_listen.empty() || !mail.lmtp_listen.empty() ||
                         !mail.imap_listen.empty() || !mail.imaps_listen.empty() ||
                         !mail.pop3_listen.empty() || !mail.pop3s_listen.empty();
    mail.socket = text("smtp.socket");
    if (mail.socket.empty() && listens) mail.socket = config.run_dir + "/mail.sock";
    mail.hostname = text("smtp.hostname");
    if (mail.hostname.empty()) mail.hostname = config.tls_server_name;
    mail.message_size_max = must(size_from_text(text("smtp.message_size_max")));
    mail.recipients_max = number(text("smtp.recipients_max"));
    mail.postmaster = text("smtp.postmaster");
    mail.auth_mechanisms = settings.get("smtp.auth_mechanisms").values;
    config.store.compact_live_percent = number(text("store.compact_live_percent"));
    config.store.compact_grace = must(duration_from_text(text("store.compact_grace")));
    MailboxesConfig& mailboxes = config.mailboxes;
    mailboxes.size_max = must(size_from_text(text("mailboxes.size_max")));
    mailboxes.resident_max = must(size_from_text(text("mailboxes.resident_max")));
    mailboxes.expunged_kept = must(duration_from_text(text("mailboxes.expunged_kept")));
    if (mailboxes.resident_max > mailboxes.size_max)
        return fail(ErrorCode::invalid,
                    "{}: mailboxes.resident_max is {}, but mailboxes.size_max, which holds that "
                    "and more, only {}",
                    settings.get("mailboxes.resident_max").origin, text("mailboxes.resident_max"),
                    text("mailboxes.size_max"));
    if (mail.socket.empty()) return {};
    if (auto address = endpoint_from_text(mail.socket, 0); !address)
        return wrap(settings.get("smtp.socket").origin + ": smtp.socket", address.error());
    return {};
}

Status read_queue_api(const Settings& settings, Config& config) {
    const auto text = [&](std::string_view name) { return settings.get(name).values.at(0); };
    QueueApiConfig& api = config.queue_api;
    api.token_file = text("queue_api.token_file");
    api.users_file = text("queue_api.users_file");
    api.allow = settings.get("queue_api.allow").values;
    std::erase(api.allow, "");
    api.lease = must(duration_from_text(text("queue_api.lease")));
    api.legacy = text("queue_api.legacy") == "on";
    if (!api.token_file.empty() || !api.users_file.empty()) return {};
    for (const Endpoint& listen : api.listen) {
        const std::string host = endpoint_host(listen);
        if (host.starts_with("127.") || host == "::1") continue;
        return fail(ErrorCode::invalid,
                    "{}: queue_api.listen names {}, where others can reach it: "
                    "queue_api.token_file or queue_api.users_file is to be set",
                    settings.get("queue_api.listen").origin, host);
    }
    return {};
}

Status read_nics(const Settings& settings, Config& config) {
    std::set<std::string> seen;
    for (const NicTable& table : settings.nics()) {
        auto nic = nic_from_table(table);
        if (!nic) return tl::unexpected(std::move(nic).error());
        if (!seen.insert(nic->interface).second)
            return fail(ErrorCode::invalid, "{}: a second [[nic]] for interface {}", table.origin,
                        nic->interface);
        config.nics.push_back(std::move(*nic));
    }
    std::set<uint16_t> ports;
    for (const Endpoint& listen : config.listen) ports.insert(listen.port());
    if (!config.nics.empty() && ports.size() > dataplane::kHostPortsMax)
        return fail(ErrorCode::invalid,
                    "dns.listen has {} different ports; with a [[nic]] at most {} can be served",
                    ports.size(), dataplane::kHostPortsMax);
    if (config.nics.size() > storage::kNicsMax)
        return fail(ErrorCode::invalid, "{} [[nic]] tables; at most {}", config.nics.size(),
                    storage::kNicsMax);
    return {};
}

}  // namespace

Result<Config> config_from_settings(const Settings& settings) {
    const auto text = [&](std::string_view name) { return settings.get(name).values.at(0); };
    Config config;
    config.dsn = text("database.dsn");
    config.password_file = text("database.password_file");
    config.state_dir = text("paths.state_dir");
    config.run_dir = text("paths.run_dir");
    if (Status read = read_listens(settings, config); !read) return tl::unexpected(read.error());
    read_connections(settings, config);
    if (Status read = read_mail(settings, config); !read) return tl::unexpected(read.error());
    if (Status read = read_queue_api(settings, config); !read) return tl::unexpected(read.error());
    config.tcp_connections_max = number(text("dns.tcp_connections_max"));
    config.tcp_idle = must(duration_from_text(text("dns.tcp_idle")));
    config.rate_limit_per_second = number(text("dns.rate_limit.per_second"));
    config.rate_limit_burst = must(duration_from_text(text("dns.rate_limit.burst")));
    config.rate_limit_slip = number(text("dns.rate_limit.slip"));
    config.rate_limit_exempt = settings.get("dns.rate_limit.exempt").values;
    if (const std::string workers = text("dataplane.workers"); workers != "auto")
        config.workers = static_cast<unsigned>(number(workers));
    if (const std::string cores = text("dataplane.cores"); cores != "auto")
        config.cores = must(cores_from_text(cores));
    config.dataplane_user = text("dataplane.user");
    config.seccomp = text("dataplane.seccomp");
    config.controlplane_user = text("controlplane.user");
    config.arena_size_max = must(size_from_text(text("controlplane.arena_size_max")));
    config.checkpoint_interval = must(duration_from_text(text("controlplane.checkpoint_interval")));
    if (Status read = read_nics(settings, config); !read) return tl::unexpected(read.error());
    config.log_format = text("log.format");
    config.log_level = text("log.level");
    if (config.workers && config.cores && *config.workers > config.cores->size())
        return fail(
            ErrorCode::invalid,
            "dataplane.workers is {}, but dataplane.cores names only {} cores; one core per worker "
            "is needed",
            *config.workers, config.cores->size());
    return config;
}

std::vector<unsigned> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cores;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (unsigned core = 0; core < CPU_SETSIZE; ++core)
            if (CPU_ISSET(core, &set)) cores.push_back(core);
    if (cores.empty()) cores.push_back(0);
    return cores;
}

std::vector<unsigned> worker_cores(const Config& config) {
    std::vector<unsigned> cores = config.cores ? *config.cores : usable_cores();
    const size_t available = cores.size();
    const size_t count = std::min<size_t>(config.workers.value_or(available), storage::kWorkersMax);
    // More workers than cores share them in turn.
    for (size_t i = available; i < count; ++i) cores.push_back(cores[i % available]);
    cores.resize(count);
    return cores;
}

}  // namespace gatepost::tools

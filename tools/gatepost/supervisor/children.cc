#include "tools/gatepost/supervisor/children.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "tools/gatepost/config/units.h"
#include "tools/gatepost/supervisor/programs.h"

namespace gatepost::tools {

namespace {

std::string join(const std::vector<unsigned>& numbers) {
    std::string out;
    for (unsigned number : numbers) out += fmt::format("{}{}", out.empty() ? "" : ",", number);
    return out;
}

void add(std::vector<std::string>& argv, const std::string& option, const std::string& value) {
    argv.push_back(option);
    argv.push_back(value);
}

// Each worker counts for itself: it gets its share of what all of them may have.
void add_stream_options(std::vector<std::string>& argv, const Config& config, size_t workers) {
    const auto share = [&](uint64_t all) { return (all + workers - 1) / workers; };
    // The kernel spreads the connections of one client over the workers by chance.
    const auto source_share = [&](uint64_t all) { return std::min(all, 2 * share(all)); };
    const auto number = [&](const char* option, uint64_t value) {
        add(argv, option, std::to_string(value));
    };
    number("--tcp-connections-max", share(config.tcp_connections_max));
    number("--tcp-idle-ms", static_cast<uint64_t>(config.tcp_idle.count()));
    number("--connections-max", share(config.connections_max));
    number("--connections-per-address", source_share(config.connections_per_address));
    number("--connections-per-network", source_share(config.connections_per_network));
    number("--buffers-mib", std::max<uint64_t>(config.connections_buffers_max >> 20, 1));
    number("--drain-ms", static_cast<uint64_t>(config.connections_drain.count()));
    for (const std::string& network : config.connections_proxies) add(argv, "--proxy", network);
    for (const std::string& network : config.http_trusted_proxies)
        add(argv, "--http-proxy", network);
    if (!config.metrics_token_file.empty())
        add(argv, "--metrics-token-file", config.metrics_token_file);
    add(argv, "--server-name", config.tls_server_name);
    add(argv, "--secret-key-file", config.tls_key_file);
}

void add_mail_options(std::vector<std::string>& argv, const Config& config) {
    const MailConfig& mail = config.mail;
    if (!mail.is_served()) return;
    add(argv, "--messages", config.messages());
    add(argv, "--mail-hostname", mail.hostname);
    add(argv, "--message-size-max", std::to_string(mail.message_size_max));
    add(argv, "--recipients-max", std::to_string(mail.recipients_max));
    for (const std::string& name : mail.auth_mechanisms) add(argv, "--auth-mechanism", name);
    if (!mail.postmaster.empty()) add(argv, "--postmaster", mail.postmaster);
}

void add_queue_api_options(std::vector<std::string>& argv, const Config& config) {
    const QueueApiConfig& api = config.queue_api;
    if (api.listen.empty()) return;
    for (const Endpoint& listen : api.listen)
        add(argv, "--queue-api", fmt::format("{}@{}", endpoint_host(listen), listen.port()));
    add(argv, "--queue-api-lease", std::to_string(api.lease.count()));
    if (!api.token_file.empty()) add(argv, "--queue-api-token-file", api.token_file);
    if (!api.users_file.empty()) add(argv, "--queue-api-users-file", api.users_file);
    for (const std::string& network : api.allow) add(argv, "--queue-api-allow", network);
    if (api.legacy) argv.emplace_back("--queue-api-legacy");
}

}  // namespace

std::vector<ConfiguredListen> configured_listens(const Config& config) {
    using dataplane::ListenerUse;
    const std::pair<ListenerUse, const std::vector<Endpoint>&> uses[] = {
        {ListenerUse::dns, config.listen},
        {ListenerUse::dns_tls, config.tls_listen},
        {ListenerUse::https, config.https_listen},
        {ListenerUse::http, config.http_listen},
        {ListenerUse::admin, config.metrics_listen},
        {ListenerUse::smtp, config.mail.listen},
        {ListenerUse::submission, config.mail.submission_listen},
        {ListenerUse::submissions, config.mail.submissions_listen},
        {ListenerUse::lmtp, config.mail.lmtp_listen},
        {ListenerUse::imap, config.mail.imap_listen},
        {ListenerUse::imaps, config.mail.imaps_listen},
        {ListenerUse::pop3, config.mail.pop3_listen},
        {ListenerUse::pop3s, config.mail.pop3s_listen}};
    std::vector<ConfiguredListen> listens;
    for (const auto& [use, addresses] : uses)
        for (const Endpoint& address : addresses) listens.push_back({use, address});
    if (config.mail.is_served())
        if (auto socket = endpoint_from_text(config.mail.socket, 0))
            listens.push_back({ListenerUse::mail_local, *socket});
    return listens;
}

Result<std::vector<dataplane::Listener>> open_listeners(const Config& config, unsigned workers) {
    std::vector<dataplane::Listener> listeners;
    for (const ConfiguredListen& listen : configured_listens(config)) {
        auto listener = dataplane::open_listener(listen.address, workers, listen.use);
        if (!listener) return tl::unexpected(std::move(listener).error());
        listeners.push_back(std::move(*listener));
    }
    return listeners;
}

Result<ChildPrograms> ChildPrograms::find() {
    auto dataplane = find_program("gatepost-dataplane");
    if (!dataplane) return tl::unexpected(std::move(dataplane).error());
    auto controlplane = find_program("gatepost-controlplane");
    if (!controlplane) return tl::unexpected(std::move(controlplane).error());
    return ChildPrograms{*dataplane, *controlplane};
}

ProcessSpec dataplane_spec(const ChildPrograms& programs, const Config& config,
                           const std::vector<dataplane::Listener>& listeners, int channel,
                           int runtime) {
    const std::vector<unsigned> cores = worker_cores(config);
    ProcessSpec spec;
    spec.argv = {programs.dataplane};
    spec.descriptors = {channel, runtime};
    spec.death_signal = SIGTERM;
    const auto add_socket = [&](std::string_view word, size_t worker, int fd) {
        add(spec.argv, "--socket", fmt::format("{}:{}:{}", word, worker, fd));
        spec.descriptors.push_back(fd);
    };
    for (const dataplane::Listener& listener : listeners) {
        for (size_t worker = 0; worker < listener.udp.size(); ++worker)
            add_socket("udp", worker, listener.udp[worker].get());
        for (size_t worker = 0; worker < listener.tcp.size(); ++worker)
            add_socket(dataplane::stream_socket_word(listener.use), worker,
                       listener.tcp[worker].get());
    }
    add(spec.argv, "--workers", std::to_string(cores.size()));
    add(spec.argv, "--cores", join(cores));
    add_stream_options(spec.argv, config, cores.size());
    add_mail_options(spec.argv, config);
    add(spec.argv, "--directory-checkpoint", config.directory_checkpoint());
    add_dataplane_options(spec, config, channel, runtime);
    return spec;
}

void add_dataplane_options(ProcessSpec& spec, const Config& config, int channel, int runtime) {
    add(spec.argv, "--channel-fd", std::to_string(channel));
    add(spec.argv, "--runtime-fd", std::to_string(runtime));
    add(spec.argv, "--checkpoint", config.checkpoint());
    add(spec.argv, "--seccomp", config.seccomp);
    add(spec.argv, "--rate-limit", std::to_string(config.rate_limit_per_second));
    add(spec.argv, "--rate-limit-burst-ms", std::to_string(config.rate_limit_burst.count()));
    add(spec.argv, "--rate-limit-slip", std::to_string(config.rate_limit_slip));
    for (const std::string& network : config.rate_limit_exempt)
        add(spec.argv, "--rate-limit-exempt", network);
    add(spec.argv, "--log-format", config.log_format);
    add(spec.argv, "--log-level", config.log_level);
    if (::geteuid() == 0)
        add(spec.argv, "--user", config.dataplane_user.empty() ? "nobody" : config.dataplane_user);
}

ProcessSpec controlplane_spec(const ChildPrograms& programs, const Config& config, int channel,
                              int runtime) {
    ProcessSpec spec;
    spec.argv = {programs.controlplane};
    spec.descriptors = {channel, runtime};
    spec.death_signal = SIGTERM;
    add(spec.argv, "--dsn", config.dsn);
    add(spec.argv, "--state-dir", config.state_dir);
    add(spec.argv, "--control-socket", config.control_socket());
    add(spec.argv, "--server-name", config.tls_server_name);
    add(spec.argv, "--secret-key-file", config.tls_key_file);
    add(spec.argv, "--arena-size-max", std::to_string(config.arena_size_max));
    add(spec.argv, "--checkpoint-interval", std::to_string(config.checkpoint_interval.count()));
    if (config.mail.is_served() || !config.queue_api.listen.empty())
        add(spec.argv, "--messages", config.messages());
    add(spec.argv, "--compact-live-percent", std::to_string(config.store.compact_live_percent));
    add(spec.argv, "--compact-grace", std::to_string(config.store.compact_grace.count()));
    add(spec.argv, "--mailboxes-size-max", std::to_string(config.mailboxes.size_max));
    add(spec.argv, "--mailboxes-resident-max", std::to_string(config.mailboxes.resident_max));
    add(spec.argv, "--expunged-kept", std::to_string(config.mailboxes.expunged_kept.count()));
    add_queue_api_options(spec.argv, config);
    add(spec.argv, "--channel-fd", std::to_string(channel));
    add(spec.argv, "--runtime-fd", std::to_string(runtime));
    add(spec.argv, "--log-format", config.log_format);
    add(spec.argv, "--log-level", config.log_level);
    if (::geteuid() == 0 && !config.controlplane_user.empty())
        add(spec.argv, "--user", config.controlplane_user);
    return spec;
}

Result<std::string> read_password(const Config& config) {
    if (config.password_file.empty()) return std::string();
    std::ifstream file(config.password_file);
    std::string line;
    if (!file || !std::getline(file, line))
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::invalid,
                    "cannot read database.password_file {}: {}", config.password_file,
                    errno == 0 ? "it is empty" : std::strerror(errno));
    return line;
}

}  // namespace gatepost::tools

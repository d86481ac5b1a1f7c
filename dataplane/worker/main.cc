// gatepost-dataplane: answers DNS from the index arena, over UDP, TCP, TLS and HTTPS.

#include <CLI/CLI.hpp>
#include <fstream>

#include "dataplane/worker/dataplane.h"

#if defined(__SANITIZE_ADDRESS__)
// The leak checker inspects its own process, which this one lets nobody do.
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}
#endif

namespace {

using namespace gatepost;
using namespace gatepost::dataplane;

struct Arguments {
    DataplaneOptions options;
    std::vector<std::string> listen[kListenerUses];  // by ListenerUse
    std::vector<std::string> sockets;
    std::vector<std::string> exempt;
    std::vector<std::string> proxies;
    std::vector<std::string> http_proxies;
    std::string token_file;
    size_t buffers_mib = 256;
};

template <typename T>
struct Choice {
    const char* name;
    T value;
};
constexpr Choice<SeccompMode> kSeccompModes[] = {
    {"on", SeccompMode::on}, {"log", SeccompMode::log}, {"off", SeccompMode::off}};
constexpr Choice<LogFormat> kLogFormats[] = {{"auto", LogFormat::automatic},
                                             {"logfmt", LogFormat::logfmt},
                                             {"json", LogFormat::json},
                                             {"journald", LogFormat::journald}};
constexpr Choice<LogLevel> kLogLevels[] = {{"debug", LogLevel::debug},
                                           {"info", LogLevel::info},
                                           {"warning", LogLevel::warning},
                                           {"error", LogLevel::error}};

template <typename T, size_t N>
void add_choice(CLI::App& app, const char* name, T& target, const Choice<T> (&choices)[N],
                const char* about) {
    std::vector<std::string> names;
    for (const Choice<T>& choice : choices) names.push_back(choice.name);
    auto set = [&target, &choices](const std::string& text) {
        for (const Choice<T>& choice : choices)
            if (text == choice.name) target = choice.value;
    };
    app.add_option_function<std::string>(name, set, about)
        ->check(CLI::IsMember(names))
        ->type_name("");
}

void describe(CLI::App& app, Arguments& arguments) {
    DataplaneOptions& options = arguments.options;
    app.add_option("--listen", arguments.listen[0],
                   "serve DNS on this address, over UDP and TCP (repeatable)")
        ->type_name("IP@PORT");
    app.add_option("--socket", arguments.sockets,
                   "serve on a socket the supervisor opened (repeatable)")
        ->type_name("KIND:WORKER:FD");
    app.add_option("--workers", options.workers, "worker threads; default: one per core")
        ->type_name("N");
    app.add_option("--cores", options.cores,
                   "the cores they are pinned to; default: all usable ones")
        ->delimiter(',')
        ->type_name("N,N…");
    app.add_option("--channel-fd", options.channel_fd, "descriptor of the supervisor's channel")
        ->type_name("FD");
    app.add_option("--runtime-fd", options.runtime_fd, "descriptor of the runtime page")
        ->type_name("FD");
    app.add_option("--checkpoint", options.checkpoint,
                   "index to start from until one is handed over")
        ->type_name("PATH");
    app.add_option("--directory-checkpoint", options.directory_checkpoint,
                   "the same of the directory (certificates)")
        ->type_name("PATH");
    app.add_option("--user", options.user, "become this user, when started as root")
        ->type_name("NAME");
    add_choice(app, "--seccomp", options.seccomp, kSeccompModes, "system-call filter");
    app.add_option("--gather-us", options.gather_us,
                   "longest wait for a larger burst under load; 0: none")
        ->capture_default_str()
        ->type_name("US");
    add_choice(app, "--log-format", options.log_format, kLogFormats, "form of the log");
    add_choice(app, "--log-level", options.log_level, kLogLevels, "least important lines to log");
    app.footer(
        "Examples:\n"
        "  gatepost-dataplane --listen 127.0.0.1@5300 --checkpoint "
        "/var/lib/gatepost/zones.checkpoint\n"
        "  gatepost-dataplane --listen 0.0.0.0@53 --listen ::@53 --user gatepost --cores 2,3\n"
        "Usually started by 'gatepost run'.");
}

void describe_streams(CLI::App& app, Arguments& arguments) {
    DataplaneOptions& options = arguments.options;
    StreamServicesOptions& streams = options.streams;
    const std::string group = "Connections";
    const std::pair<const char*, const char*> kinds[] = {
        {"--listen-tls", "serve DNS over TLS on this address (repeatable)"},
        {"--listen-https", "serve HTTPS, with DNS over HTTPS (repeatable)"},
        {"--listen-http", "serve HTTP: challenges and redirects (repeatable)"},
        {"--listen-admin", "serve metrics and health over HTTP (repeatable)"},
        {"--listen-smtp", "take mail from other hosts (repeatable)"},
        {"--listen-submission", "take mail of people who log in, after STARTTLS (repeatable)"},
        {"--listen-submissions", "the same under TLS from the first octet (repeatable)"},
        {"--listen-lmtp", "take mail by LMTP (repeatable)"},
        {"--listen-mail-local", "take mail of programs of this host, on a unix socket"},
        {"--listen-imap", "serve mailboxes by IMAP, after STARTTLS (repeatable)"},
        {"--listen-imaps", "the same under TLS from the first octet (repeatable)"},
        {"--listen-pop3", "serve inboxes by POP3, after STLS (repeatable)"},
        {"--listen-pop3s", "the same under TLS from the first octet (repeatable)"}};
    static_assert(std::size(kinds) + 1 == kListenerUses);
    for (size_t i = 0; i < std::size(kinds); ++i)
        app.add_option(kinds[i].first, arguments.listen[i + 1], kinds[i].second)
            ->type_name("IP@PORT|PATH")
            ->group(group);
    auto number = [&](const char* name, uint32_t& value, const char* about, const char* unit) {
        app.add_option(name, value, about)->capture_default_str()->type_name(unit)->group(group);
    };
    number("--tcp-connections-max", streams.dns_connections_max,
           "DNS connections per worker, over TCP, and as many over TLS", "N");
    number("--tcp-idle-ms", streams.dns_idle_ms, "close DNS connections idle for so long", "MS");
    number("--connections-max", streams.server.connections_max, "connections per worker, all kinds",
           "N");
    number("--connections-per-address", streams.server.sources.per_address,
           "connections per worker that one client address may have; 0: no limit", "N");
    number("--connections-per-network", streams.server.sources.per_network,
           "the same of a client network (IPv4 /24, IPv6 /56); 0: no limit", "N");
    number("--drain-ms", options.drain_ms, "how long connections have to end at the end", "MS");
    app.add_option("--buffers-mib", arguments.buffers_mib,
                   "memory per worker for what is on its way")
        ->capture_default_str()
        ->type_name("MIB")
        ->group(group);
    app.add_option("--proxy", arguments.proxies,
                   "a network whose connections begin with a PROXY header, v2 (repeatable)")
        ->type_name("IP/BITS")
        ->group(group);
    app.add_option("--http-proxy", arguments.http_proxies,
                   "a network of HTTP proxies whose X-Forwarded-For is believed (repeatable)")
        ->type_name("IP/BITS")
        ->group(group);
    app.add_option("--metrics-token-file", arguments.token_file,
                   "its first line is the bearer token that metrics ask for")
        ->type_name("PATH")
        ->group(group);
    app.add_option("--secret-key-file", options.key_file,
                   "keys that the certificates' private keys are sealed with")
        ->type_name("PATH")
        ->group(group);
    app.add_option("--server-name", options.server_name,
                   "host name in the certificate for when there is no other")
        ->type_name("NAME")
        ->group(group);
}

void describe_mail(CLI::App& app, MailOptions& mail) {
    const std::string group = "Mail";
    app.add_option("--messages", mail.messages, "folder of the message log; unset: no mail")
        ->type_name("PATH")
        ->group(group);
    app.add_option("--mail-hostname", mail.hostname, "this host's name in greetings")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--message-size-max", mail.message_size_max, "largest message taken")
        ->capture_default_str()
        ->type_name("OCTETS")
        ->group(group);
    app.add_option("--recipients-max", mail.recipients_max, "recipients of one message")
        ->capture_default_str()
        ->type_name("N")
        ->group(group);
    app.add_option("--resolver", mail.resolver,
                   "servers that the policy asks DNS of; default: those of resolv.conf")
        ->type_name("IP[:PORT],…")
        ->group(group);
    app.add_option("--auth-mechanism", mail.mechanisms,
                   "a mechanism of AUTH, in the order of preference (repeatable)")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--postmaster", mail.postmaster,
                   "address for postmaster of domains that have none")
        ->type_name("ADDRESS")
        ->group(group);
}

void describe_rate_limit(CLI::App& app, Arguments& arguments) {
    RateLimitOptions& options = arguments.options.rate_limit;
    const std::string group = "Response rate limiting";
    app.add_option("--rate-limit", options.per_second,
                   "UDP replies of one kind a second to one client network (IPv4 /24, IPv6 /56); "
                   "0: no limit")
        ->capture_default_str()
        ->type_name("N")
        ->group(group);
    app.add_option("--rate-limit-burst-ms", options.burst_ms,
                   "so much of the rate may be saved up for a burst")
        ->capture_default_str()
        ->type_name("MS")
        ->group(group);
    app.add_option("--rate-limit-slip", options.slip,
                   "one in N limited replies is sent truncated; 0: none")
        ->capture_default_str()
        ->type_name("N")
        ->group(group);
    app.add_option("--rate-limit-exempt", arguments.exempt,
                   "a network that is not limited (repeatable)")
        ->type_name("IP/BITS")
        ->group(group);
}

void describe_poll_mode(CLI::App& app, PollModeOptions& options) {
    const std::string group = "Poll mode";
    app.add_option("--device", options.device, "serve a network device in poll mode")
        ->type_name("DEVARGS")
        ->group(group);
    app.add_option("--queues", options.queues, "its queues, each with a worker")
        ->capture_default_str()
        ->type_name("N")
        ->group(group);
    app.add_option("--queue-cores", options.cores, "the cores that those workers are pinned to")
        ->delimiter(',')
        ->type_name("N,N…")
        ->group(group);
    app.add_option("--address", options.addresses, "an address that queries come to (repeatable)")
        ->type_name("IP")
        ->group(group);
    app.add_option("--port", options.ports, "the UDP ports that queries come to")
        ->delimiter(',')
        ->capture_default_str()
        ->type_name("N,N…")
        ->group(group);
    app.add_flag("--all-frames", options.all_frames,
                 "the device takes every frame: answer ARP, neighbor discovery and echo as well")
        ->group(group);
    app.add_flag("--steer", options.steer,
                 "have the device sort the queries out and leave the rest to the kernel (mlx5)")
        ->group(group);
    app.add_option("--burst", options.burst, "frames taken from a queue at once")
        ->capture_default_str()
        ->type_name("N")
        ->group(group);
    app.add_option("--idle-us", options.idle_us, "sleep so long under load; 0: never sleep")
        ->capture_default_str()
        ->type_name("US")
        ->group(group);
    app.add_flag("--hugepages,!--no-hugepages", options.hugepages,
                 "use 2 MiB pages where enough are free (default)")
        ->group(group);
    app.add_option("--memory-mib", options.memory_mib, "for buffers and rings; 0: what is needed")
        ->capture_default_str()
        ->type_name("MIB")
        ->group(group);
    app.add_option("--interface", options.interface,
                   "attach the XDP program to this interface, which the device is on")
        ->type_name("NAME")
        ->group(group);
    app.add_option("--xsks-map-fd", options.xsks_map_fd,
                   "descriptor of the map of the supervisor's XDP program")
        ->type_name("FD")
        ->group(group);
    app.add_option("--first-worker", options.first_worker, "number of the first queue's worker")
        ->type_name("N")
        ->group(group);
    app.add_option("--nic-slot", options.slot, "the device's place in the runtime page")
        ->type_name("N")
        ->group(group);
}

// A file that cannot be read is refused: what it protects would be open to everybody.
Result<std::string> read_token(const std::string& path) {
    std::ifstream file(path);
    std::string token;
    if (!file || !std::getline(file, token) || token.empty())
        return fail(ErrorCode::permission,
                    "--metrics-token-file {}: it cannot be read, or its first line is empty", path);
    return token;
}

Status take_lists(Arguments& arguments) {
    for (size_t use = 0; use < std::size(arguments.listen); ++use) {
        for (const std::string& text : arguments.listen[use]) {
            auto address = parse_listen_address(text);
            if (!address) return tl::unexpected(address.error());
            arguments.options.listen.push_back({static_cast<ListenerUse>(use), *address});
        }
    }
    for (const std::string& text : arguments.proxies) {
        auto prefix = parse_prefix(text);
        if (!prefix) return wrap("--proxy", prefix.error());
        arguments.options.streams.proxies.push_back(*prefix);
    }
    for (const std::string& text : arguments.http_proxies) {
        auto prefix = parse_prefix(text);
        if (!prefix) return wrap("--http-proxy", prefix.error());
        arguments.options.streams.http.trusted_proxies.push_back(*prefix);
    }
    arguments.options.streams.server.buffers_max = arguments.buffers_mib << 20;
    arguments.options.streams.http.version = GATEPOST_VERSION;
    if (!arguments.token_file.empty()) {
        auto token = read_token(arguments.token_file);
        if (!token) return tl::unexpected(token.error());
        arguments.options.streams.http.bearer_token = std::move(*token);
    }
    for (const std::string& text : arguments.sockets) {
        auto socket = parse_socket(text);
        if (!socket) return tl::unexpected(socket.error());
        arguments.options.sockets.push_back(*socket);
    }
    for (const std::string& text : arguments.exempt) {
        auto prefix = parse_prefix(text);
        if (!prefix) return wrap("--rate-limit-exempt", prefix.error());
        arguments.options.rate_limit.exempt.push_back(*prefix);
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("Answers DNS from the index arena, over UDP, TCP, TLS and HTTPS.",
                 "gatepost-dataplane");
    app.set_version_flag("--version", GATEPOST_VERSION);
    describe(app, arguments);
    describe_streams(app, arguments);
    describe_mail(app, arguments.options.mail);
    describe_rate_limit(app, arguments);
    describe_poll_mode(app, arguments.options.poll);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ErrorCode::usage);
    }
    log_start(arguments.options.log_format, arguments.options.log_level);
    Status status = take_lists(arguments);
    if (status) status = Dataplane(std::move(arguments.options)).run();
    if (status) return 0;
    log(LogLevel::error, "dataplane.failed", {{"reason", status.error().message}});
    return static_cast<int>(status.error().code);
}

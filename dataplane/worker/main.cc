// gatepost-dataplane: answers DNS over UDP and TCP from the index arena.

#include <CLI/CLI.hpp>

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
    std::vector<std::string> listen;
    std::vector<std::string> sockets;
    std::vector<std::string> exempt;
};

template <typename T>
struct Choice {
    const char* name;
    T value;
};
constexpr Choice<SeccompMode> kSeccompModes[] = {
    {"on", SeccompMode::on}, {"log", SeccompMode::log}, {"off", SeccompMode::off}};
constexpr Choice<LogFormat> kLogFormats[] = {{"logfmt", LogFormat::logfmt},
                                             {"json", LogFormat::json}};
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
    app.add_option("--listen", arguments.listen, "serve on this address, UDP and TCP (repeatable)")
        ->type_name("IP@PORT");
    app.add_option("--socket", arguments.sockets,
                   "serve on a socket the supervisor opened (repeatable)")
        ->type_name("udp|tcp:WORKER:FD");
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
    app.add_option("--user", options.user, "become this user, when started as root")
        ->type_name("NAME");
    add_choice(app, "--seccomp", options.seccomp, kSeccompModes, "system-call filter");
    app.add_option("--tcp-connections-max", options.tcp_connections_max,
                   "TCP connections per worker")
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--tcp-idle-ms", options.tcp_idle_ms, "close TCP connections idle for so long")
        ->capture_default_str()
        ->type_name("MS");
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

Status take_lists(Arguments& arguments) {
    for (const std::string& text : arguments.listen) {
        auto address = parse_listen_address(text);
        if (!address) return tl::unexpected(address.error());
        arguments.options.listen.push_back(*address);
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
    CLI::App app("Answers DNS over UDP and TCP from the index arena.", "gatepost-dataplane");
    app.set_version_flag("--version", GATEPOST_VERSION);
    describe(app, arguments);
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

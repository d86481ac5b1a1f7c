#include "controlplane/control/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <span>

namespace gatepost::controlplane {

namespace {

struct Unit {
    std::string_view name;
    uint64_t factor;
};

constexpr Unit kSizeUnits[] = {{"", 1},          {"B", 1},         {"KiB", 1 << 10},
                               {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", uint64_t{1} << 40}};
constexpr Unit kDurationUnits[] = {
    {"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};

Result<uint64_t> number_with_unit(const std::string& text, std::span<const Unit> units,
                                  std::string_view example) {
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc()) {
        const std::string_view unit(rest, static_cast<size_t>(end - rest));
        for (const Unit& known : units) {
            if (known.name != unit) continue;
            uint64_t product = 0;
            if (__builtin_mul_overflow(number, known.factor, &product) || product >> 62 != 0) break;
            return product;
        }
    }
    return fail(ErrorCode::usage, "'{}' is not a value such as {}", text, example);
}

// Turns a parser of ours into a check for CLI11, which also stores the value.
template <typename T, typename Parse>
CLI::callback_t store(T& target, Parse parse) {
    return [&target, parse](const CLI::results_t& values) {
        auto parsed = parse(values.front());
        if (!parsed) throw CLI::ValidationError(parsed.error().message);
        target = *parsed;
        return true;
    };
}

Result<QueueApiListen> listen_from_argument(const std::string& text) {
    const size_t at = text.rfind('@');
    const std::string port = at == std::string::npos ? "" : text.substr(at + 1);
    QueueApiListen listen;
    const char* const end = port.data() + port.size();
    const auto [rest, error] = std::from_chars(port.data(), end, listen.port);
    if (at == 0 || port.empty() || error != std::errc() || rest != end)
        return fail(ErrorCode::usage, "'{}' is not an address such as 127.0.0.1@8025", text);
    listen.host = text.substr(0, at);
    return listen;
}

void add_queue_api_options(CLI::App& app, QueueApiOptions& queue) {
    app.add_option(
           "--queue-api", CLI::callback_t([&queue](const CLI::results_t& values) {
               for (const std::string& value : values) {
                   auto listen = listen_from_argument(value);
                   if (!listen) throw CLI::ValidationError(listen.error().message);
                   queue.listen.push_back(std::move(*listen));
               }
               return true;
           }),
           "address to hand out mail for other systems on: 127.0.0.1@8025; may come several times")
        ->expected(1, 64);
    app.add_option("--messages", queue.messages,
                   "the folder of the message log, to hand mail out of it and to compact it");
    app.add_option("--queue-api-token-file", queue.token_file, "bearer tokens that may fetch");
    app.add_option("--queue-api-users-file", queue.users_file, "names and passwords that may");
    app.add_option("--queue-api-allow", queue.allow, "networks to fetch from; none: any");
    app.add_option("--queue-api-lease", CLI::callback_t([&queue](const CLI::results_t& values) {
                       auto time = duration_from_argument(values.front());
                       if (!time) throw CLI::ValidationError(time.error().message);
                       queue.lease = std::chrono::ceil<std::chrono::seconds>(*time);
                       return true;
                   }),
                   "how long whoever fetched has to acknowledge (5m)");
    app.add_flag("--queue-api-legacy", queue.legacy, "GET / gives messages, and they are done");
}

}  // namespace

Result<uint64_t> size_from_argument(const std::string& text) {
    return number_with_unit(text, kSizeUnits, "512MiB or 4GiB");
}

Result<std::chrono::milliseconds> duration_from_argument(const std::string& text) {
    const auto value = number_with_unit(text, kDurationUnits, "500ms, 30s or 5m");
    if (!value) return tl::unexpected(value.error());
    return std::chrono::milliseconds(static_cast<int64_t>(*value));
}

std::variant<DaemonOptions, ExitNow> parse_options(int argc, char** argv) {
    DaemonOptions options;
    CLI::App app(
        "Follows the database and keeps the index of zones that the dataplane answers from.\n"
        "Normally started by `gatepost run`.",
        "gatepost-controlplane");
    app.set_version_flag("--version", "gatepost-controlplane " GATEPOST_VERSION);
    app.add_option("--dsn", options.dsn, "connection string or URI of PostgreSQL")->required();
    app.add_option("--state-dir", options.state_dir,
                   "folder for the checkpoints (zones.ckpt, directory.ckpt)")
        ->required();
    app.add_option("--control-socket", options.control_socket, "unix socket for the commands")
        ->required();
    app.add_option("--arena-size-max", store(options.arena_size_max, size_from_argument),
                   "memory that the index may take (4GiB)");
    app.add_option("--directory-size-max", store(options.directory_size_max, size_from_argument),
                   "memory that the directory (certificates) may take (1GiB)");
    app.add_option("--mailboxes-size-max", store(options.mailboxes_size_max, size_from_argument),
                   "memory that the index of mailboxes may take at most (4GiB)");
    app.add_option("--mailboxes-resident-max",
                   store(options.mailboxes_resident_max, size_from_argument),
                   "memory beyond which mailboxes that nobody asks for leave it (1GiB)");
    app.add_option("--checkpoint-interval",
                   store(options.checkpoint_interval, duration_from_argument),
                   "from checkpoint to checkpoint (30s)");
    app.add_option("--channel-fd", options.channel_fd, "descriptor of the supervisor's channel");
    app.add_option("--runtime-fd", options.runtime_fd, "descriptor of the runtime page");
    app.add_option("--secret-key-file", options.secret_key_file,
                   "what private keys are sealed with (secret.key in the state folder)");
    app.add_option("--server-name", options.server_name,
                   "name to have a certificate for, and whose certificate clients get "
                   "that name no host known here (the name of this host)");
    app.add_option("--user", options.user, "user to become, when started as root");
    add_queue_api_options(app, options.queue_api);
    app.add_option("--compact-live-percent", options.compact_live_percent,
                   "a file of the message log is compacted when at most so much of it is still "
                   "needed; 0: only when asked (50)")
        ->check(CLI::Range(0, 90));
    app.add_option("--compact-grace", store(options.compact_grace, duration_from_argument),
                   "how long files that nobody needs any more stay (1m)");
    app.add_option("--expunged-kept", store(options.expunged_kept, duration_from_argument),
                   "how long it is remembered which messages of mailboxes are gone (720h)");
    app.add_option("--log-format", store(options.log_format, log_format_from_text),
                   "logfmt or json");
    app.add_option("--log-level", store(options.log_level, log_level_from_text),
                   "debug, info, warning or error");
    app.footer(
        "Examples:\n"
        "  gatepost-controlplane --dsn postgresql:///gatepost --state-dir /var/lib/gatepost \\\n"
        "      --control-socket /run/gatepost/control.sock --user gatepost\n"
        "  gatepost-controlplane --dsn 'host=db.example.net dbname=gatepost' --state-dir state \\\n"
        "      --control-socket control.sock --arena-size-max 512MiB --log-level debug");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return ExitNow{code == 0 ? 0 : static_cast<int>(ErrorCode::usage)};
    }
    if (options.checkpoint_interval < std::chrono::milliseconds(100)) {
        std::fputs("gatepost-controlplane: --checkpoint-interval must be at least 100ms\n", stderr);
        return ExitNow{static_cast<int>(ErrorCode::usage)};
    }
    return options;
}

}  // namespace gatepost::controlplane

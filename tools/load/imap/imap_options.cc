#include "tools/load/imap/imap_options.h"

#include <CLI/CLI.hpp>

#include "tools/load/time_option.h"

namespace gatepost::tools {

namespace {

constexpr uint16_t kImapPort = 143;
constexpr uint16_t kImapsPort = 993;          // RFC 8314 §7.2
constexpr uint32_t kConnectionsMax = 60'000;  // of one address' ports
constexpr uint32_t kDepthMax = 1'000;
constexpr uint64_t kCommandsMax = 1'000'000'000'000;
constexpr uint64_t kUsersMax = 10'000'000;
constexpr uint64_t kSizeMax = 256 << 20;  // octets: the text is in memory once
constexpr uint64_t kSecondsMax = 7 * 86'400;
constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kDurationDefaultNs = 10 * kNsPerSecond;

}  // namespace

ImapCommandLine::ImapCommandLine(CLI::App& app) {
    declare_load(app);
    declare_connection(app);
}

void ImapCommandLine::declare_load(CLI::App& app) {
    ImapEngineOptions& engine = options_.engine;
    app.add_option("--op", operation_,
                   "login, noop, select, fetch_flags, fetch_envelope, fetch_body, store, "
                   "search_flags, search_subject, search_body, append, idle or watch (noop)")
        ->type_name("OPERATION");
    app.add_option("--mix", mix_, "Several by their weights; with --op watch: the changes (store)")
        ->type_name("OPERATION=N,…");
    app.add_option("--connections", engine.connections, "Connections (10)")
        ->type_name("N")
        ->check(CLI::Range(uint32_t{1}, kConnectionsMax));
    app.add_option("--depth", engine.depth, "Commands under way on each connection (1)")
        ->type_name("N")
        ->check(CLI::Range(uint32_t{1}, kDepthMax));
    app.add_option("--commands", engine.commands, "End after this many commands")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kCommandsMax));
    app.add_option("--commands-each", engine.commands_each,
                   "End after this many of each connection")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kCommandsMax));
    auto* duration =
        app.add_option("--duration", duration_, "End after this time (10s without --commands)")
            ->type_name("TIME");
    app.add_option("--seconds", seconds_, "The same, in seconds")
        ->type_name("N")
        ->excludes(duration)
        ->check(CLI::Range(uint64_t{1}, kSecondsMax));
    app.add_option("--timeout", timeout_, "How long to wait for a response (60s)")
        ->type_name("TIME");
    app.add_option("--size", options_.message_size, "Octets of a message that is appended (4096)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kSizeMax));
    app.add_option("--run", options_.run, "Name of the run, in each Message-ID (a random one)")
        ->type_name("WORD");
    app.add_option("--seed", engine.seed, "Of all that is drawn at random (1)")->type_name("N");
    app.add_flag("--no-check", no_check_, "Do not compare the mailboxes at the end");
}

void ImapCommandLine::declare_connection(CLI::App& app) {
    app.add_option("TARGET,--target", target_,
                   "The server: ADDRESS:PORT, NAME:PORT, or the path of a UNIX socket")
        ->required();
    app.add_option("--auth", login_,
                   "Log in by LOGIN; %d in it is the number of the user: user%d@example.org:secret")
        ->type_name("USER:PASSWORD")
        ->required();
    app.add_option("--user-count", options_.engine.users,
                   "Users that the connections take turns in (1)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kUsersMax));
    app.add_option("--mailbox", options_.plan.mailbox, "Which one of each user (INBOX)")
        ->type_name("NAME");
    auto* tls = app.add_flag("--tls", options_.plan.implicit_tls, "TLS from the first octet");
    app.add_flag("--starttls", options_.plan.starttls,
                 "TLS by STARTTLS; no certificate is verified")
        ->excludes(tls);
    app.add_option("--core", options_.core, "Run on this core")
        ->type_name("N")
        ->check(CLI::Range(0, CPU_SETSIZE - 1));
    app.add_option("--json", options_.json, "The report as JSON, to a file; - instead of the table")
        ->type_name("FILE");
    app.add_flag("--quiet", options_.quiet, "No line each second");
    app.add_flag("--stages", options_.stages,
                 "Say on standard error when connections are opened, measured and checked");
}

Status ImapCommandLine::read_work() {
    ImapEngineOptions& engine = options_.engine;
    if (!operation_.empty()) {
        auto operation = imap_operation_from_text(operation_);
        if (!operation) return wrap("--op", std::move(operation).error());
        engine.operation = *operation;
    }
    const bool watch = engine.operation == ImapOperation::watch;
    engine.mix = ImapMix::only(watch ? ImapOperation::store : engine.operation);
    if (mix_.empty()) return {};
    if (!operation_.empty() && !watch)
        return fail(ErrorCode::usage, "--mix takes the place of --op {}", operation_);
    auto mix = ImapMix::from_text(mix_);
    if (!mix) return wrap("--mix", std::move(mix).error());
    if (watch && !mix->only_writes())
        return fail(ErrorCode::usage, "--op watch: a change is store or append");
    engine.mix = *mix;
    return {};
}

Status ImapCommandLine::read_limits() {
    ImapEngineOptions& engine = options_.engine;
    if (!timeout_.empty()) {
        auto timeout = time_option_ns("--timeout", timeout_);
        if (!timeout) return tl::unexpected(std::move(timeout).error());
        engine.timeout_ns = *timeout;
    }
    if (!duration_.empty()) {
        auto duration = time_option_ns("--duration", duration_);
        if (!duration) return tl::unexpected(std::move(duration).error());
        engine.duration_ns = *duration;
    } else if (seconds_ != 0) {
        engine.duration_ns = seconds_ * kNsPerSecond;
    } else if ((engine.commands == 0 && engine.commands_each == 0) ||
               engine.operation == ImapOperation::idle) {
        engine.duration_ns = kDurationDefaultNs;
    }
    if (engine.operation == ImapOperation::watch && engine.connections < 2 * engine.users)
        return fail(ErrorCode::usage,
                    "--op watch: each of {} users needs a connection that changes its mailbox and "
                    "one that waits; give --connections {}",
                    engine.users, 2 * engine.users);
    return {};
}

Status ImapCommandLine::read_login() {
    const size_t colon = login_.find(':');
    if (colon == 0 || colon == std::string::npos)
        return fail(ErrorCode::usage, "--auth: USER:PASSWORD, with a colon between them");
    options_.engine.user = login_.substr(0, colon);
    options_.plan.password = login_.substr(colon + 1);
    options_.engine.check = !no_check_;
    return {};
}

Result<ImapLoadOptions> ImapCommandLine::options() {
    auto target =
        mail_target_from_text(target_, options_.plan.implicit_tls ? kImapsPort : kImapPort);
    if (!target) return wrap("TARGET", std::move(target).error());
    options_.plan.target = std::move(*target);
    for (Status read : {read_work(), read_limits(), read_login()})
        if (!read) return tl::unexpected(std::move(read).error());
    if (options_.run.find_first_of("<>@ \t\r\n") != std::string::npos)
        return fail(ErrorCode::usage, "--run has no blanks, @ or <>");
    return std::move(options_);
}

}  // namespace gatepost::tools

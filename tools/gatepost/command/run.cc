// gatepost run: the supervisor.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "controlplane/log/event_log.h"
#include "storage/zone/dname.h"
#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/dns/ask.h"
#include "tools/gatepost/supervisor/programs.h"
#include "tools/gatepost/supervisor/supervisor.h"

namespace gatepost::tools {

namespace {

namespace fs = std::filesystem;

constexpr const char* kDemoZone = "configs/demo.zone";
constexpr std::string_view kDemoName = "www.demo.gatepost.example.";
constexpr const char* kDemoDomain = "demo.gatepost.example";
constexpr const char* kDemoAddress = "demo@demo.gatepost.example";

// Whether this instance serves the demo zone, by asking it.
bool serves_demo(const Endpoint& server) {
    QuestionOptions question;
    auto name = storage::dname_from_text(kDemoName);
    if (!name) return false;
    question.name = *name;
    AskOptions options;
    options.server = server;
    options.timeout = std::chrono::milliseconds(200);
    options.tries = 1;
    auto answered = ask(make_query(question), options);
    return answered && !answered->response.answer.empty();
}

bool is_in_path(const char* program) {
    const char* path = std::getenv("PATH");
    std::string_view folders = path == nullptr ? "" : path;
    while (!folders.empty()) {
        const size_t colon = folders.find(':');
        const std::string candidate = fmt::format("{}/{}", folders.substr(0, colon), program);
        if (::access(candidate.c_str(), X_OK) == 0) return true;
        folders.remove_prefix(colon == std::string_view::npos ? folders.size() : colon + 1);
    }
    return false;
}

std::string listed(const std::vector<Endpoint>& addresses) {
    std::string out;
    for (const Endpoint& address : addresses) out += " " + address.text();
    return out;
}

// "192.0.2.1:8443", "[2001:db8::1]:8443"
std::string url_host(const Endpoint& endpoint) {
    const std::string host = endpoint_host(endpoint);
    return endpoint.family() == AF_INET6 ? fmt::format("[{}]:{}", host, endpoint.port())
                                         : fmt::format("{}:{}", host, endpoint.port());
}

void print_first_steps(const SupervisorOptions& options, double seconds) {
    const Config& config = options.config;
    fmt::print("Gatepost answers DNS over UDP and TCP on{}, {:.1f} s after its start.\n",
               listed(config.listen), seconds);
    if (!config.tls_listen.empty()) fmt::print("  over TLS    {}\n", listed(config.tls_listen));
    for (const Endpoint& address : config.https_listen)
        fmt::print("  over HTTPS   https://{}/dns-query\n", url_host(address));
    if (!config.metrics_listen.empty())
        fmt::print("  metrics      http://{}/metrics\n", url_host(config.metrics_listen.front()));
    if (!config.mail.listen.empty())
        fmt::print("  mail        {} (SMTP){} (submission){} (submission under TLS)\n",
                   listed(config.mail.listen), listed(config.mail.submission_listen),
                   listed(config.mail.submissions_listen));
    if (!config.mail.imap_listen.empty() || !config.mail.imaps_listen.empty())
        fmt::print("  read mail   IMAP{}{}{}\n", listed(config.mail.imap_listen),
                   listed(config.mail.imaps_listen),
                   config.mail.imaps_listen.empty() ? "" : " (under TLS)");
    if (!config.mail.pop3_listen.empty() || !config.mail.pop3s_listen.empty())
        fmt::print("  fetch mail  POP3{}{}{}\n", listed(config.mail.pop3_listen),
                   listed(config.mail.pop3s_listen),
                   config.mail.pop3s_listen.empty() ? "" : " (under TLS)");
    if (!options.local) return (void)std::fflush(stdout);
    const Endpoint& server = config.listen.front();
    const std::string gatepost = fmt::format("{} --local {}", own_path(), options.local->directory);
    fmt::print("\n");
    if (serves_demo(server)) {
        const std::string at =
            fmt::format("@{} -p {} {} A", endpoint_host(server), server.port(), kDemoName);
        const char* tool = is_in_path("dig") ? "dig" : is_in_path("kdig") ? "kdig" : nullptr;
        fmt::print("  ask it      {} {}\n", tool != nullptr ? tool : gatepost + " query", at);
        if (is_in_path("kdig") && !config.tls_listen.empty()) {
            const Endpoint& tls = config.tls_listen.front();
            fmt::print("              kdig @{} -p {} +tls {} A\n", endpoint_host(tls), tls.port(),
                       kDemoName);
        }
        if (is_in_path("kdig") && !config.https_listen.empty()) {
            const Endpoint& https = config.https_listen.front();
            fmt::print("              kdig @{} -p {} +https {} A\n", endpoint_host(https),
                       https.port(), kDemoName);
        }
        fmt::print(
            "  change it   psql -h {} -U gatepost gatepost -c \"UPDATE gatepost.rrsets SET rdata = "
            "'{{192.0.2.99}}' WHERE name = '{}' AND type = 'A'\"\n",
            options.local->run, kDemoName);
    }
    if (!config.mail.listen.empty()) {
        const std::string where = url_host(config.mail.listen.front());
        fmt::print("  send mail   swaks --server {} --to {} --from you@example.net\n", where,
                   kDemoAddress);
        fmt::print("  see it      {} message list {}\n", gatepost, kDemoAddress);
    }
    fmt::print("  administer  {} zone list\n", gatepost);
    fmt::print("              {} user list\n", gatepost);
    fmt::print("              {} cert list\n", gatepost);
    fmt::print("  stop        Ctrl-C\n\n");
    std::fflush(stdout);
}

// The steps that a local database needs, as commands of this program.
std::vector<Provisioning::Step> preparations(const Context& context, const std::string& zone_file) {
    std::vector<std::string> words = context.instance_words();
    words.insert(words.end(), {"--quiet", "--timeout", "60s"});
    const auto step = [&](std::vector<std::string> command, bool essential) {
        command.insert(command.begin(), own_path());
        command.insert(command.end(), words.begin(), words.end());
        return Provisioning::Step{command, essential};
    };
    std::vector<Provisioning::Step> steps = {step({"schema", "migrate"}, true)};
    if (!zone_file.empty())
        steps.push_back(step({"zone", "import", zone_file, "--if-none", "--no-wait"}, false));
    if (zone_file == find_shared_file(kDemoZone)) {
        steps.push_back(step({"domain", "create", kDemoDomain, "--no-zone", "--no-wait"}, false));
        steps.push_back(step({"user", "add", kDemoAddress, "--if-none", "--no-wait"}, false));
    }
    return steps;
}

Status prepare_local(Context& context, const Arguments& arguments, SupervisorOptions& out) {
    std::string file = arguments.text("--zone");
    std::error_code ignored;
    if (!file.empty()) {
        if (!fs::is_regular_file(file, ignored))
            return fail(ErrorCode::usage, "--zone: there is no file {}", file);
        file = fs::absolute(file, ignored).string();
    } else {
        file = find_shared_file(kDemoZone);
    }
    out.prepare = preparations(context, file);
    return {};
}

Result<int> run(Context& context, const Arguments& arguments) {
    SupervisorOptions options;
    const std::string local = context.options().local_dir;
    if (!local.empty()) {
        if (::geteuid() == 0) {
            auto user = postgres_user();
            if (!user) return tl::unexpected(std::move(user).error());
            options.local_user = *user;
        }
        auto made = make_local_instance(local, options.local_user ? &*options.local_user : nullptr);
        if (!made) return tl::unexpected(std::move(made).error());
    }
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto level =
        controlplane::log_level_from_text(context.options().verbose ? "info" : config->log_level);
    if (!level) return tl::unexpected(std::move(level).error());
    auto format = controlplane::log_format_from_text(config->log_format);
    if (!format) return tl::unexpected(std::move(format).error());
    controlplane::log_start(*format, *level);
    if (context.options().verbose) config->log_level = "info";

    options.config = std::move(*config);
    options.local = context.local();
    // Another context: the file and the environment are read anew.
    options.reload = [global = context.options()]() -> Result<Config> {
        Context again(global);
        auto next = again.config();
        if (next && global.verbose) next->log_level = "info";
        return next;
    };
    options.on_ready = context.options().quiet ? nullptr : print_first_steps;
    if (options.local) {
        if (Status ok = prepare_local(context, arguments, options); !ok)
            return tl::unexpected(std::move(ok).error());
    }
    auto supervisor = Supervisor::create(std::move(options));
    if (!supervisor) return tl::unexpected(std::move(supervisor).error());
    Status outcome = supervisor->run();
    if (!outcome) return tl::unexpected(std::move(outcome).error());
    context.note("gatepost: stopped");
    return kExitDone;
}

}  // namespace

std::vector<CommandSpec> run_commands() {
    return {
        {.noun = "run",
         .summary =
             "Serves DNS and mail until it is told to stop. Starts the dataplane and the control "
             "plane, "
             "starts "
             "again what dies, and stops both at SIGTERM or Ctrl-C. With --local DIR all of it is "
             "in DIR: also a private "
             "PostgreSQL, its schema, a demo zone and an account in it; DNS is answered on "
             "127.0.0.1 "
             "and ::1, port 5300, mail taken on port 2525, unless the configuration says "
             "otherwise.",
         .options =
             {{"--zone", "FILE",
               "with --local: the zone to import where there is none (default: the demo zone)"}},
         .examples = {"gatepost run --local .local",
                      "gatepost run --config /etc/gatepost/gatepost.toml"},
         .run = run}};
}

}  // namespace gatepost::tools

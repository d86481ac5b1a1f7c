#include "tests/support/private_postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>

#include "controlplane/pg/connection.h"

namespace gatepost::tests {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kVersionMin = 15;
constexpr std::chrono::seconds kPatience = 60s;  // only a hang lasts so long

// Debian keeps the server's programs out of PATH, in a folder per major version.
Result<std::string> find_bindir() {
    int best = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > best && fs::exists(entry.path() / "bin/initdb", ignored)) best = version;
    }
    if (best >= kVersionMin) return fmt::format("/usr/lib/postgresql/{}/bin", best);
    std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
    for (std::string folder; std::getline(path, folder, ':');)
        if (fs::exists(fs::path(folder) / "initdb", ignored)) return folder;
    return fail(ErrorCode::refused, "no PostgreSQL server of version {} or later is installed",
                kVersionMin);
}

struct User {
    uid_t uid;
    gid_t gid;
};

// nullopt: stay who we are.
Result<std::optional<User>> server_user() {
    if (geteuid() != 0) return std::optional<User>();
    const passwd* entry = getpwnam("postgres");
    if (entry == nullptr)
        return fail(ErrorCode::refused,
                    "PostgreSQL does not run as root, and there is no system user \"postgres\"");
    return std::optional(User{entry->pw_uid, entry->pw_gid});
}

// Runs `argv` as the server's user with both outputs appended to `log`.
Result<pid_t> spawn(const std::vector<std::string>& argv, const std::string& log) {
    auto user = server_user();
    if (!user) return tl::unexpected(std::move(user).error());
    std::vector<char*> raw;
    for (const std::string& argument : argv) raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) return fail(ErrorCode::refused, "fork: {}", strerror(errno));
    if (child > 0) return child;
    // Only async-signal-safe calls from here on: the parent may have threads.
    if (*user &&
        (setgroups(0, nullptr) != 0 || setgid((*user)->gid) != 0 || setuid((*user)->uid) != 0))
        _exit(126);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // After setuid, which clears it. SIGQUIT is PostgreSQL's immediate stop.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int in = open("/dev/null", O_RDONLY);
    if (out < 0 || in < 0 || chdir("/") != 0) _exit(126);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(raw[0], raw.data());
    _exit(127);
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The eighth line of postmaster.pid is "ready" once connections are taken; the first names the
// postmaster, for the file of a killed one stays.
bool is_ready(const fs::path& pid_file, pid_t postmaster) {
    std::istringstream file(read_file(pid_file));
    std::string line;
    std::getline(file, line);
    if (std::atoi(line.c_str()) != postmaster) return false;
    for (int i = 2; i <= 8; ++i)
        if (!std::getline(file, line)) return false;
    return line.starts_with("ready");
}

// A postmaster puts each child into a session of its own, so its process group does not reach them.
std::vector<pid_t> children_of(pid_t parent) {
    std::istringstream list(read_file(fmt::format("/proc/{}/task/{}/children", parent, parent)));
    return {std::istream_iterator<pid_t>(list), std::istream_iterator<pid_t>()};
}

// A killed process counts as gone once it is a zombie: its memory is released by then.
bool is_gone(pid_t process) {
    const std::string stat = read_file(fmt::format("/proc/{}/stat", process));
    const size_t name_end = stat.rfind(") ");
    return name_end == std::string::npos || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

}  // namespace

PrivatePostgres::~PrivatePostgres() {
    if (is_running()) (void)stop(StopMode::immediate);
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

Status PrivatePostgres::start(const std::vector<std::string>& settings) {
    auto bindir = find_bindir();
    auto user = server_user();
    if (!bindir) return tl::unexpected(std::move(bindir).error());
    if (!user) return tl::unexpected(std::move(user).error());
    bindir_ = *bindir;
    settings_ = settings;
    // A socket's path has at most 107 octets, so the directory stays near the root.
    std::string directory = "/tmp/gatepost-pg-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr)
        return fail(ErrorCode::refused, "mkdtemp {}: {}", directory, strerror(errno));
    directory_ = directory;
    if (*user && chown(directory.c_str(), (*user)->uid, (*user)->gid) != 0)
        return fail(ErrorCode::refused, "chown {}: {}", directory, strerror(errno));

    auto initdb = spawn({bindir_ + "/initdb", "--pgdata=" + directory_ + "/data", "--no-sync",
                         "--auth=trust", "--username=gatepost", "--encoding=UTF8", "--no-locale"},
                        directory_ + "/log");
    if (!initdb) return tl::unexpected(std::move(initdb).error());
    int status = 0;
    while (waitpid(*initdb, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) return fail(ErrorCode::refused, "initdb failed: {}", log());
    return launch();
}

Status PrivatePostgres::launch() {
    std::vector<std::string> argv = {bindir_ + "/postgres", "-D", directory_ + "/data"};
    for (const std::string& setting :
         {std::string("listen_addresses="), "unix_socket_directories=" + directory_,
          std::string("wal_level=logical"), std::string("huge_pages=off"),
          std::string("max_connections=60"), std::string("timezone=UTC")})
        argv.insert(argv.end(), {"-c", setting});
    for (const std::string& setting : settings_) argv.insert(argv.end(), {"-c", setting});
    auto child = spawn(argv, directory_ + "/log");
    if (!child) return tl::unexpected(std::move(child).error());
    postmaster_ = *child;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!is_ready(directory_ + "/data/postmaster.pid", postmaster_)) {
        if (waitpid(postmaster_, nullptr, WNOHANG) == postmaster_) {
            postmaster_ = -1;
            return fail(ErrorCode::refused, "PostgreSQL did not start: {}", log());
        }
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorCode::refused, "PostgreSQL is not ready after {} s: {}",
                        kPatience.count(), log());
        std::this_thread::sleep_for(5ms);
    }
    return {};
}

Status PrivatePostgres::stop(StopMode mode) {
    if (!is_running()) return {};
    const int signal = mode == StopMode::smart  ? SIGTERM
                       : mode == StopMode::fast ? SIGINT
                                                : SIGQUIT;
    if (kill(postmaster_, signal) != 0)
        return fail(ErrorCode::refused, "cannot signal PostgreSQL: {}", strerror(errno));
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (waitpid(postmaster_, nullptr, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            std::fprintf(stderr, "PostgreSQL does not stop and is killed: %s\n", log().c_str());
            return kill9();
        }
        std::this_thread::sleep_for(1ms);
    }
    postmaster_ = -1;
    return {};
}

Status PrivatePostgres::kill9() {
    if (!is_running()) return fail(ErrorCode::refused, "PostgreSQL does not run");
    // Stopped first, so that it forks no child between the list and the kill.
    kill(postmaster_, SIGSTOP);
    const std::vector<pid_t> children = children_of(postmaster_);
    kill(postmaster_, SIGKILL);
    for (const pid_t child : children) kill(child, SIGKILL);
    while (waitpid(postmaster_, nullptr, 0) < 0 && errno == EINTR) {
    }
    postmaster_ = -1;
    // The next postmaster refuses to start while one of them is attached to the old shared memory.
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (const pid_t child : children)
        while (!is_gone(child)) {
            if (std::chrono::steady_clock::now() > deadline)
                return fail(ErrorCode::refused, "process {} does not end", child);
            std::this_thread::sleep_for(1ms);
        }
    return {};
}

Status PrivatePostgres::restart() {
    if (Status stopped = stop(StopMode::fast); !stopped) return stopped;
    return launch();
}

std::string PrivatePostgres::dsn(std::string_view database) const {
    return fmt::format("host={} user=gatepost dbname={}", directory_, database);
}

Status PrivatePostgres::create_database(std::string_view name, std::string_view template_database) {
    auto connection = controlplane::Connection::open(dsn(), "private_postgres");
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto created = connection->exec(fmt::format("CREATE DATABASE {} TEMPLATE {}",
                                                connection->quote_identifier(name),
                                                connection->quote_identifier(template_database)));
    if (!created) return tl::unexpected(std::move(created).error());
    return {};
}

Status PrivatePostgres::drop_database(std::string_view name) {
    auto connection = controlplane::Connection::open(dsn(), "private_postgres");
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto dropped = connection->exec(
        fmt::format("DROP DATABASE {} WITH (FORCE)", connection->quote_identifier(name)));
    if (!dropped) return tl::unexpected(std::move(dropped).error());
    return {};
}

std::string PrivatePostgres::log() const {
    return read_file(directory_ + "/log");
}

}  // namespace gatepost::tests

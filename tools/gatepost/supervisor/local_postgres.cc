#include "tools/gatepost/supervisor/local_postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tools/gatepost/supervisor/programs.h"

namespace gatepost::tools {

namespace fs = std::filesystem;

namespace {

// The line of postmaster.pid that tells the state (PostgreSQL's pidfile.h,
// LOCK_FILE_LINE_PM_STATUS).
constexpr int kStatusLine = 8;
constexpr size_t kLogLines = 5;

// Something to read on standard input.
Result<UniqueFd> input_of(std::string_view text) {
    UniqueFd fd(::memfd_create("gatepost-input", MFD_CLOEXEC));
    if (!fd || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::lseek(fd.get(), 0, SEEK_SET) != 0)
        return fail(ErrorCode::refused, "memfd: {}", std::strerror(errno));
    return fd;
}

}  // namespace

Result<LocalPostgres> LocalPostgres::open(const LocalInstance& instance,
                                          std::optional<SystemUser> user) {
    auto programs = find_postgres_programs();
    if (!programs) return tl::unexpected(std::move(programs).error());
    return LocalPostgres(instance, *programs, std::move(user));
}

bool LocalPostgres::exists() const {
    std::error_code ignored;
    return fs::exists(instance_.cluster() + "/PG_VERSION", ignored);
}

ProcessSpec LocalPostgres::spec(const std::string& program, const UniqueFd& log) const {
    ProcessSpec spec;
    spec.argv = {programs_ + "/" + program};
    spec.user = user_ ? &*user_ : nullptr;
    spec.output = log.get();
    return spec;
}

Result<UniqueFd> LocalPostgres::open_log() const {
    UniqueFd log(
        ::open(instance_.postgres_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log || (user_ && ::fchown(log.get(), user_->uid, user_->gid) != 0))
        return fail(ErrorCode::refused, "cannot write {}: {}", instance_.postgres_log(),
                    std::strerror(errno));
    return log;
}

Status LocalPostgres::run(const ProcessSpec& spec) const {
    auto child = start_process(spec);
    if (!child) return tl::unexpected(std::move(child).error());
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status == 0) return {};
    return fail(ErrorCode::refused, "{} {}; the end of {}:\n{}", spec.argv[0], how_it_ended(status),
                instance_.postgres_log(), log_end());
}

Status LocalPostgres::create() {
    const std::string unfinished = instance_.cluster() + ".new";
    std::error_code error;
    fs::remove_all(unfinished, error);
    if (error) return fail(ErrorCode::refused, "cannot remove {}: {}", unfinished, error.message());
    auto log = open_log();
    if (!log) return tl::unexpected(std::move(log).error());

    // Whoever can reach the socket's directory (0700) may log in, hence "trust".
    ProcessSpec initdb = spec("initdb", *log);
    initdb.argv.insert(initdb.argv.end(),
                       {"--pgdata=" + unfinished, "--auth=trust", "--username=gatepost",
                        "--encoding=UTF8", "--no-locale"});
    if (Status made = run(initdb); !made) return made;

    auto sql = input_of("CREATE DATABASE gatepost\n");
    if (!sql) return tl::unexpected(std::move(sql).error());
    ProcessSpec single = spec("postgres", *log);
    single.argv.insert(single.argv.end(), {"--single", "-D", unfinished, "postgres"});
    single.input = sql->get();
    if (Status made = run(single); !made) return made;

    fs::rename(unfinished, instance_.cluster(), error);
    if (error) return fail(ErrorCode::refused, "cannot rename {}: {}", unfinished, error.message());
    return {};
}

Result<pid_t> LocalPostgres::start() {
    auto log = open_log();
    if (!log) return tl::unexpected(std::move(log).error());
    ProcessSpec postgres = spec("postgres", *log);
    postgres.argv.insert(postgres.argv.end(), {"-D", instance_.cluster()});
    // No TCP. Huge pages belong to the index arena: PostgreSQL would take them (huge_pages=try).
    for (const std::string& setting :
         {std::string("listen_addresses="), "unix_socket_directories=" + instance_.run,
          std::string("unix_socket_permissions=0700"), std::string("wal_level=logical"),
          std::string("huge_pages=off"), std::string("timezone=UTC"),
          std::string("max_connections=60"),
          // COMMIT to answer in milliseconds also for those who commit asynchronously.
          std::string("wal_writer_delay=10ms"), std::string("max_wal_size=2GB"),
          std::string("cluster_name=gatepost")})
        postgres.argv.insert(postgres.argv.end(), {"-c", setting});
    postgres.death_signal = SIGINT;  // a fast shutdown
    return start_process(postgres);
}

bool LocalPostgres::is_ready(pid_t postmaster) const {
    std::ifstream file(instance_.cluster() + "/postmaster.pid");
    std::string line;
    // The file of a killed server stays; the first line tells whose it is.
    if (!std::getline(file, line) || std::atoi(line.c_str()) != postmaster) return false;
    for (int i = 2; i <= kStatusLine; ++i)
        if (!std::getline(file, line)) return false;
    return line.starts_with("ready");
}

std::string LocalPostgres::log_end() const {
    std::ifstream file(instance_.postgres_log());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back("  " + line);
        if (lines.size() > kLogLines) lines.erase(lines.begin());
    }
    std::string out;
    for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
    return out;
}

}  // namespace gatepost::tools

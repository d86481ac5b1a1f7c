#include "tools/gatepost/supervisor/process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

constexpr int kExitCannotStart = 127;  // as a shell does

bool become(const SystemUser& user) {
    return ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 &&
           ::setuid(user.uid) == 0;
}

// Says why on standard error, with nothing but system calls.
[[noreturn]] void give_up(const char* program, const char* doing) {
    const char* why = std::strerror(errno);
    for (const char* part : {"gatepost: cannot start ", program, ": ", doing, ": ", why, "\n"})
        (void)!::write(STDERR_FILENO, part, std::strlen(part));
    ::_exit(kExitCannotStart);
}

// In the child: from here to exec.
[[noreturn]] void become_program(const ProcessSpec& spec, char* const* argv,
                                 char* const* environment, pid_t parent) {
    const char* program = argv[0];
    ::setpgid(0, 0);
    if (spec.user != nullptr && !become(*spec.user)) give_up(program, "changing the user");
    // After the change of the user, which clears it.
    if (spec.death_signal != 0) {
        ::prctl(PR_SET_PDEATHSIG, spec.death_signal);
        if (::getppid() != parent) ::_exit(kExitCannotStart);
    }
    const int input = spec.input >= 0 ? spec.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (::dup2(input, STDIN_FILENO) < 0) give_up(program, "standard input");
    if (spec.output >= 0 &&
        (::dup2(spec.output, STDOUT_FILENO) < 0 || ::dup2(spec.output, STDERR_FILENO) < 0))
        give_up(program, "standard output");
    for (int descriptor : spec.descriptors) ::fcntl(descriptor, F_SETFD, 0);
    if (::chdir("/") != 0) give_up(program, "changing to /");
    for (int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(program, argv, environment);
    give_up(program, "exec");
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& additions) {
    std::vector<std::string> out = additions;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view name =
            std::string_view(*entry).substr(0, std::strcspn(*entry, "=") + 1);
        bool replaced = false;
        for (const std::string& addition : additions) replaced |= addition.starts_with(name);
        if (!replaced) out.emplace_back(*entry);
    }
    return out;
}

}  // namespace

Result<SystemUser> find_user(const std::string& name) {
    errno = 0;
    const passwd* entry = ::getpwnam(name.c_str());
    if (entry == nullptr)
        return fail(ErrorCode::invalid, "there is no system user \"{}\"{}{}", name,
                    errno == 0 ? "" : ": ", errno == 0 ? "" : std::strerror(errno));
    return SystemUser{name, entry->pw_uid, entry->pw_gid};
}

Result<pid_t> start_process(const ProcessSpec& spec) {
    GATEPOST_CHECK(!spec.argv.empty());
    const std::vector<std::string> environment = merged_environment(spec.environment);
    const std::vector<char*> argv = pointers(spec.argv);
    const std::vector<char*> envp = pointers(environment);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0)
        return fail(ErrorCode::refused, "cannot start {}: fork: {}", spec.argv[0],
                    std::strerror(errno));
    if (child == 0) become_program(spec, argv.data(), envp.data(), parent);
    // Here too, so that the group exists whoever runs first.
    ::setpgid(child, child);
    return child;
}

std::string how_it_ended(int wait_status) {
    if (WIFEXITED(wait_status)) return fmt::format("exited with code {}", WEXITSTATUS(wait_status));
    const int number = WTERMSIG(wait_status);
    return fmt::format("was killed by signal {} ({})", number, ::strsignal(number));
}

bool can_enter(const std::string& path, const SystemUser* user) {
    if (user == nullptr) return ::access(path.c_str(), X_OK) == 0;
    const pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) ::_exit(become(*user) && ::access(path.c_str(), X_OK) == 0 ? 0 : 1);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

}  // namespace gatepost::tools

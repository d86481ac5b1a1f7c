#include "tools/load/run_support.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace gatepost::tools {

namespace {

constexpr rlim_t kSpareDescriptors = 64;  // besides the sockets

}  // namespace

Status pin_to_core(int core) {
    if (core < 0) return {};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(core), &set);
    if (::sched_setaffinity(0, sizeof set, &set) == 0) return {};
    return fail(ErrorCode::usage, "--core {}: {}", core, std::strerror(errno));
}

Status raise_descriptors(uint32_t sockets) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = sockets + kSpareDescriptors;
    if (limit.rlim_cur >= wanted) return {};
    if (limit.rlim_max < wanted)
        return fail(ErrorCode::usage, "{} connections: {} descriptors are allowed here (ulimit -n)",
                    sockets, limit.rlim_max);
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail(ErrorCode::refused, "cannot raise the number of descriptors to {}", wanted);
    return {};
}

void catch_stop_signals(void (*stop)(int)) {
    struct sigaction action {};
    action.sa_handler = stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

Status write_json(const std::string& path, const std::string& text) {
    if (path.empty()) return {};
    if (path == "-") {
        std::fputs(text.c_str(), stdout);
        return {};
    }
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                         std::fclose);
    if (!file || std::fputs(text.c_str(), file.get()) < 0 || std::fflush(file.get()) != 0)
        return fail(ErrorCode::refused, "cannot write {}: {}", path, std::strerror(errno));
    return {};
}

}  // namespace gatepost::tools

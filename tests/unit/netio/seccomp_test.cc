#include "dataplane/worker/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

namespace gatepost::dataplane {
namespace {

// Runs `action` in a child that has the filter on; gives the signal that ended it, 0 if none did.
int signal_of(SeccompMode mode, void (*action)()) {
    pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (!install_seccomp(mode)) ::_exit(1);
        action();
        ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(pid, ::waitpid(pid, &status, 0));
    if (WIFSIGNALED(status)) return WTERMSIG(status);
    EXPECT_EQ(0, WEXITSTATUS(status));
    return 0;
}

struct Call {
    const char* what;
    void (*action)();
};

// Raw system calls: a sanitizer's wrappers make calls of their own.
const Call kForbidden[] = {
    {"starting a program",
     [] {
         char* none[] = {nullptr};
         ::syscall(SYS_execve, "/bin/true", none, none);
     }},
    {"opening a file to read", [] { ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }},
    {"opening a file to write",
     [] { ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY | O_CREAT, 0600); }},
    {"a new socket", [] { ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
    {"connecting", [] { ::syscall(SYS_connect, 0, nullptr, 0); }},
    {"a new process", [] { ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"a new ring", [] { ::syscall(SYS_io_uring_setup, 8, nullptr); }},
    {"registering with a ring", [] { ::syscall(SYS_io_uring_register, 0, 0, nullptr, 0); }},
    {"inspecting a process", [] { ::syscall(SYS_ptrace, 0, 0, 0, 0); }},
    {"executable memory",
     [] {
         ::syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
     }},
    {"killing", [] { ::syscall(SYS_kill, ::getpid(), 0); }},
    {"removing a file", [] { ::syscall(SYS_unlink, "/nonexistent"); }},
};

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // the sanitizer's run-time library makes calls of its own
#else
constexpr bool kSanitized = false;
#endif

TEST(Seccomp, ForbiddenCallsKill) {
    if (kSanitized) GTEST_SKIP();
    for (const Call& call : kForbidden)
        EXPECT_EQ(SIGSYS, signal_of(SeccompMode::on, call.action)) << call.what;
}

TEST(Seccomp, OffForbidsNothing) {
    EXPECT_EQ(0, signal_of(SeccompMode::off, kForbidden[1].action));
}

TEST(Seccomp, WhatServingNeedsIsAllowed) {
    if (kSanitized) GTEST_SKIP();
    const Call allowed[] = {
        {"the log", [] { ::syscall(SYS_write, STDERR_FILENO, "", 0); }},
        {"mapping an arena",
         [] { ::syscall(SYS_mmap, nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
        {"waiting", [] { ::syscall(SYS_poll, nullptr, 0, 0); }},
    };
    for (const Call& call : allowed)
        EXPECT_EQ(0, signal_of(SeccompMode::on, call.action)) << call.what;
}

// The allocator shrinks a thread's heap, which makes it look into /proc.
TEST(Seccomp, ThreadsMayGiveBackMemory) {
    if (kSanitized) GTEST_SKIP();
    EXPECT_EQ(0, signal_of(SeccompMode::off, [] {
                  std::atomic<bool> filtered = false;
                  std::thread worker([&] {
                      filtered.wait(false);
                      std::vector<void*> blocks(40);
                      for (void*& block : blocks) block = std::malloc(100'000);
                      for (void* block : blocks) std::free(block);
                  });
                  if (!install_seccomp(SeccompMode::on)) ::_exit(1);
                  filtered = true;
                  filtered.notify_one();
                  worker.join();
              }));
}

template <int kFamily>
void ask_as_resolver() {
    if (!install_seccomp(SeccompMode::on, {.poll_mode = true, .resolver = true})) ::_exit(1);
    const int made = ::socket(kFamily, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const sockaddr_in to{};
    (void)::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    (void)::sendto(made, "", 0, 0, nullptr, 0);
    (void)::recvfrom(made, nullptr, 0, 0, nullptr, nullptr);
}

TEST(Seccomp, TheResolverHasSocketsOfTheInternetOnly) {
    if (kSanitized) GTEST_SKIP();
    EXPECT_EQ(signal_of(SeccompMode::off, ask_as_resolver<AF_INET>), 0);
    EXPECT_EQ(signal_of(SeccompMode::off, ask_as_resolver<AF_INET6>), 0);
    EXPECT_EQ(signal_of(SeccompMode::off, ask_as_resolver<AF_UNIX>), SIGSYS);
    EXPECT_EQ(signal_of(SeccompMode::off, ask_as_resolver<AF_NETLINK>), SIGSYS);
}

TEST(Seccomp, NothingIsOpenedInTheWordsOfTheAllocatorEither) {
    if (kSanitized) GTEST_SKIP();
    EXPECT_EQ(0, signal_of(SeccompMode::on, [] {
                  if (::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
                      ::_exit(1);
              }));
}

}  // namespace
}  // namespace gatepost::dataplane

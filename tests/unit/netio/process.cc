#include "tests/unit/netio/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace gatepost::dataplane {

namespace {

void keep_open(int fd) {
    ::fcntl(fd, F_SETFD, 0);
}

pid_t start(const std::vector<std::string>& arguments, int error_fd) {
    const char* program = std::getenv("GATEPOST_DATAPLANE");
    std::vector<std::string> argv{program != nullptr ? program : "gatepost-dataplane"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& one : argv) pointers.push_back(one.data());
    pointers.push_back(nullptr);
    pid_t pid = ::fork();
    if (pid != 0) return pid;
    if (error_fd >= 0) ::dup2(error_fd, STDERR_FILENO);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
}

Ended wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(pid, ::waitpid(pid, &status, 0));
    if (WIFEXITED(status)) return {WEXITSTATUS(status), 0};
    return {-1, WTERMSIG(status)};
}

}  // namespace

Ended run_dataplane(const std::vector<std::string>& arguments, std::string& output) {
    int ends[2];
    EXPECT_EQ(0, ::pipe2(ends, O_CLOEXEC));
    UniqueFd read_end(ends[0]), write_end(ends[1]);
    pid_t pid = start(arguments, write_end.get());
    write_end.reset();
    char octets[4096];
    for (ssize_t got; (got = ::read(read_end.get(), octets, sizeof octets)) > 0;)
        output.append(octets, static_cast<size_t>(got));
    return wait_for(pid);
}

DataplaneProcess::DataplaneProcess(const std::vector<std::string>& arguments) {
    page_ = std::move(*storage::RuntimeMapping::create());
    listener_ = std::move(*open_listener(*parse_listen_address("127.0.0.1@0"), 1));
    ChannelPair pair = std::move(*channel_pair());
    channel_ = std::move(pair.supervisor);
    UniqueFd page(::dup(page_.fd()));
    int udp = listener_.udp[0].get(), tcp = listener_.tcp[0].get();
    for (int fd : {udp, tcp, pair.child.get(), page.get()}) keep_open(fd);
    std::vector<std::string> all{"--socket",     fmt::format("udp:0:{}", udp),
                                 "--socket",     fmt::format("tcp:0:{}", tcp),
                                 "--channel-fd", std::to_string(pair.child.get()),
                                 "--runtime-fd", std::to_string(page.get()),
                                 "--workers",    "1",
                                 "--log-level",  "error"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    pid_ = start(all, -1);
    pair.child.reset();
    auto message = channel_receive(channel_.get());
    EXPECT_TRUE(message && *message && (*message)->verb == ChannelVerb::ready);
}

DataplaneProcess::~DataplaneProcess() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
}

void DataplaneProcess::send(ChannelVerb verb, uint64_t number, int fd) {
    EXPECT_TRUE(channel_send(channel_.get(), verb, number, fd));
}

void DataplaneProcess::wait_for_generation(uint64_t generation) {
    while (page_->workers[0].arena_generation.load() != generation) ::poll(nullptr, 0, 1);
}

Ended DataplaneProcess::wait() {
    Ended ended = wait_for(pid_);
    pid_ = -1;
    return ended;
}

}  // namespace gatepost::dataplane

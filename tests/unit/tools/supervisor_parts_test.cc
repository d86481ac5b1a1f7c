#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/gatepost/supervisor/backoff.h"
#include "tools/gatepost/supervisor/directories.h"
#include "tools/gatepost/supervisor/local_instance.h"
#include "tools/gatepost/supervisor/notify.h"
#include "tools/gatepost/supervisor/process.h"
#include "tools/gatepost/supervisor/provisioning.h"
#include "tools/gatepost/supervisor/supervised.h"

namespace gatepost::tools {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Folder {
  public:
    Folder() {
        std::string path = (fs::temp_directory_path() / "gatepost-tools-XXXXXX").string();
        EXPECT_NE(::mkdtemp(path.data()), nullptr);
        path_ = path;
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

int wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
}

TEST(Backoff, AtOnceThenLongerUpToABound) {
    Backoff backoff;
    EXPECT_EQ(backoff.after(1ms), 0ms);
    EXPECT_EQ(backoff.after(1ms), 50ms);
    EXPECT_EQ(backoff.after(1ms), 100ms);
    for (int i = 0; i < 20; ++i) backoff.after(1ms);
    EXPECT_EQ(backoff.after(1ms), 5000ms);
    // A decent life forgives.
    EXPECT_EQ(backoff.after(1min), 0ms);
    EXPECT_EQ(backoff.after(1ms), 50ms);
}

TEST(Process, GetsItsDescriptorsAndNothingElse) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    UniqueFd reader(pipe_ends[0]), writer(pipe_ends[1]);
    UniqueFd secret(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c",
                 fmt::format("test ! -e /proc/self/fd/{} && echo \"$WORD\" >&{}", secret.get(),
                             writer.get())};
    spec.environment = {"WORD=hello"};
    spec.descriptors = {writer.get()};
    auto pid = start_process(spec);
    ASSERT_TRUE(pid) << pid.error().message;
    writer.reset();
    char buffer[16] = "";
    EXPECT_EQ(::read(reader.get(), buffer, sizeof buffer), 6);
    EXPECT_STREQ(buffer, "hello\n");
    EXPECT_EQ(wait_for(*pid), 0);
}

TEST(Process, AMissingProgramEndsWith127) {
    ProcessSpec spec;
    spec.argv = {"/nonexistent/program"};
    UniqueFd silent(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    spec.output = silent.get();
    auto pid = start_process(spec);
    ASSERT_TRUE(pid);
    EXPECT_EQ(how_it_ended(wait_for(*pid)), "exited with code 127");
}

TEST(Supervised, StopGetsFirmerAndStartComesAgain) {
    ProcessSpec spec;
    // Deaf to the first signal that this test uses.
    spec.argv = {"/bin/sh", "-c", "trap '' INT; echo >&2; while :; do sleep 0.01; done"};
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    UniqueFd reader(pipe_ends[0]), writer(pipe_ends[1]);
    spec.output = writer.get();
    auto pid = start_process(spec);
    ASSERT_TRUE(pid);
    char ready = 0;
    ASSERT_EQ(::read(reader.get(), &ready, 1), 1);

    Supervised process("deaf", {SIGINT, SIGKILL, SIGKILL});
    const TimePoint start = SupervisorClock::now();
    process.want(start);
    EXPECT_TRUE(process.is_due(start));
    process.started(*pid, {}, start);
    EXPECT_FALSE(process.is_due(start));
    process.stop(start);
    process.press(start + 1s);  // not yet
    EXPECT_EQ(::kill(*pid, 0), 0);
    ASSERT_TRUE(process.deadline());
    process.press(*process.deadline());
    EXPECT_EQ(how_it_ended(wait_for(*pid)), "was killed by signal 9 (Killed)");
    EXPECT_EQ(process.ended(start + 11s), 0ms);
    EXPECT_TRUE(process.is_due(start + 11s));
    process.unwant();
    EXPECT_FALSE(process.deadline());
}

TEST(Provisioning, RepeatsWhatTheDatabaseInterruptedAndStopsAtARealFailure) {
    Folder folder;
    // Fails with "unreachable" once, then works.
    const std::string marker = folder / "marker";
    const std::string flaky = fmt::format("test -e {} || {{ touch {}; exit 3; }}", marker, marker);
    Provisioning steps({{{"/bin/sh", "-c", flaky}, true},
                        {{"/bin/sh", "-c", "exit 1"}, false},
                        {{"/bin/sh", "-c", "exit 4"}, true}});
    TimePoint now = SupervisorClock::now();
    const auto step = [&] {
        EXPECT_TRUE(steps.run(now));
        return steps.ended(wait_for(steps.pid()), now);
    };
    EXPECT_TRUE(step());
    ASSERT_TRUE(steps.deadline());
    EXPECT_GT(*steps.deadline(), now);
    now = *steps.deadline();
    EXPECT_TRUE(step());
    EXPECT_TRUE(step());  // not essential
    const Status last = step();
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code, ErrorCode::schema);
    EXPECT_FALSE(steps.is_done());
}

TEST(Lock, SecondInstanceIsToldWhoHasIt) {
    Folder folder;
    ASSERT_TRUE(make_directory(folder / "run", 0755, nullptr));
    auto first = lock_instance(folder / "run");
    ASSERT_TRUE(first) << first.error().message;
    auto second = lock_instance(folder / "run");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::refused);
    EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
        << second.error().message;
    first->reset();
    EXPECT_TRUE(lock_instance(folder / "run"));
}

TEST(LocalInstance, ALongPathGetsAShortOneForItsSockets) {
    Folder folder;
    const std::string deep = folder / (std::string(90, 'd') + "/" + std::string(90, 'e'));
    auto made = make_local_instance(deep, nullptr);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_LT(made->run.size(), 92u);
    EXPECT_TRUE(fs::is_symlink(deep + "/run"));
    auto opened = open_local_instance(deep);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->run, made->run);
    EXPECT_EQ(opened->data, fs::canonical(deep + "/data"));
    // A second start finds the same.
    EXPECT_EQ(make_local_instance(deep, nullptr)->run, made->run);
    fs::remove_all(made->run);
}

TEST(LocalInstance, WhereThereIsNoneTheErrorSaysHowToGetOne) {
    Folder folder;
    auto opened = open_local_instance(folder / "nothing");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unreachable);
    EXPECT_NE(opened.error().message.find("gatepost run --local"), std::string::npos);
}

TEST(LocalInstance, DecidesPathsButNotWhatAPersonConfigured) {
    Folder folder;
    auto made = make_local_instance(folder / "local", nullptr);
    ASSERT_TRUE(made);
    Settings settings;
    ASSERT_TRUE(settings.read_text(
        "[dns]\nlisten = \"127.0.0.1@5333\"\n[paths]\nstate_dir = \"/x\"\n", "g"));
    apply_local_settings(*made, settings);
    EXPECT_EQ(settings.get("dns.listen").text(), "127.0.0.1@5333");
    EXPECT_EQ(settings.get("paths.state_dir").text(), made->state());
    EXPECT_EQ(settings.get("database.dsn").text(), made->dsn());
}

TEST(Notify, SendsOneDatagramToTheServiceManager) {
    Folder folder;
    const std::string path = folder / "notify";
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "4000000", 1);
    const ServiceNotifier notifier = ServiceNotifier::from_environment();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    EXPECT_EQ(notifier.watchdog_interval(), 2000ms);
    notifier.send("READY=1\nSTATUS=x");
    char buffer[64] = "";
    ASSERT_EQ(::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT), 16);
    EXPECT_STREQ(buffer, "READY=1\nSTATUS=x");
}

}  // namespace
}  // namespace gatepost::tools

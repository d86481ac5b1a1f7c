// The program itself, as the supervisor runs it.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/test_arena.h"
#include "tests/unit/netio/harness.h"
#include "tests/unit/netio/process.h"

namespace gatepost::dataplane {
namespace {

constexpr uint8_t kServfail = 2;

Message query_for(uint16_t id) {
    Message query(12, 0);
    store_be16(query.data(), id);
    query[5] = 1;
    for (const char* label : {"www", "example", "net"}) {
        query.push_back(static_cast<uint8_t>(std::strlen(label)));
        query.insert(query.end(), label, label + std::strlen(label));
    }
    for (uint8_t octet : {0, 0, 1, 0, 1}) query.push_back(octet);
    return query;
}

uint8_t rcode_of(const Message& reply) {
    return reply.size() < 12 ? 0xff : reply[3] & 0x0f;
}
// The last octet of the A record that the reply ends in.
uint8_t answer_of(const Message& reply) {
    return reply.size() < 12 || load_be16(reply.data() + 6) != 1 ? 0 : reply.back();
}

// example.net with www A 192.0.2.<last>
std::unique_ptr<tests::TestArena> arena_with(const std::string& last) {
    auto arena = std::make_unique<tests::TestArena>(size_t{4} << 20);
    arena->add_zone("example.net.");
    arena->put("example.net.",
               {"@ 300 NS ns1", "ns1 300 A 192.0.2.1", "www 300 A 192.0.2." + last});
    arena->publish();
    return arena;
}

int fd_of(tests::TestArena& arena) {
    return arena.writer().segment().fd();
}

Message ask(int type, DataplaneProcess& process, uint16_t id = 1) {
    Client client(type, process.address());
    if (type == SOCK_DGRAM) {
        client.send(query_for(id));
        return client.receive();
    }
    client.send_framed(query_for(id));
    return client.receive_framed();
}

std::string field_of_status(pid_t pid, const std::string& name) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
    return "";
}

struct TemporaryFile {
    TemporaryFile() {
        path = std::filesystem::temp_directory_path() / fmt::format("netio.{}", ::getpid());
    }
    ~TemporaryFile() { std::remove(path.c_str()); }
    std::string path;
};

TEST(DataplaneProcess, AnswersFromTheArenaHandedOver) {
    DataplaneProcess process;
    EXPECT_EQ(kServfail, rcode_of(ask(SOCK_DGRAM, process))) << "no arena yet";
    auto first = arena_with("11");
    process.send(ChannelVerb::arena, 7, fd_of(*first));
    process.wait_for_generation(7);
    EXPECT_EQ(11, answer_of(ask(SOCK_DGRAM, process)));
    EXPECT_EQ(11, answer_of(ask(SOCK_STREAM, process)));
    auto second = arena_with("22");
    process.send(ChannelVerb::arena, 8, fd_of(*second));
    process.wait_for_generation(8);
    first.reset();
    EXPECT_EQ(22, answer_of(ask(SOCK_DGRAM, process)));
    second->put("example.net.", {"www 300 A 192.0.2.33"});
    second->publish();
    EXPECT_EQ(33, answer_of(ask(SOCK_STREAM, process))) << "a change in place";
    EXPECT_EQ(3u, process.page()->workers[0].queries[0][0].load());
    EXPECT_EQ(2u, process.page()->workers[0].queries[1][0].load());
    process.send(ChannelVerb::shutdown);
    EXPECT_EQ(0, process.wait().exit_code);
    EXPECT_EQ(0u, process.page()->workers[0].arena_generation.load());
}

TEST(DataplaneProcess, RefusedArenaLeavesTheOldOneServing) {
    DataplaneProcess process;
    auto arena = arena_with("11");
    process.send(ChannelVerb::arena, 1, fd_of(*arena));
    process.wait_for_generation(1);
    storage::RuntimeMapping other = std::move(*storage::RuntimeMapping::create());
    process.send(ChannelVerb::arena, 2, other.fd());
    process.send(ChannelVerb::arena, 3, fd_of(*arena));
    process.wait_for_generation(3);
    EXPECT_EQ(11, answer_of(ask(SOCK_DGRAM, process)));
}

TEST(DataplaneProcess, StartsFromACheckpoint) {
    auto arena = arena_with("44");
    TemporaryFile file;
    ASSERT_TRUE(storage::write_checkpoint(arena->writer().segment(), arena->qsbr(),
                                          arena->qsbr().readers[storage::kCopierReader],
                                          file.path));
    DataplaneProcess process({"--checkpoint", file.path});
    EXPECT_EQ(44, answer_of(ask(SOCK_DGRAM, process)));
}

TEST(DataplaneProcess, DamagedCheckpointIsRefusedAndTheArenaAwaited) {
    auto arena = arena_with("55");
    TemporaryFile file;
    auto written =
        storage::write_checkpoint(arena->writer().segment(), arena->qsbr(),
                                  arena->qsbr().readers[storage::kCopierReader], file.path);
    ASSERT_TRUE(written);
    {
        std::fstream damage(file.path, std::ios::in | std::ios::out | std::ios::binary);
        damage.seekp(static_cast<std::streamoff>(*written / 2));
        damage.put('\x5a');
    }
    DataplaneProcess process({"--checkpoint", file.path});
    EXPECT_EQ(kServfail, rcode_of(ask(SOCK_DGRAM, process)));
    process.send(ChannelVerb::arena, 1, fd_of(*arena));
    process.wait_for_generation(1);
    EXPECT_EQ(55, answer_of(ask(SOCK_DGRAM, process)));
}

TEST(DataplaneProcess, EndsWithItsSupervisor) {
    DataplaneProcess process;
    process.close_channel();
    EXPECT_EQ(0, process.wait().exit_code);
}

TEST(DataplaneProcess, EndsBySignal) {
    DataplaneProcess process;
    ::kill(process.pid(), SIGHUP);  // not by this one
    EXPECT_EQ(kServfail, rcode_of(ask(SOCK_DGRAM, process)));
    ::kill(process.pid(), SIGTERM);
    EXPECT_EQ(0, process.wait().exit_code);
}

TEST(DataplaneProcess, KeepsNoPrivilege) {
    DataplaneProcess process;
    EXPECT_EQ("0000000000000000", field_of_status(process.pid(), "CapEff"));
    EXPECT_EQ("0000000000000000", field_of_status(process.pid(), "CapPrm"));
    EXPECT_EQ("1", field_of_status(process.pid(), "NoNewPrivs"));
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_EQ("2", field_of_status(process.pid(), "Seccomp"));
#endif
}

TEST(DataplaneProcess, BecomesTheUserNamed) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    DataplaneProcess process({"--user", "nobody"});
    EXPECT_EQ("65534\t65534\t65534\t65534", field_of_status(process.pid(), "Uid"));
    EXPECT_EQ("65534\t65534\t65534\t65534", field_of_status(process.pid(), "Gid"));
    EXPECT_EQ(kServfail, rcode_of(ask(SOCK_DGRAM, process)));
}

TEST(DataplaneProcess, ExitCodesAndOneSentence) {
    auto taken = open_listener(*parse_listen_address("127.0.0.1@0"), 1);
    ASSERT_TRUE(taken);
    struct Case {
        std::vector<std::string> arguments;
        int exit_code;
        const char* sentence;
    };
    for (const Case& c : {
             Case{{}, 2, "nothing to serve on"},
             Case{{"--nonsense"}, 2, "--nonsense"},
             Case{{"--listen", "127.0.0.1"}, 2, "has no port"},
             Case{{"--listen", taken->address.text()}, 1, "another program has that port"},
             Case{{"--socket", "udp:3:0", "--workers", "1"}, 2, "worker 3"},
             Case{{"--socket", "sctp:0:1"}, 2, "KIND:WORKER:DESCRIPTOR"},
             Case{{"--listen", "127.0.0.1@0", "--cores", "1000"}, 2, "core 1000"},
             Case{{"--listen", "127.0.0.1@0", "--seccomp", "maybe"}, 2, "maybe"},
         }) {
        std::string output;
        EXPECT_EQ(c.exit_code, run_dataplane(c.arguments, output).exit_code) << output;
        EXPECT_NE(std::string::npos, output.find(c.sentence)) << output;
    }
}

// The process that meets the packets has no database client and no OpenSSL in it.
TEST(DataplaneProcess, LinksNeitherLibpqNorOpenSsl) {
    std::string command = fmt::format("ldd '{}'", std::getenv("GATEPOST_DATAPLANE"));
    std::unique_ptr<FILE, int (*)(FILE*)> ldd(::popen(command.c_str(), "r"), ::pclose);
    ASSERT_NE(nullptr, ldd);
    std::string all;
    for (int c; (c = std::fgetc(ldd.get())) != EOF;) all += static_cast<char>(c);
    EXPECT_NE(std::string::npos, all.find("liburing")) << all;
    for (const char* library : {"libpq", "libssl.so.3", "libcrypto.so.3"})
        EXPECT_EQ(std::string::npos, all.find(library)) << all;
}

}  // namespace
}  // namespace gatepost::dataplane

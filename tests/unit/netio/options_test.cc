#include "dataplane/worker/options.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace gatepost::dataplane {
namespace {

TEST(Options, SocketHandedOver) {
    auto udp = parse_socket("udp:3:17");
    ASSERT_TRUE(udp);
    EXPECT_EQ(SOCK_DGRAM, udp->type);
    EXPECT_EQ(3u, udp->worker);
    EXPECT_EQ(17, udp->fd);
    EXPECT_EQ(SOCK_STREAM, parse_socket("tcp:0:0")->type);
    EXPECT_EQ(ListenerUse::dns, parse_socket("tcp:0:0")->use);
    EXPECT_EQ(ListenerUse::https, parse_socket("https:1:7")->use);
    EXPECT_EQ(ListenerUse::admin, parse_socket("admin:1:7")->use);
    for (const char* text : {"", "udp", "udp:", "udp:1", "udp:1:", "udp::1", "udp:1:x", "udp:-1:1",
                             "udp:1:2:3", "UDP:1:2", "tcp:1:4294967296"})
        EXPECT_FALSE(parse_socket(text)) << text;
}

TEST(Options, Completed) {
    DataplaneOptions options;
    EXPECT_FALSE(complete_options(options)) << "nothing to serve on";
    options.listen.push_back({ListenerUse::dns, *parse_listen_address("127.0.0.1@0")});
    ASSERT_TRUE(complete_options(options));
    EXPECT_GT(options.workers, 0u);
    EXPECT_EQ(options.workers, options.cores.size());
    options.cores = {0};
    options.workers = 2;
    EXPECT_FALSE(complete_options(options)) << "two workers on one core chosen";
    options.workers = 64;
    EXPECT_FALSE(complete_options(options)) << "more than the runtime page has room for";
}

TEST(Options, RateLimitsOutOfRangeAreRefused) {
    DataplaneOptions options;
    options.listen.push_back({ListenerUse::dns, *parse_listen_address("127.0.0.1@0")});
    options.rate_limit.per_second = 200;
    EXPECT_TRUE(complete_options(options));
    options.rate_limit.burst_ms = 10;
    const Status refused = complete_options(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
    EXPECT_EQ(refused.error().message, "--rate-limit-burst-ms 10: from 1000 to 60000");
}

TEST(Log, Lines) {
    EXPECT_EQ(
        "ts=2024-01-02T03:04:05.006Z level=info event=dataplane.serving workers=2 reason=\"a "
        "\\\"b\\\"\"\n",
        log_line(LogFormat::logfmt, 1'704'164'645'006'789, LogLevel::info, "dataplane.serving",
                 {{"workers", 2}, {"reason", "a \"b\""}}));
    EXPECT_EQ(
        "{\"ts\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\",\"event\":\"x\",\"n\":"
        "\"a\\u000ab\"}\n",
        log_line(LogFormat::json, 0, LogLevel::error, "x", {{"n", "a\nb"}}));
}

}  // namespace
}  // namespace gatepost::dataplane

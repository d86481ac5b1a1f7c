#include "tools/load/options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/load/transport/route.h"

namespace gatepost::tools {
namespace {

Result<std::optional<LoadCommand>> parse(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    return parse_load_options(words);
}

LoadOptions parsed(const std::string& line) {
    auto options = parse(line);
    EXPECT_TRUE(options) << options.error().message;
    return options && *options ? std::get<LoadOptions>(**options) : LoadOptions();
}

TEST(LoadOptions, WhatIsNotSaid) {
    LoadOptions options = parsed("dns 192.0.2.1 --queries q");
    EXPECT_EQ(options.target.text(), "192.0.2.1@53");
    EXPECT_FALSE(options.frames());
    EXPECT_EQ(options.in_flight, 100u);
    EXPECT_EQ(options.rate, 0u);
    EXPECT_EQ(options.duration_ms, 10'000u);
    EXPECT_EQ(options.ports, 4u);
    EXPECT_EQ(options.first_port, 0u);
    EXPECT_FALSE(options.message.edns());
}

TEST(LoadOptions, WhatIsSaid) {
    LoadOptions options = parsed(
        "dns 2001:db8::53@5300 --nic veth1 --zone z --origin example.org --mix address=1 --count 9 "
        "--rate 1000000 --duration 1m30s --source 2001:db8::1 --sources 8 --ports 16 --first-port "
        "1024 --gateway-mac 02:00:00:0A:0b:0c --core 1 --seed 7 --edns 1232 --do --cookie client "
        "--json - --quiet");
    EXPECT_EQ(options.target.text(), "2001:db8::53@5300");
    EXPECT_EQ(options.devargs(), "net_af_xdp0,iface=veth1,busy_budget=0");
    EXPECT_EQ(options.interface(), "veth1");
    EXPECT_EQ(options.rate, 1'000'000u);
    EXPECT_EQ(options.in_flight, 0u);
    EXPECT_EQ(options.duration_ms, 90'000u);
    EXPECT_EQ(options.sources, 8u);
    EXPECT_EQ(options.ports, 16u);
    EXPECT_EQ(options.first_port, 1024u);
    EXPECT_EQ(mac_address_to_text(*options.gateway_mac), "02:00:00:0a:0b:0c");
    EXPECT_EQ(options.mix.count, 9u);
    EXPECT_EQ(options.mix.seed, 7u);
    EXPECT_TRUE(options.cookie);
    EXPECT_TRUE(options.message.dnssec_ok);
    EXPECT_EQ(options.message.udp_payload, 1232u);
}

TEST(LoadOptions, TheInterfaceOfADevice) {
    EXPECT_EQ(parsed("dns 192.0.2.1 --queries q --device net_af_packet0,iface=v,qdisc_bypass=1")
                  .interface(),
              "v");
    LoadOptions file = parsed(
        "dns 192.0.2.1 --queries q --device net_pcap0,rx_pcap=a,tx_pcap=b --source 192.0.2.2 "
        "--gateway-mac 02:00:00:00:00:01");
    EXPECT_EQ(file.interface(), "");
    EXPECT_EQ(file.devargs(), "net_pcap0,rx_pcap=a,tx_pcap=b");
}

TEST(LoadOptions, RefusesTellingWhy) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "A subcommand is required"},
        {"pop3", "A subcommand is required"},
        {"dns", "TARGET is required"},
        {"dns 192.0.2.1", "nothing to ask; give --queries FILE or --zone FILE"},
        {"dns 192.0.2.1 --queries q --zone z", "--zone"},
        {"dns nowhere --queries q", "TARGET: \"nowhere\" is not an address"},
        {"dns 0.0.0.0 --queries q", "TARGET: nobody can be asked at 0.0.0.0@53"},
        {"dns 192.0.2.1@0 --queries q", "TARGET: "},
        {"dns 192.0.2.1 --queries q --rate 5 --closed 5", "--closed"},
        {"dns 192.0.2.1 --queries q --rate 0", "--rate"},
        {"dns 192.0.2.1 --queries q --nic a --socket", "--socket"},
        {"dns 192.0.2.1 --queries q --nic a --device b", "--device"},
        {"dns 192.0.2.1 --queries q --duration 10", "has no unit"},
        {"dns 192.0.2.1 --queries q --duration 0s", "--duration 0s: from 1ms to 7d"},
        {"dns 192.0.2.1 --queries q --source x", "--source: \"x\" is not an IP address"},
        {"dns 192.0.2.1 --queries q --source 2001:db8::1", "of different IP versions"},
        {"dns 192.0.2.1 --queries q --sources 2", "need the first of them: --source IP"},
        {"dns 192.0.2.1 --queries q --source 192.0.2.2 --sources 65", "--sources"},
        {"dns 192.0.2.1 --queries q --gateway-mac 02:00:00:00:00:01", "is for --nic and --device"},
        {"dns 192.0.2.1 --queries q --nic a --gateway-mac 02:00", "is not a MAC address"},
        {"dns 192.0.2.1 --queries q --nic a --gateway-mac 02:00:00:00:00:0x", "not a MAC address"},
        {"dns 192.0.2.1 --queries q --nic a --first-port 65530",
         "there are no 64 ports from 65530"},
        {"dns 192.0.2.1 --queries q --mix address=1", "--mix requires --zone"},
        {"dns 192.0.2.1 --zone z --mix adress=1", "--mix: \"adress=1\" is not a part of a mix"},
        {"dns 192.0.2.1 --queries q --edns 100", "--edns"},
        {"dns 192.0.2.1 --queries q --cookie server", "--cookie"},
        {"dns 192.0.2.1 --queries q --unknown", "--unknown"},
        {"dns 192.0.2.1 --queries q --device net_null0", "names no interface"},
    };
    for (const auto& [line, message] : cases) {
        auto options = parse(line);
        ASSERT_FALSE(options) << line;
        EXPECT_EQ(options.error().code, ErrorCode::usage) << line;
        EXPECT_NE(options.error().message.find(message), std::string::npos)
            << line << ": " << options.error().message;
    }
}

}  // namespace
}  // namespace gatepost::tools

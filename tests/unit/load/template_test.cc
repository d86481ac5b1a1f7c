// Messages, templates and the frames made of them.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/load/frame_decoder.h"
#include "tools/load/transport/frame_headers.h"

namespace gatepost::tools {
namespace {

QueryList some_queries() {
    std::string text = "a. A\nwww.example.org. AAAA\nWww.Example.Org. TYPE65280\n. NS\n";
    std::string label(63, 'x');
    text += label + "." + label + "." + label + "." + label.substr(2) + ". A\n";
    return *queries_from_text(text, "q");
}

TEST(QueryMessage, IsAQueryOctetByOctet) {
    std::vector<uint8_t> out;
    QueryList list = *queries_from_text("ab.c MX\n", "q");
    append_query(list[0], {}, out);
    EXPECT_EQ(out, (std::vector<uint8_t>{0, 0, 0,   0,   0, 1,   0, 0, 0,  0, 0,
                                         0, 2, 'a', 'b', 1, 'c', 0, 0, 15, 0, 1}));
    EXPECT_EQ(out.size(), query_length(list[0], {}));
}

TEST(QueryMessage, EdnsDnssecAndCookie) {
    std::vector<uint8_t> out;
    QueryList list = *queries_from_text(". NS\n", "q");
    QueryMessageOptions options;
    options.udp_payload = 4096;
    options.dnssec_ok = true;
    options.recursion_desired = true;
    options.client_cookie = {1, 2, 3, 4, 5, 6, 7, 8};
    append_query(list[0], options, out);
    EXPECT_EQ(out, (std::vector<uint8_t>{0, 0,  1, 0, 0, 1,  0,  0, 0, 0, 0,    1, 0, 0,
                                         2, 0,  1, 0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 12,
                                         0, 10, 0, 8, 1, 2,  3,  4, 5, 6, 7,    8}));
    EXPECT_EQ(out.size(), query_length(list[0], options));
    // A cookie or the DO bit alone need the record, too.
    QueryMessageOptions only;
    only.dnssec_ok = true;
    out.clear();
    append_query(list[0], only, out);
    EXPECT_EQ(out.size(), 12u + 5 + 11);
    EXPECT_EQ(number_at(out, 20), 1232u);
}

TEST(TemplateSet, HoldsMessagesAlignedBehindTheirHeaders) {
    QueryList list = some_queries();
    TemplateSet templates(list, {}, 42);
    ASSERT_EQ(templates.size(), list.size());
    for (size_t i = 0; i < list.size(); ++i) {
        std::vector<uint8_t> message;
        append_query(list[i], {}, message);
        const QueryTemplate& query = templates[i];
        EXPECT_EQ(reinterpret_cast<uintptr_t>(templates.frame(query)) % 64, 0u);
        EXPECT_EQ(query.length, 42 + message.size());
        Bytes held = templates.message(query);
        EXPECT_EQ(std::vector<uint8_t>(held.begin(), held.end()), message);
        Bytes question = templates.question(query);
        EXPECT_EQ(question.size(), list[i].name.length() + 4);
    }
}

class Stamped : public testing::TestWithParam<bool> {};

TEST_P(Stamped, FramesAreRightForEveryFlowAndId) {
    bool ipv6 = GetParam();
    FrameAddresses addresses;
    addresses.source_mac = {2, 0, 0, 0, 0, 1};
    addresses.target_mac = {2, 0, 0, 0, 0, 2};
    addresses.target = *ip_address_from_text(ipv6 ? "2001:db8::53" : "192.0.2.53");
    addresses.target_port = 5353;
    IpAddress source = *ip_address_from_text(ipv6 ? "2001:db8::fffe" : "10.1.255.254");
    SourceFlows flows = *SourceFlows::make(source, 5, 65'000, 536);
    QueryMessageOptions options;
    options.udp_payload = 1232;
    TemplateSet templates(some_queries(), options, frame_header_length(ipv6));
    write_frame_headers(templates, addresses);
    std::mt19937 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const QueryTemplate& query = templates[random() % templates.size()];
        auto number = static_cast<uint32_t>(random() % flows.size());
        auto id = static_cast<uint16_t>(random());
        std::vector<uint8_t> buffer(512, 0xee);
        stamp_frame(templates, query, flows[number], id, buffer.data());
        buffer.resize(query.length);
        DecodedFrame frame = decode(buffer);
        EXPECT_EQ(frame.id, id);
        EXPECT_EQ(frame.target_port, 5353u);
        EXPECT_EQ(frame.source_port, 65'000 + number % 536);
        uint8_t last = frame.source.back();
        EXPECT_EQ(last, static_cast<uint8_t>(0xfe + number / 536));
        EXPECT_EQ(frame.source_mac.back(), 1);
        EXPECT_EQ(frame.target_mac.back(), 2);
        EXPECT_EQ(frame.target.back(), ipv6 ? 0x53 : 53);
        EXPECT_EQ(flows.find(frame.source.data(), static_cast<uint16_t>(frame.source_port)),
                  number);
        Bytes message = templates.message(query);
        EXPECT_EQ(Bytes(frame.message).subspan(2).size(), message.size() - 2);
        EXPECT_TRUE(std::equal(message.begin() + 2, message.end(), frame.message.begin() + 2));
        if (HasFailure()) return;
    }
}
INSTANTIATE_TEST_SUITE_P(Ip, Stamped, testing::Bool(),
                         [](const auto& is_ipv6) { return is_ipv6.param ? "v6" : "v4"; });

TEST(SourceFlows, KnowsItsOwnOnly) {
    SourceFlows flows = *SourceFlows::make(*ip_address_from_text("192.0.2.10"), 3, 1000, 10);
    const auto find = [&](const char* address, uint16_t port) {
        return flows.find(ip_address_from_text(address)->octets.data(), port);
    };
    EXPECT_EQ(flows.size(), 30u);
    EXPECT_EQ(find("192.0.2.10", 1000), 0u);
    EXPECT_EQ(find("192.0.2.12", 1009), 29u);
    EXPECT_FALSE(find("192.0.2.9", 1000));
    EXPECT_FALSE(find("192.0.2.13", 1000));
    EXPECT_FALSE(find("192.0.2.10", 999));
    EXPECT_FALSE(find("192.0.2.10", 1010));
    SourceFlows six = *SourceFlows::make(*ip_address_from_text("2001:db8::a"), 2, 1000, 1);
    EXPECT_EQ(six.find(ip_address_from_text("2001:db8::b")->octets.data(), 1000), 1u);
    EXPECT_FALSE(six.find(ip_address_from_text("2001:db9::a")->octets.data(), 1000));
}

TEST(SourceFlows, RefusesWhatRunsOver) {
    EXPECT_FALSE(SourceFlows::make(*ip_address_from_text("192.0.2.10"), 1, 65'000, 537));
    EXPECT_TRUE(SourceFlows::make(*ip_address_from_text("192.0.2.10"), 1, 65'000, 536));
    EXPECT_FALSE(SourceFlows::make(*ip_address_from_text("255.255.255.254"), 3, 1000, 1));
}

}  // namespace
}  // namespace gatepost::tools

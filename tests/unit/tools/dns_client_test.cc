#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <thread>

#include "storage/base/unique_fd.h"
#include "tools/gatepost/dns/ask.h"
#include "tools/gatepost/dns/print.h"

namespace gatepost::tools {
namespace {

using storage::RRType;

// A response to example.org MX with a compressed exchange, an address beside it, and EDNS with an
// error.
std::vector<uint8_t> sample(uint16_t id, uint16_t flags) {
    std::vector<uint8_t> out;
    ByteWriter writer(out);
    writer.u16(id);
    writer.u16(flags);
    for (uint16_t count : {1, 1, 0, 2}) writer.u16(count);
    const uint8_t name[] = {7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0};
    writer.bytes(name);
    writer.u16(15);
    writer.u16(1);
    const uint8_t exchange[] = {4, 'm', 'a', 'i', 'l', 0xC0, 12};
    writer.u16(0xC00C);
    writer.u16(15);
    writer.u16(1);
    writer.u32(3600);
    writer.u16(2 + sizeof exchange);
    writer.u16(10);
    writer.bytes(exchange);
    writer.u16(0xC02B);  // where "mail" stands
    writer.u16(1);
    writer.u16(1);
    writer.u32(300);
    writer.u16(4);
    writer.u32(0xC0000219);
    writer.u8(0);
    writer.u16(41);
    writer.u16(1232);
    writer.u32(0x8000);
    writer.u16(8);
    writer.u16(kEdnsOptionEde);
    writer.u16(4);
    writer.u16(20);
    writer.u8('h');
    writer.u8('i');
    return out;
}

TEST(Message, QueryIsWhatItSays) {
    QuestionOptions options;
    options.name = *storage::dname_from_text("example.org.");
    options.type = RRType::MX;
    options.id = 0x1234;
    options.dnssec_ok = true;
    const std::vector<uint8_t> query = make_query(options);
    const auto parsed = parse_response(query);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->id, 0x1234);
    EXPECT_EQ(flags_to_text(parsed->flags), "rd");
    EXPECT_EQ(storage::dname_to_text(parsed->question), "example.org.");
    EXPECT_EQ(parsed->question_type, RRType::MX);
    ASSERT_TRUE(parsed->has_edns);
    EXPECT_TRUE(parsed->edns.dnssec_ok);
    EXPECT_EQ(parsed->edns.udp_payload, 1232);
}

TEST(Message, ResponseWithCompressedNames) {
    const auto response = parse_response(sample(7, 0x8580));
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_EQ(response->answer.size(), 1u);
    EXPECT_EQ(record_to_text(response->answer[0]),
              "example.org.\t\t3600\tIN\tMX\t10 mail.example.org.");
    ASSERT_EQ(response->additional.size(), 1u);
    EXPECT_EQ(record_to_text(response->additional[0]), "mail.example.org.\t300\tIN\tA\t192.0.2.25");
}

TEST(Message, NoPrefixOfAResponseIsTakenForOne) {
    const std::vector<uint8_t> whole = sample(7, 0x8580);
    for (size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(parse_response(Bytes(whole.data(), length))) << length;
    std::vector<uint8_t> longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(parse_response(longer));
}

TEST(Message, OneFlippedOctetNeverPassesTheEnd) {
    const std::vector<uint8_t> whole = sample(7, 0x8580);
    for (size_t i = 0; i < whole.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::vector<uint8_t> damaged = whole;
            damaged[i] = static_cast<uint8_t>(damaged[i] ^ (1u << bit));
            if (const auto response = parse_response(damaged)) {
                Answered answered{*response, damaged.size(), false, {}};
                EXPECT_FALSE(full_text(answered, *endpoint_from_text("127.0.0.1", 53)).empty());
            }
        }
    }
}

TEST(Print, DigsLayout) {
    Answered answered{*parse_response(sample(7, 0x8580)), 86, false,
                      std::chrono::microseconds(250)};
    const std::string text = full_text(answered, *endpoint_from_text("192.0.2.53", 53));
    const std::string expected =
        ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 7\n"
        ";; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 2\n"
        "\n"
        ";; OPT PSEUDOSECTION:\n"
        "; EDNS: version: 0, flags: do; udp: 1232\n"
        "; EDE: 20 (Not Authoritative): (hi)\n"
        ";; QUESTION SECTION:\n"
        ";example.org.\t\t\tIN\tMX\n"
        "\n"
        ";; ANSWER SECTION:\n"
        "example.org.\t\t3600\tIN\tMX\t10 mail.example.org.\n"
        "\n"
        ";; ADDITIONAL SECTION:\n"
        "mail.example.org.\t300\tIN\tA\t192.0.2.25\n"
        "\n"
        ";; Query time: 250 usec\n"
        ";; SERVER: 192.0.2.53#53(192.0.2.53) (UDP)\n";
    EXPECT_EQ(text.substr(0, expected.size()), expected);
    EXPECT_EQ(short_text(answered.response), "10 mail.example.org.\n");
}

// A server on a port of its own, for one conversation.
class OneShotServer {
  public:
    OneShotServer() {
        // The port that the kernel gives for UDP may be another program's for TCP: then the next
        // one.
        bool bound = false;
        for (int attempt = 0; attempt < 100 && !bound; ++attempt) {
            udp_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM, 0));
            tcp_ = UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            EXPECT_EQ(::bind(udp_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
            socklen_t length = sizeof address;
            ::getsockname(udp_.get(), reinterpret_cast<sockaddr*>(&address), &length);
            endpoint_ = *endpoint_from_text("127.0.0.1", ntohs(address.sin_port));
            bound = ::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        }
        EXPECT_TRUE(bound);
        EXPECT_EQ(::listen(tcp_.get(), 1), 0);
    }
    const Endpoint& endpoint() const { return endpoint_; }
    int udp() const { return udp_.get(); }
    int tcp() const { return tcp_.get(); }

  private:
    UniqueFd udp_;
    UniqueFd tcp_;
    Endpoint endpoint_;
};

std::vector<uint8_t> query_with_id(uint16_t id) {
    QuestionOptions options;
    options.name = *storage::dname_from_text("example.org.");
    options.id = id;
    return make_query(options);
}

TEST(Ask, IgnoresStrangersAndGoesToTcpWhereTruncated) {
    OneShotServer server;
    std::thread thread([&] {
        uint8_t buffer[512];
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        ::recvfrom(server.udp(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&peer),
                   &length);
        for (const auto& message : {sample(8, 0x8580), sample(7, 0x8780)})
            ::sendto(server.udp(), message.data(), message.size(), 0,
                     reinterpret_cast<sockaddr*>(&peer), length);
        UniqueFd connection(::accept(server.tcp(), nullptr, nullptr));
        ASSERT_GT(::recv(connection.get(), buffer, sizeof buffer, 0), 2);
        std::vector<uint8_t> framed(2);
        const std::vector<uint8_t> message = sample(7, 0x8580);
        store_be16(framed.data(), static_cast<uint16_t>(message.size()));
        framed.insert(framed.end(), message.begin(), message.end());
        // In two pieces: a client must put them together.
        ::send(connection.get(), framed.data(), 5, 0);
        ::send(connection.get(), framed.data() + 5, framed.size() - 5, 0);
    });
    AskOptions options;
    options.server = server.endpoint();
    options.timeout = std::chrono::seconds(60);  // only a hang lasts so long
    const auto answered = ask(query_with_id(7), options);
    thread.join();
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_TRUE(answered->tcp);
    EXPECT_EQ(answered->response.id, 7);
    EXPECT_FALSE(answered->response.truncated());
}

TEST(Ask, SilenceIsUnreachable) {
    OneShotServer server;
    AskOptions options;
    options.server = server.endpoint();
    options.tries = 2;
    options.timeout = std::chrono::milliseconds(20);
    const auto answered = ask(query_with_id(7), options);
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().code, ErrorCode::unreachable);
}

}  // namespace
}  // namespace gatepost::tools

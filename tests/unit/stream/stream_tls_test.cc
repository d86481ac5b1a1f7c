// Streams under TLS, over memory.
#include <random>
#include <vector>

#include "tests/unit/stream/tls_rig.h"

namespace gatepost::dataplane {
namespace {

using Statuses = std::vector<StreamStatus>;

TEST(StreamTls, EchoWithEachVersion) {
    for (uint16_t version : {0x0303, 0x0304}) {
        TlsRig rig({.version_min = version, .version_max = version});
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.pump();
        ASSERT_TRUE(rig.connected) << rig.client.error();
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U) << "an idle connection holds nothing";
        rig.write("one");
        rig.write("two");
        EXPECT_EQ(rig.got, "onetwo");
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
        EXPECT_EQ(rig.rig.stream->tls()->version(), version == 0x0304 ? "TLSv1.3" : "TLSv1.2");
        rig.client.close_notify();
        rig.pump();
        EXPECT_EQ(server.ends, (Statuses{StreamStatus::ok, StreamStatus::end}));
        EXPECT_TRUE(rig.client.closed());
        EXPECT_TRUE(rig.rig.closed);
    }
}

TEST(StreamTls, OctetByOctet) {
    for (uint16_t version : {0x0303, 0x0304}) {
        TlsRig rig({.version_min = version, .version_max = version});
        rig.rig.transport.receive_max = 1;
        rig.rig.transport.send_max = 1;
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.pump();
        ASSERT_TRUE(rig.connected) << rig.client.error();
        rig.write("hello");
        EXPECT_EQ(rig.got, "hello");
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

// The reply to STARTTLS goes in plain, what follows is TLS on the same connection.
StreamRig::Body starttls(TlsContext& context, Statuses& ends, std::string& read) {
    return [&](Stream& stream) -> Task<> {
        const std::string command = "STARTTLS\r\n";
        EXPECT_EQ(co_await stream.until(command.size()), StreamStatus::ok);
        EXPECT_EQ(text_of(stream.input().first(command.size())), command);
        stream.consume(command.size());
        EXPECT_TRUE(stream.append(octets_of("220 go ahead\r\n")));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        const StreamStatus status = co_await stream.start_tls(context);
        ends.push_back(status);
        if (status != StreamStatus::ok) {
            co_await stream.push();
            co_return;
        }
        while (co_await stream.fill() == StreamStatus::ok) {
            read += text_of(stream.input());
            stream.consume(stream.input().size());
        }
    };
}

TEST(StreamTls, StartTlsInPlace) {
    TlsRig rig;
    Statuses ends;
    std::string read;
    rig.rig.serve(starttls(rig.context(), ends, read));
    rig.rig.arrive("STARTTLS\r\n");
    EXPECT_EQ(rig.rig.transport.take_sent(), "220 go ahead\r\n");
    rig.pump();
    ASSERT_TRUE(rig.connected) << rig.client.error();
    rig.write("EHLO");
    EXPECT_EQ(read, "EHLO");
    EXPECT_EQ(ends, Statuses{StreamStatus::ok});
}

// A client that does not wait for the reply: its ClientHello comes with the command.
TEST(StreamTls, StartTlsWithTheHelloBehindIt) {
    TlsRig rig;
    Statuses ends;
    std::string read;
    rig.rig.serve(starttls(rig.context(), ends, read));
    rig.client.handshake();
    rig.rig.transport.arrive("STARTTLS\r\n");
    rig.rig.arrive(text_of(rig.client.take_output()));
    const std::string sent = rig.rig.transport.take_sent();
    ASSERT_TRUE(sent.starts_with("220 go ahead\r\n"));
    rig.client.feed(octets_of(sent).subspan(14));
    rig.pump();
    ASSERT_TRUE(rig.connected) << rig.client.error();
    rig.write("EHLO");
    EXPECT_EQ(read, "EHLO");
}

// CVE-2011-0411: a command that somebody in between put behind STARTTLS must not be taken for one
// of the client's.
TEST(StreamTls, PlaintextBehindStartTlsEndsTheHandshake) {
    for (size_t piece : {size_t{1}, size_t{65'536}}) {
        TlsRig rig;
        rig.rig.transport.receive_max = piece;
        Statuses ends;
        std::string read;
        rig.rig.serve(starttls(rig.context(), ends, read));
        rig.rig.arrive("STARTTLS\r\nMAIL FROM:<mallory@example.com>\r\n");
        EXPECT_EQ(ends, Statuses{StreamStatus::tls_failed});
        EXPECT_EQ(read, "");
        EXPECT_TRUE(rig.rig.closed);
        const std::string sent = rig.rig.transport.take_sent();
        EXPECT_EQ(sent.substr(14, 1), "\x15") << "an alert (RFC 8446 §5.1)";
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

TEST(StreamTls, LargeTransferBothWays) {
    for (size_t piece : {size_t{333}, size_t{4096}, size_t{65'536}}) {
        TlsRig rig;
        rig.rig.transport.receive_max = piece;
        rig.rig.transport.send_max = 3000;
        TlsEcho server(rig.context());
        rig.rig.serve(server.body());
        rig.pump();
        const std::string sent = pattern(2'000'000);
        for (size_t at = 0; at < sent.size(); at += 100'000) rig.write(sent.substr(at, 100'000));
        EXPECT_TRUE(same_octets(rig.got, sent));
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

// A client that sends much and reads nothing: what we hold for it is bounded.
TEST(StreamTls, BackPressure) {
    TlsRig rig;
    rig.rig.transport.receive_max = 4096;
    TlsEcho server(rig.context());
    rig.rig.serve(server.body());
    rig.pump();
    rig.rig.transport.send_blocked = true;
    const std::string sent = pattern(3'000'000);
    rig.write(sent);
    EXPECT_LE(rig.rig.counters.received_octets, 200'000U);
    EXPECT_LE(rig.rig.pool.used_octets(), 200'000U);
    rig.rig.transport.send_blocked = false;
    rig.pump();
    EXPECT_TRUE(same_octets(rig.got, sent));
    EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
}

// All of it comes, and then the end, before the server asks for anything.
class StreamTlsEnd : public testing::TestWithParam<std::pair<size_t, size_t>> {};

TEST_P(StreamTlsEnd, WhatCameBeforeIsGiven) {
    const auto [piece, record] = GetParam();
    TlsRig rig;
    rig.rig.transport.receive_max = piece;
    const std::string sent = pattern(14'000);
    std::string read;
    Statuses ends;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        const StreamStatus status = co_await stream.start_tls(rig.context());
        EXPECT_EQ(status, StreamStatus::ok);
        EXPECT_TRUE(stream.append(octets_of("x")));
        EXPECT_EQ(co_await stream.push(), StreamStatus::ok);
        while (ends.empty()) {
            const StreamStatus next = co_await stream.fill();
            if (next != StreamStatus::ok) ends.push_back(next);
            read += text_of(stream.input());
            stream.consume(stream.input().size());
        }
    });
    rig.rig.transport.send_blocked = false;
    rig.client.handshake();
    rig.rig.arrive(text_of(rig.client.take_output()));
    rig.rig.transport.send_blocked = true;
    rig.client.feed(octets_of(rig.rig.transport.take_sent()));
    rig.connected = rig.client.handshake();
    ASSERT_TRUE(rig.connected);
    for (size_t at = 0; at < sent.size(); at += record) {
        EXPECT_TRUE(rig.client.write(sent.substr(at, record)));
        rig.rig.arrive(text_of(rig.client.take_output()));
    }
    rig.rig.transport.arrive_end();  // and no close_notify
    rig.rig.transport.run();
    EXPECT_EQ(read, "");
    rig.rig.transport.send_blocked = false;
    rig.rig.transport.run();
    EXPECT_TRUE(same_octets(read, sent));
    EXPECT_EQ(ends, Statuses{StreamStatus::end});
}

// In many records and in one: what came lies in chunks that records do not end with.
INSTANTIATE_TEST_SUITE_P(Pieces, StreamTlsEnd,
                         testing::Values(std::pair(100, 700), std::pair(1000, 700),
                                         std::pair(65'536, 700), std::pair(1000, 14'000),
                                         std::pair(4096, 14'000), std::pair(65'536, 14'000)));

// Input that is moved to where there is more room is where input() says, though no more came.
TEST(StreamTls, InputThatIsMoved) {
    TlsRig rig;
    const std::string sent = pattern(3000);
    size_t same = 0;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        StreamStatus status = co_await stream.start_tls(rig.context());
        while (status == StreamStatus::ok) {
            status = co_await stream.fill();
            if (status != StreamStatus::ok) break;
            // Takes the chunks that are free.
            EXPECT_TRUE(stream.append(octets_of(std::string(4000, 'x'))));
            EXPECT_TRUE(stream.append(octets_of(std::string(4000, 'x'))));
            same += text_of(stream.input()) == sent.substr(0, stream.input().size());
        }
    });
    rig.pump();
    rig.write(sent.substr(0, 2900));
    rig.write(sent.substr(2900));
    EXPECT_EQ(same, 2U);
}

TEST(StreamTls, RecordsThatAreLargerThanTheInputMayBe) {
    TlsRig rig;
    const std::string sent = pattern(50'000);
    std::string read;
    Statuses ends;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        stream.set_input_max(1000);
        const StreamStatus status = co_await stream.start_tls(rig.context());
        EXPECT_EQ(status, StreamStatus::ok);
        EXPECT_EQ(co_await stream.until(1001), StreamStatus::too_long);
        for (;;) {
            const StreamStatus next = co_await stream.until(1000);
            EXPECT_LE(stream.input().size(), 1000U);
            read += text_of(stream.input());
            stream.consume(stream.input().size());
            if (next != StreamStatus::ok) {
                ends.push_back(next);
                co_return;
            }
        }
    });
    rig.pump();
    rig.write(sent + "!");
    EXPECT_TRUE(same_octets(read, sent));
    rig.client.close_notify();
    rig.pump();
    EXPECT_TRUE(same_octets(read, sent + "!"));
    EXPECT_EQ(ends, Statuses{StreamStatus::end});
}

// What is in front of the close_notify, though it waits in the library as there is no room.
TEST(StreamTls, CloseNotifyBehindMoreThanThereIsRoomFor) {
    TlsRig rig;
    std::string read;
    Statuses ends;
    rig.rig.serve([&](Stream& stream) -> Task<> {
        stream.set_input_max(100);
        const StreamStatus status = co_await stream.start_tls(rig.context());
        EXPECT_EQ(status, StreamStatus::ok);
        EXPECT_EQ(co_await stream.until(100), StreamStatus::ok);
        EXPECT_EQ(co_await stream.until(101), StreamStatus::too_long);
        while (ends.empty()) {
            const StreamStatus next = co_await stream.fill();
            if (next != StreamStatus::ok) ends.push_back(next);
            read += text_of(stream.input().first(std::min<size_t>(stream.input().size(), 3)));
            stream.consume(std::min<size_t>(stream.input().size(), 3));
        }
    });
    rig.pump();
    const std::string sent = pattern(5000);
    EXPECT_TRUE(rig.client.write(sent));
    rig.client.close_notify();
    rig.rig.transport.arrive_end();
    rig.pump();
    EXPECT_EQ(ends, Statuses{StreamStatus::too_long}) << "there is no more than the room";
    EXPECT_TRUE(same_octets(read, sent.substr(0, read.size())));
}

// Messages of any size, in any pieces, taken in any pieces.
TEST(StreamTls, RandomPieces) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 30; ++round) {
        TlsRig rig;
        rig.rig.transport.receive_max = random() % 3 == 0 ? random() % 50 + 1 : random() % 9000 + 1;
        rig.rig.transport.send_max = random() % 5000 + 1;
        std::string read;
        rig.rig.serve([&](Stream& stream) -> Task<> {
            StreamStatus status = co_await stream.start_tls(rig.context());
            stream.set_input_max(6000);
            while (status == StreamStatus::ok) {
                status = co_await stream.until(random() % 6000 + 1);
                const size_t taken = random() % (stream.input().size() + 1);
                read += text_of(stream.input().first(taken));
                stream.consume(taken);
                if (random() % 4 != 0 || status != StreamStatus::ok) continue;
                EXPECT_TRUE(stream.append(octets_of("x")));
                status = co_await stream.push();
            }
            read += text_of(stream.input());
        });
        rig.pump();
        std::string sent;
        for (int i = 0; i < 40; ++i) {
            const std::string message = pattern(random() % 3000 + 1, random());
            sent += message;
            rig.rig.transport.send_blocked = random() % 3 == 0;
            rig.write(message);
        }
        rig.rig.transport.send_blocked = false;
        rig.client.close_notify();
        rig.pump();
        EXPECT_TRUE(rig.rig.closed);
        EXPECT_TRUE(same_octets(read, sent));
        EXPECT_EQ(rig.rig.pool.used_octets(), 0U);
    }
}

}  // namespace
}  // namespace gatepost::dataplane

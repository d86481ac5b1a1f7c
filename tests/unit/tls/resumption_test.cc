// Session tickets and early data.
#include <gtest/gtest.h>

#include "tests/unit/tls/conversation.h"

namespace gatepost::tests {
namespace {

using dataplane::kTicketKeyLifeMs;
using dataplane::TlsOptions;
using dataplane::TlsStatus;
using storage::Service;

constexpr uint16_t kResumedTls12 = 0x0303;
constexpr uint16_t kResumedTls13 = 0x0304;

// The ticket of a connection with these options; null: none came.
TlsTicket ticket_of(dataplane::TlsContext& context, const TlsClientOptions& options) {
    Conversation talk(context, options);
    EXPECT_EQ(talk.handshake(), TlsStatus::done) << talk.server->error();
    EXPECT_TRUE(talk.server->write({}));
    talk.to_client();
    EXPECT_EQ(talk.client.read(), "");
    return talk.client.ticket();
}

bool resumes(dataplane::TlsContext& context, TlsClientOptions options, const TlsTicket& ticket) {
    options.ticket = ticket;
    Conversation talk(context, options);
    EXPECT_EQ(talk.handshake(), TlsStatus::done) << talk.server->error();
    EXPECT_EQ(talk.server->resumed(), talk.client.resumed());
    return talk.server->resumed();
}

class Resumption : public testing::TestWithParam<uint16_t> {};

TEST_P(Resumption, AcrossTheListenersAndWorkersOfAProcess) {
    ServerSide server;
    auto second = server.make_context({});
    const TlsClientOptions client{.server_name = "a.example.org", .version_max = GetParam()};
    const TlsTicket ticket = ticket_of(*server.context, client);
    ASSERT_NE(ticket, nullptr);
    EXPECT_TRUE(resumes(*server.context, client, ticket));
    EXPECT_TRUE(resumes(*second, client, ticket));
}

TEST_P(Resumption, SurvivesRotationAsLongAsTheKeyIsKept) {
    ServerSide server;
    const TlsClientOptions client{.version_max = GetParam()};
    uint64_t now_ms = 1;
    EXPECT_FALSE(server.tickets.rotate(now_ms));
    const TlsTicket ticket = ticket_of(*server.context, client);
    for (size_t i = 1; i < dataplane::kTicketKeysKept; ++i) {
        EXPECT_TRUE(server.tickets.rotate(now_ms += kTicketKeyLifeMs));
        EXPECT_TRUE(resumes(*server.context, client, ticket)) << "after rotation " << i;
    }
    EXPECT_TRUE(server.tickets.rotate(now_ms += kTicketKeyLifeMs));
    EXPECT_FALSE(resumes(*server.context, client, ticket));
}

TEST_P(Resumption, NotWithAnotherProcess) {
    ServerSide server;
    ServerSide other;
    const TlsClientOptions client{.version_max = GetParam()};
    EXPECT_FALSE(resumes(*other.context, client, ticket_of(*server.context, client)));
}

TEST_P(Resumption, NotUnderAnotherNameOrForAnotherService) {
    ServerSide server(TlsOptions{.service = Service::https});
    auto imap = server.make_context({.service = Service::imap});
    const TlsClientOptions client{.server_name = "a.example.org", .version_max = GetParam()};
    const TlsClientOptions other{.server_name = "b.example.org", .version_max = GetParam()};
    const TlsTicket ticket = ticket_of(*server.context, client);
    EXPECT_FALSE(resumes(*server.context, other, ticket));
    EXPECT_FALSE(resumes(*imap, client, ticket));
    EXPECT_TRUE(resumes(*server.context, client, ticket));
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(kResumedTls12, kResumedTls13));

TEST(EarlyData, IsReadAndMarked) {
    ServerSide server(TlsOptions{.alpn = {"dot"}, .early_data = true});
    TlsClientOptions client{.alpn = {"dot"}, .early_data = true};
    client.ticket = ticket_of(*server.context, client);
    ASSERT_NE(client.ticket, nullptr);

    Conversation talk(*server.context, client);
    ASSERT_TRUE(talk.client.handshake());
    ASSERT_TRUE(talk.client.write("early"));
    talk.to_server();
    ASSERT_EQ(talk.server->handshake(), TlsStatus::done);
    EXPECT_TRUE(talk.server->resumed());
    EXPECT_TRUE(talk.server->in_early_data());
    std::array<uint8_t, 32> binding{};
    EXPECT_FALSE(talk.server->export_channel_binding(binding));
    EXPECT_EQ(talk.server_read(), "early");
    EXPECT_TRUE(talk.server->in_early_data());
    // The answer can go at once.
    EXPECT_TRUE(talk.server->write(bytes_of("answer")));
    talk.to_client();
    EXPECT_EQ(talk.client.read(), "answer");
    EXPECT_TRUE(talk.client.early_data_accepted());
    ASSERT_TRUE(talk.client.write("late"));
    talk.to_server();
    EXPECT_EQ(talk.server_read(), "late");
    EXPECT_FALSE(talk.server->in_early_data());
    EXPECT_TRUE(talk.server->export_channel_binding(binding));
}

TEST(EarlyData, OfSeveralRecordsEndsWhereItEnds) {
    ServerSide server(TlsOptions{.early_data = true});
    TlsClientOptions client{.early_data = true};
    client.ticket = ticket_of(*server.context, client);
    Conversation talk(*server.context, client);
    ASSERT_TRUE(talk.client.handshake());
    ASSERT_TRUE(talk.client.write("one"));
    ASSERT_TRUE(talk.client.write("two"));
    std::vector<uint8_t> early = talk.client.take_output();
    talk.feed_server(early);
    ASSERT_EQ(talk.server->handshake(), TlsStatus::done);
    talk.to_client();
    talk.client.read();
    ASSERT_TRUE(talk.client.write("three"));
    talk.to_server();  // all three lie there now
    const std::pair<const char*, bool> expected[] = {
        {"one", true}, {"two", true}, {"three", false}};
    for (const auto& [text, is_early] : expected) {
        uint8_t room[64];
        size_t length = 0;
        ASSERT_EQ(talk.server->read(room, length), TlsStatus::done);
        EXPECT_EQ(std::string(room, room + length), text);
        EXPECT_EQ(talk.server->in_early_data(), is_early) << text;
    }
}

TEST(EarlyData, IsRefusedWithoutHarmWhereItIsOff) {
    ServerSide server(TlsOptions{.early_data = true});
    auto off = server.make_context({});
    TlsClientOptions client{.early_data = true};
    client.ticket = ticket_of(*server.context, client);
    Conversation talk(*off, client);
    ASSERT_TRUE(talk.client.handshake());
    ASSERT_TRUE(talk.client.write("early"));
    talk.to_server();
    EXPECT_EQ(talk.server->handshake(), TlsStatus::want_input);
    EXPECT_FALSE(talk.server->in_early_data());
    talk.to_client();
    talk.client.read();
    EXPECT_EQ(talk.client.error(), "");
    EXPECT_FALSE(talk.client.early_data_accepted());
}

TEST(EarlyData, IsNotOfferedWhereItIsOff) {
    ServerSide server;
    TlsClientOptions client{.early_data = true};
    client.ticket = ticket_of(*server.context, client);
    Conversation talk(*server.context, client);
    EXPECT_EQ(talk.handshake(), TlsStatus::done);
    EXPECT_TRUE(talk.server->resumed());
    EXPECT_FALSE(talk.client.early_data_accepted());
}

}  // namespace
}  // namespace gatepost::tests

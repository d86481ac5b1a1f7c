#include "tests/unit/tls/conversation.h"

#include <gtest/gtest.h>

#include <array>

namespace gatepost::tests {

using dataplane::TlsStatus;

ServerSide::ServerSide(const dataplane::TlsOptions& options) {
    auto made = dataplane::SelfSignedIdentity::create("Edge.example.net", now_s);
    EXPECT_TRUE(made.has_value());
    self_signed = std::move(*made);
    identities = std::make_unique<dataplane::DirectoryIdentities>(
        dataplane::DirectoryIdentitiesOptions{
            .directory =
                [this] {
                    return dataplane::DirectoryNow{has_directory ? &directory.view() : nullptr,
                                                   directory.generation()};
                },
            .clock_s = [this] { return now_s; },
            .report =
                [this](std::string_view name, const Error& error) {
                    reports.push_back(std::string(name) + ": " + error.message);
                }},
        keys, *self_signed, counters);
    context = make_context(options);
}

std::unique_ptr<dataplane::TlsContext> ServerSide::make_context(
    const dataplane::TlsOptions& options) {
    auto made = dataplane::TlsContext::create(options, *identities, tickets);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
}

bool CollectingSink::take(Bytes ciphertext) {
    if (octets.size() + ciphertext.size() > room) return false;
    octets.insert(octets.end(), ciphertext.begin(), ciphertext.end());
    return true;
}

Conversation::Conversation(dataplane::TlsContext& context, const TlsClientOptions& options)
    : client(options), server(dataplane::TlsSession::accept(context, sink)) {}

void Conversation::feed_server(Bytes octets) {
    const Bytes unread = server->unread();
    std::vector<uint8_t> all(unread.begin(), unread.end());
    all.insert(all.end(), octets.begin(), octets.end());
    fed_ = std::move(all);
    server->feed(fed_);
}

void Conversation::to_server() {
    feed_server(client.take_output());
}

void Conversation::to_client() {
    client.feed(sink.octets);
    sink.octets.clear();
}

TlsStatus Conversation::handshake(size_t piece) {
    status = TlsStatus::want_input;
    while (status == TlsStatus::want_input) {
        client.handshake();
        const std::vector<uint8_t> flight = client.take_output();
        if (flight.empty()) break;
        for (size_t at = 0; at < flight.size() && status == TlsStatus::want_input; at += piece) {
            const size_t length = std::min(piece, flight.size() - at);
            feed_server(Bytes(flight).subspan(at, length));
            status = server->handshake();
            if (piece == SIZE_MAX) break;
        }
        to_client();
    }
    client.handshake();
    return status;
}

std::string Conversation::server_read() {
    std::string all;
    std::array<uint8_t, 4096> room;
    for (;;) {
        size_t length = 0;
        status = server->read(room, length);
        if (status != TlsStatus::done) return all;
        all.append(reinterpret_cast<const char*>(room.data()), length);
    }
}

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace gatepost::tests

// Connections of HTTP/2 that break off, or carry wrong octets, anywhere.
#include <gtest/gtest.h>

#include "tests/support/dns_text.h"
#include "tests/unit/http/http2_client.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

std::string mixed_octets() {
    HttpRig rig;
    Http2Client client(rig.connect());
    auto query = [](const std::string& name, const std::string& type) {
        return to_string(make_query({.name = name, .type = type, .edns = 1232}));
    };
    client.get("/dns-query?dns=" + base64url(to_bytes(query("www.example.", "A"))));
    client.post("/dns-query", query("big.example.", "TXT"));
    client.get("/x");
    client.post("/dns-query", "short");
    return client.output();
}

TEST(Http2Faults, ResetAtEveryEvent) {
    const std::string octets = mixed_octets();
    for (size_t events = 0; events < 200; ++events) {
        HttpRig rig;
        HttpConnection& connection = rig.connect();
        connection.transport.receive_max = 5;
        connection.transport.send_max = 3000;
        connection.transport.events_until_reset = events;
        connection.play(octets);
        connection.arrive_end();
        EXPECT_TRUE(connection.has_ended()) << events;
        rig.connections.clear();
        EXPECT_EQ(rig.environment.pool.used_octets(), 0u) << events;
    }
}

TEST(Http2Faults, DestroyedAfterEveryOctet) {
    const std::string octets = mixed_octets();
    for (size_t length = 0; length < octets.size(); ++length) {
        HttpRig rig;
        rig.connect().play(octets.substr(0, length));
        rig.connections.clear();
        EXPECT_EQ(rig.environment.pool.used_octets(), 0u) << length;
    }
}

TEST(Http2Faults, AnyOctetMayBeWrong) {
    const std::string octets = mixed_octets();
    for (size_t at = kHttp2Preface.size(); at < octets.size(); ++at)
        for (int change : {0x01, 0x80, 0xff}) {
            std::string wrong = octets;
            wrong[at] = static_cast<char>(wrong[at] ^ change);
            HttpRig rig;
            HttpConnection& connection = rig.connect();
            connection.play(wrong);
            connection.arrive_end();
            EXPECT_TRUE(connection.has_ended()) << at;
            rig.connections.clear();
            EXPECT_EQ(rig.environment.pool.used_octets(), 0u) << at;
        }
}

TEST(Http2Faults, SurvivesTheEndOfTheBuffers) {
    const std::string octets = mixed_octets();
    HttpRig rig;
    std::vector<Chunk*> taken;
    while (Chunk* chunk = rig.environment.pool.take(BufferPool::largest())) taken.push_back(chunk);
    while (Chunk* chunk = rig.environment.pool.take(1)) taken.push_back(chunk);
    // One chunk more each time.
    for (int spare = 0; spare < 8; ++spare) {
        HttpConnection& connection = rig.connect();
        connection.play(octets);
        connection.arrive_end();
        EXPECT_TRUE(connection.has_ended()) << spare;
        rig.connections.clear();
        rig.environment.pool.give(taken.back());
        taken.pop_back();
    }
    for (Chunk* chunk : taken) rig.environment.pool.give(chunk);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
}

}  // namespace
}  // namespace gatepost::tests

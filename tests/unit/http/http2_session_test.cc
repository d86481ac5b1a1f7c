// Connections of HTTP/2, against nghttp2's client.
#include <gtest/gtest.h>

#include "dataplane/http/http_limits.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http2_client.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using storage::StreamEnd;

std::string query(const std::string& name, const std::string& type = "A") {
    return to_string(make_query({.name = name, .type = type, .edns = 1232}));
}

std::string query_path(const std::string& name, const std::string& type = "A") {
    return "/dns-query?dns=" + base64url(to_bytes(query(name, type)));
}

ReplyText dns_of(const Http2Response& response) {
    return read_reply(to_bytes(response.body));
}

TEST(Http2Session, GetAndPost) {
    HttpRig rig;
    Http2Client client(rig.connect());
    int32_t get = client.get(query_path("www.example."));
    int32_t post = client.post("/dns-query", query("mail.example.", "MX"));
    int32_t json = client.get("/dns-query?name=www.example");
    int32_t none = client.get("/nothing");
    int32_t head = client.request({{":method", "HEAD"},
                                   {":scheme", "https"},
                                   {":authority", "dns.example"},
                                   {":path", "/healthz"}});
    client.exchange();
    EXPECT_EQ(client[get].status, 200);
    EXPECT_EQ(client[get].fields.at("content-type"), "application/dns-message");
    EXPECT_EQ(client[get].fields.at("cache-control"), "max-age=300");
    EXPECT_EQ(client[get].fields.at("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(client[get].fields.at("content-length"), std::to_string(client[get].body.size()));
    EXPECT_EQ(dns_of(client[get]).answer[0], "www.example. 300 A 192.0.2.1");
    EXPECT_EQ(dns_of(client[post]).answer[0], "mail.example. 30 MX 10 www.example.");
    EXPECT_NE(client[json].body.find("192.0.2.1"), std::string::npos);
    EXPECT_EQ(client[none].status, 404);
    EXPECT_EQ(client[head].status, 200);
    EXPECT_EQ(client[head].body, "");
    EXPECT_EQ(client[head].fields.at("content-length"), "3");
    for (auto& [id, response] : client.responses) EXPECT_TRUE(response.complete) << id;
    EXPECT_EQ(rig.environment.bursts, (std::vector<size_t>{3})) << "all that one read brought";
    EXPECT_EQ(rig.environment.requests(HttpVersion::http2, 2), 4u);
    EXPECT_EQ(rig.environment.requests(HttpVersion::http2, 4), 1u);
    EXPECT_FALSE(client.connection.has_ended());
    EXPECT_EQ(client.settings[NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS], kHttp2StreamsMax);
    EXPECT_EQ(client.settings[NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE], kHttpHeadMax);
    EXPECT_EQ(client.settings_acks, 1);
}

TEST(Http2Session, ManyRequestsOneAfterTheOther) {
    HttpRig rig;
    Http2Client client(rig.connect());
    for (int round = 0; round < 50; ++round) {
        std::vector<int32_t> streams;
        for (int i = 0; i < 100; ++i) streams.push_back(client.get(query_path("www.example.")));
        client.exchange();
        for (int32_t stream : streams) ASSERT_EQ(dns_of(client[stream]).answer.size(), 1u);
        client.responses.clear();
    }
    EXPECT_FALSE(client.connection.has_ended());
    EXPECT_EQ(rig.service->received(), 5000u);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
}

TEST(Http2Session, OctetByOctet) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    connection.transport.receive_max = 1;
    connection.transport.send_max = 1;
    Http2Client client(connection);
    int32_t get = client.get(query_path("www.example."));
    int32_t post = client.post("/dns-query", query("big.example.", "TXT"));
    client.exchange();
    EXPECT_EQ(dns_of(client[get]).answer.size(), 1u);
    EXPECT_EQ(dns_of(client[post]).answer.size(), 200u);
}

TEST(Http2Session, RefusalsAreAnswered) {
    HttpRig rig;
    Http2Client client(rig.connect());
    auto with = [&](const std::string& method, const std::string& path,
                    const Http2Client::Fields& more = {}) {
        Http2Client::Fields fields = {{":method", method},
                                      {":scheme", "https"},
                                      {":authority", "dns.example"},
                                      {":path", path}};
        fields.insert(fields.end(), more.begin(), more.end());
        return client.request(fields);
    };
    int32_t brew = with("BREW", "/");
    int32_t put = with("PUT", "/dns-query");
    int32_t type = client.request(
        {{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/dns-query"}});
    int32_t fragment = with("GET", "/#x");
    int32_t authority = client.request(
        {{":method", "GET"}, {":scheme", "https"}, {":authority", "a b"}, {":path", "/"}});
    int32_t host = with("GET", "/healthz", {{"host", "other.example"}});
    int32_t same = with("GET", "/healthz", {{"host", "DNS.example"}});
    int32_t large = with("GET", "/healthz", {{"x", std::string(kHttpHeadMax, 'x')}});
    int32_t path = with("GET", "/" + std::string(kHttpTargetMax, 'x'));
    Http2Client::Fields accepts(kHttpHeaderFieldsMax + 1, {"accept", "a/b"});
    int32_t many = with("GET", "/healthz", accepts);
    client.exchange();
    EXPECT_EQ(client[brew].status, 501);
    EXPECT_EQ(client[put].status, 405);
    EXPECT_EQ(client[put].fields.at("allow"), "GET, HEAD, POST");
    EXPECT_EQ(client[type].status, 415);
    EXPECT_EQ(client[fragment].status, 400);
    EXPECT_EQ(client[authority].status != 200, true);
    EXPECT_EQ(client[host].status, 400);
    EXPECT_EQ(client[same].status, 200);
    EXPECT_EQ(client[large].status, 431);
    EXPECT_EQ(client[path].status, 414);
    EXPECT_EQ(client[many].status, 431);
    int32_t fine = client.get("/healthz");
    client.exchange();
    EXPECT_EQ(client[fine].body, "ok\n");
}

TEST(Http2Session, LongBodiesAreRefusedAndTheRestIsNotWantedAnyMore) {
    HttpRig rig;
    Http2Client client(rig.connect());
    int32_t longest =
        client.post("/dns-query", query("www.example.") + std::string(kHttpBodyMax - 100, '\0'));
    int32_t longer = client.post("/dns-query", std::string(kHttpBodyMax + 1, 'x'));
    int32_t nobody = client.post("/nothing", std::string(200'000, 'x'));
    client.exchange();
    EXPECT_EQ(client[longest].status, 200);
    EXPECT_EQ(client[longer].status, 413);
    EXPECT_EQ(client[nobody].status, 404);
    EXPECT_TRUE(client[nobody].complete);
    EXPECT_EQ(client[nobody].error, uint32_t{NGHTTP2_NO_ERROR}) << "RFC 9113 §8.1";
    EXPECT_GT(client.bodies[nobody].size(), 0u) << "the client was told to stop";
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
    int32_t fine = client.get("/healthz");
    client.exchange();
    EXPECT_EQ(client[fine].status, 200);
}

TEST(Http2Session, ResponsesWaitForTheClientsWindow) {
    HttpRig rig;
    Http2Client client(rig.connect(), 2000);
    int32_t big = client.get(query_path("big.example.", "TXT"));
    int32_t www = client.get(query_path("www.example."));
    client.exchange();
    EXPECT_EQ(client[www].complete, true) << "one stream does not hold another up";
    EXPECT_TRUE(client[big].complete) << "the client opens its window as it reads";
    EXPECT_EQ(dns_of(client[big]).answer.size(), 200u);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);

    Http2Client stingy(rig.connect(), 100, false);
    big = stingy.get(query_path("big.example.", "TXT"));
    stingy.exchange();
    EXPECT_EQ(stingy[big].body.size(), 100u);
    // The burst's memory has been used for others meanwhile.
    Http2Client other(rig.connect());
    for (int i = 0; i < 100; ++i) other.get(query_path("nx.example."));
    other.exchange();
    stingy.open_window(big, 60'000);
    stingy.exchange();
    EXPECT_EQ(dns_of(stingy[big]).answer.size(), 200u);
}

TEST(Http2Session, ClientsThatOpenNoWindowAreBounded) {
    HttpRig rig({.write_ms = 5000});
    HttpConnection& connection = rig.connect();
    Http2Client client(connection, 0, false);
    std::vector<int32_t> streams;
    for (int i = 0; i < 100; ++i) {
        streams.push_back(client.get(query_path("big.example.", "TXT")));
        client.exchange();
    }
    size_t refused = 0;
    for (int32_t stream : streams) refused += client[stream].error == NGHTTP2_REFUSED_STREAM;
    EXPECT_GT(refused, 80u);
    EXPECT_LT(rig.environment.pool.used_octets(), kHttp2WaitingMax + 200'000);
    connection.pass(5100);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::not_read);
    rig.connections.clear();
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
}

TEST(Http2Session, LongRepliesToOneReadAreBounded) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    Http2Client client(connection, 1 << 20);
    client.open_window(0, 1 << 30);
    client.exchange();
    connection.transport.send_blocked = true;
    std::vector<int32_t> streams;
    for (int i = 0; i < 100; ++i) streams.push_back(client.get(query_path("big.example.", "TXT")));
    connection.play(client.output());
    EXPECT_LT(rig.environment.pool.used_octets(), kHttp2WaitingMax + (size_t{1} << 20));
    connection.transport.send_blocked = false;
    client.exchange();
    size_t answered = 0;
    for (int32_t stream : streams) {
        const Http2Response& response = client[stream];
        EXPECT_TRUE(response.complete || response.error == NGHTTP2_REFUSED_STREAM);
        if (response.complete) answered += dns_of(response).answer.size() == 200;
    }
    EXPECT_GE(answered, 10u);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
}

TEST(Http2Session, ClientsThatDoNotReadAreBounded) {
    HttpRig rig({.write_ms = 1000});
    HttpConnection& connection = rig.connect();
    Http2Client client(connection, 1 << 20);
    client.open_window(0, 1 << 20);
    client.exchange();
    connection.transport.send_blocked = true;
    for (int i = 0; i < 10; ++i) client.get(query_path("big.example.", "TXT"));
    connection.play(client.output());
    EXPECT_LT(rig.environment.pool.used_octets(), 900'000u);
    connection.pass(1100);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::not_read);
}

TEST(Http2Session, StreamsThatTheClientResetsAreForgotten) {
    HttpRig rig;
    Http2Client client(rig.connect());
    int32_t gone = client.get(query_path("www.example."));
    std::string request = client.output();
    client.reset(gone);
    int32_t stays = client.get(query_path("www.example."));
    client.exchange(request);
    EXPECT_EQ(dns_of(client[stays]).answer.size(), 1u);
    int32_t body = client.post("/dns-query", std::string(70'000, 'x'));
    request = client.output();
    client.reset(body);
    client.exchange(request);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u);
}

TEST(Http2Session, DrainAnswersWhatIsUnderWay) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    Http2Client client(connection);
    client.exchange();
    int32_t under_way = client.post("/dns-query", query("www.example."));
    std::string octets = client.output();
    connection.play(octets.substr(0, octets.size() - 10));
    connection.drain();
    client.receive(connection.play(""));
    EXPECT_TRUE(client.goaway);
    EXPECT_EQ(client.goaway_error, uint32_t{NGHTTP2_NO_ERROR});
    EXPECT_EQ(client.goaway_last, under_way);
    EXPECT_FALSE(connection.has_ended());
    client.receive(connection.play(octets.substr(octets.size() - 10)));
    EXPECT_EQ(dns_of(client[under_way]).answer.size(), 1u);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::drained);

    HttpConnection& idle = rig.connect();
    Http2Client other(idle);
    other.exchange();
    idle.drain();
    other.receive(idle.play(""));
    EXPECT_TRUE(idle.has_ended());
    EXPECT_TRUE(other.goaway);
}

TEST(Http2Session, ClientsSayGoodbyeToo) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    Http2Client client(connection);
    int32_t last = client.get(query_path("www.example."));
    std::string octets = client.output() + frame(NGHTTP2_GOAWAY, 0, 0, std::string(8, '\0'));
    client.receive(connection.play(octets));
    EXPECT_EQ(client[last].status, 200);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::peer);
}

TEST(Http2Session, RequestsPerConnectionAreBounded) {
    HttpRig rig({.requests_max = 3});
    HttpConnection& connection = rig.connect();
    Http2Client client(connection);
    std::vector<int32_t> streams;
    for (int i = 0; i < 3; ++i) streams.push_back(client.get("/healthz"));
    client.exchange();
    for (int32_t stream : streams) EXPECT_EQ(client[stream].status, 200);
    EXPECT_TRUE(client.goaway);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::server);
}

TEST(Http2Session, Deadlines) {
    HttpRig rig({.request_ms = 2000, .idle_http2_ms = 20'000});
    HttpConnection& silent = rig.connect();
    silent.play(kHttp2Preface);
    silent.pass(2100);
    EXPECT_EQ(silent.session->end, StreamEnd::deadline) << "not even SETTINGS";
    EXPECT_TRUE(silent.has_ended());

    HttpConnection& slow = rig.connect();
    Http2Client client(slow);
    client.exchange();
    slow.pass(19'000);
    EXPECT_FALSE(slow.has_ended());
    client.get("/healthz");
    client.exchange();
    std::string body = query("www.example.");
    client.post("/dns-query", body);
    std::string octets = client.output();
    slow.play(octets.substr(0, octets.size() - body.size()));
    for (int i = 0; i < 30 && !slow.has_ended(); ++i) {
        slow.play(std::string(1, octets[octets.size() - body.size() + static_cast<size_t>(i)]));
        slow.pass(100);
    }
    EXPECT_TRUE(slow.has_ended());
    EXPECT_EQ(slow.session->end, StreamEnd::deadline);

    HttpConnection& idle = rig.connect();
    Http2Client quiet(idle);
    quiet.exchange();
    for (int i = 0; i < 21; ++i) {  // PING keeps nothing
        idle.pass(1000);
        idle.play(frame(NGHTTP2_PING, 0, 0, "12345678"));
    }
    EXPECT_TRUE(idle.has_ended());
    EXPECT_EQ(idle.session->end, StreamEnd::idle);
}

TEST(Http2Session, BrokenPrefaceIsNoHttp2) {
    HttpRig rig;
    std::string sent = rig.play("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX");
    EXPECT_TRUE(sent.starts_with("HTTP/1.1 505 ")) << sent;
    HttpConnection& cut = rig.connect();
    cut.play("PRI * HTTP");
    EXPECT_FALSE(cut.has_ended());
    cut.arrive_end();
    EXPECT_TRUE(cut.has_ended());
    // No SETTINGS behind it (RFC 9113 §3.4).
    HttpConnection& wrong = rig.connect();
    EXPECT_EQ(goaway_error(
                  wrong.play(std::string(kHttp2Preface) + frame(NGHTTP2_PING, 0, 0, "12345678"))),
              NGHTTP2_PROTOCOL_ERROR);
    EXPECT_TRUE(wrong.has_ended());
    EXPECT_EQ(wrong.session->end, StreamEnd::protocol);
}

}  // namespace
}  // namespace gatepost::tests

// Connections of HTTP/1.1, as transcripts.
#include <gtest/gtest.h>

#include "dataplane/http/http_limits.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using storage::StreamEnd;

std::string get(const std::string& target, const std::string& more = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: dns.example\r\n" + more + "\r\n";
}

std::string get_query(const std::string& name, const std::string& type = "A") {
    return get("/dns-query?dns=" +
               base64url(make_query({.name = name, .type = type, .edns = 1232})));
}

std::string post(const std::string& body, const std::string& more = "") {
    return "POST /dns-query HTTP/1.1\r\nHost: dns.example\r\nContent-Type: "
           "application/dns-message\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

ReplyText dns_of(const HttpText& response) {
    return read_reply(to_bytes(response.body));
}

TEST(Http1Session, SaysOk) {
    HttpRig rig;
    EXPECT_EQ(rig.play(get("/healthz")),
              "HTTP/1.1 200 OK\r\n"
              "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "content-type: text/plain; charset=utf-8\r\n"
              "content-length: 3\r\n"
              "cache-control: no-store\r\n"
              "x-content-type-options: nosniff\r\n"
              "\r\n"
              "ok\n");
    EXPECT_FALSE(rig.connections[0].has_ended());
    EXPECT_EQ(rig.environment.requests(HttpVersion::http1, 2), 1u);
}

TEST(Http1Session, HeadIsWithoutBody) {
    HttpRig rig;
    std::string sent = rig.play("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    HttpText head = read_response(sent, true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.fields["content-length"], "3");
    EXPECT_EQ(head.length, sent.size());
}

TEST(Http1Session, DateIsWrittenAnewEverySecond) {
    HttpRig rig;
    rig.environment.now_s = 1'709'210'096;  // a leap day
    EXPECT_EQ(read_response(rig.play(get("/healthz"))).fields["date"],
              "Thu, 29 Feb 2024 12:34:56 GMT");
    ++rig.environment.now_s;
    EXPECT_EQ(read_response(rig.connections[0].play(get("/healthz"))).fields["date"],
              "Thu, 29 Feb 2024 12:34:57 GMT");
}

TEST(Http1Session, PipelinedRequestsAreAnsweredInOrderAndInOneBurst) {
    HttpRig rig;
    std::string all = get_query("www.example.") +
                      post(to_string(make_query({.name = "mail.example.", .type = "MX"}))) +
                      get_query("nx.example.") + get("/healthz") + get_query("www.example.");
    auto responses = read_responses(rig.play(all));
    ASSERT_EQ(responses.size(), 5u);
    EXPECT_EQ(dns_of(responses[0]).question, "www.example. A");
    EXPECT_EQ(dns_of(responses[1]).question, "mail.example. MX");
    EXPECT_EQ(dns_of(responses[2]).rcode, 3);
    EXPECT_EQ(responses[3].body, "ok\n");
    EXPECT_EQ(dns_of(responses[4]).answer[0], "www.example. 300 A 192.0.2.1");
    EXPECT_EQ(rig.environment.bursts, (std::vector<size_t>{3, 1}));
    EXPECT_EQ(rig.service->received(), 4u);
}

TEST(Http1Session, MoreQueriesThanABurstHolds) {
    HttpRig rig;
    std::string all;
    const int kCount = 300;
    for (int i = 0; i < kCount; ++i) all += get_query("www.example.");
    auto responses = read_responses(rig.play(all));
    ASSERT_EQ(responses.size(), size_t{kCount});
    for (const HttpText& response : responses) EXPECT_EQ(dns_of(response).answer.size(), 1u);
    for (size_t size : rig.environment.bursts) EXPECT_LE(size, kBurstMax);
}

TEST(Http1Session, OctetByOctet) {
    const std::string all = get_query("www.example.") + get("/nothing") +
                            "POST /dns-query HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                            "Content-Type: application/dns-message\r\n\r\n"
                            "5\r\nabcde\r\n7\r\nfghijkl\r\n0\r\n\r\n" +
                            get("/healthz");
    HttpRig rig;
    auto whole = read_responses(rig.play(all));
    ASSERT_EQ(whole.size(), 4u);
    EXPECT_EQ(whole[1].status, 404);
    EXPECT_EQ(whole[2].status, 200) << "whatever the message is, the responder says so";
    HttpConnection& slow = rig.connect();
    slow.transport.receive_max = 1;
    slow.transport.send_max = 1;
    auto pieces = read_responses(slow.play(all));
    ASSERT_EQ(pieces.size(), 4u);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(pieces[i].body, whole[i].body);
}

TEST(Http1Session, RefusalsEndTheConnection) {
    for (auto [text, status] : std::initializer_list<std::pair<std::string, int>>{
             {"GET / HTTP/1.1\r\n\r\n", 400},
             {"GET / HTTP/3.0\r\n\r\n", 505},
             {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
             {"GET /" + std::string(20'000, 'a'), 414},
             {"GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'), 431},
             {"POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", 413},
             {"POST /dns-query HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417},
             {"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", 505}}) {
        HttpRig rig;
        // The request behind it is never looked at: it may be somebody else's.
        std::string sent = rig.play(get_query("www.example.") + text + "\r\n" + get("/healthz"));
        auto responses = read_responses(sent);
        ASSERT_EQ(responses.size(), 2u) << sent;
        EXPECT_EQ(responses[0].status, 200) << "what came before is answered";
        EXPECT_EQ(responses[1].status, status) << text.substr(0, 100);
        EXPECT_EQ(responses[1].fields["connection"], "close");
        EXPECT_TRUE(rig.connections[0].has_ended());
        EXPECT_EQ(rig.connections[0].session->end, StreamEnd::protocol);
    }
}

TEST(Http1Session, ConnectionsEndWhenTheClientWantsTo) {
    HttpRig rig;
    std::string sent = rig.play(get("/healthz", "Connection: close\r\n") + get("/healthz"));
    EXPECT_EQ(read_responses(sent).size(), 1u);
    EXPECT_EQ(read_response(sent).fields["connection"], "close");
    EXPECT_TRUE(rig.connections[0].has_ended());
    EXPECT_EQ(rig.connections[0].session->end, StreamEnd::server);
}

TEST(Http1Session, Http10) {
    HttpRig rig;
    HttpText once = read_response(rig.play("GET /healthz HTTP/1.0\r\n\r\n"));
    EXPECT_EQ(once.fields["connection"], "close");
    EXPECT_TRUE(rig.connections[0].has_ended());
    HttpText kept =
        read_response(rig.play("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(kept.fields["connection"], "keep-alive");
    EXPECT_FALSE(rig.connections[1].has_ended());
}

TEST(Http1Session, ContinueIsSaidOnlyWhereTheBodyIsWanted) {
    HttpRig rig;
    std::string message = to_string(make_query({.name = "www.example."}));
    std::string whole = post(message, "Expect: 100-continue\r\n");
    HttpConnection& connection = rig.connect();
    EXPECT_EQ(connection.play(whole.substr(0, whole.size() - message.size())),
              "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(dns_of(read_response(connection.play(message))).answer.size(), 1u);
    // It has come already.
    EXPECT_EQ(read_response(connection.play(whole)).status, 200);
    EXPECT_FALSE(connection.has_ended());

    HttpConnection& refused = rig.connect();
    HttpText response =
        read_response(refused.play("POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n"
                                   "Expect: 100-continue\r\n\r\n"));
    EXPECT_EQ(response.status, 415);
    EXPECT_EQ(response.fields["connection"], "close");
    EXPECT_TRUE(refused.has_ended());
}

TEST(Http1Session, BodiesThatNobodyWantsAreReadOver) {
    HttpRig rig;
    auto responses = read_responses(
        rig.play("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\nGET / HTTP/1.1\n" +
                 get("/healthz", "Content-Length: 4\r\n") + "1234" + get("/healthz")));
    ASSERT_EQ(responses.size(), 3u);
    EXPECT_EQ(responses[0].status, 404);
    EXPECT_EQ(responses[1].status, 200);
    EXPECT_EQ(responses[2].status, 200);
}

TEST(Http1Session, BrokenChunksEndTheConnection) {
    HttpRig rig;
    std::string begin =
        "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(read_response(rig.play(begin + "4\nabcd")).status, 400);
    EXPECT_TRUE(rig.connections[0].has_ended());
    EXPECT_EQ(read_response(rig.play(begin + "10000\r\n")).status, 413);
}

TEST(Http1Session, LongestBody) {
    HttpRig rig;
    std::string body = to_string(make_query({.name = "www.example."}));
    body.resize(kHttpBodyMax);
    HttpConnection& connection = rig.connect();
    connection.transport.receive_max = 1000;
    EXPECT_EQ(read_response(connection.play(post(body))).status, 200);
    EXPECT_EQ(rig.environment.pool.used_octets(), 0u) << "all buffers are given back";
}

TEST(Http1Session, LongReply) {
    HttpRig rig;
    HttpText response = read_response(rig.play(get_query("big.example.", "TXT")));
    EXPECT_GT(response.body.size(), 48'000u);
    EXPECT_EQ(dns_of(response).answer.size(), 200u);
}

// ---- deadlines

TEST(Http1Session, IdleConnectionsEnd) {
    HttpRig rig({.idle_ms = 3000});
    HttpConnection& connection = rig.connect();
    connection.play(get("/healthz"));
    connection.pass(2900);
    EXPECT_FALSE(connection.has_ended());
    connection.play(get("/healthz"));
    connection.pass(2900);
    EXPECT_FALSE(connection.has_ended());
    connection.pass(200);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::idle);
}

TEST(Http1Session, SlowRequestsEnd) {
    HttpRig rig({.request_ms = 2000});
    HttpConnection& connection = rig.connect();
    std::string request = get("/healthz");
    std::string sent;
    for (char c : request.substr(0, 30)) {  // slow-loris
        sent += connection.play(std::string(1, c));
        connection.pass(100);
    }
    sent += connection.play("");
    EXPECT_EQ(read_response(sent).status, 408);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::deadline);
}

TEST(Http1Session, SlowBodiesEnd) {
    HttpRig rig({.request_ms = 2000});
    HttpConnection& connection = rig.connect();
    connection.play(
        "POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
        "Content-Type: application/dns-message\r\n\r\n");
    for (int i = 0; i < 40 && !connection.has_ended(); ++i) {
        connection.play("x");
        connection.pass(100);
    }
    EXPECT_EQ(connection.session->end, StreamEnd::deadline);
}

TEST(Http1Session, ClientsThatDoNotReadEnd) {
    HttpRig rig({.write_ms = 1000});
    HttpConnection& connection = rig.connect();
    connection.transport.send_blocked = true;
    for (int i = 0; i < 4; ++i) connection.play(get_query("big.example.", "TXT"));
    connection.pass(1100);
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::not_read);
    EXPECT_EQ(rig.environment.bursts.size(), 1u) << "no more is answered than may wait";
}

TEST(Http1Session, PipelinedLongRepliesAreBounded) {
    HttpRig rig;
    HttpConnection& connection = rig.connect();
    connection.transport.send_blocked = true;
    std::string all;
    for (int i = 0; i < 100; ++i) all += get_query("big.example.", "TXT");
    connection.play(all);
    EXPECT_LT(rig.environment.pool.used_octets(), size_t{3} << 20);
    connection.transport.send_blocked = false;
    connection.transport.send_max = 10'000;
    auto responses = read_responses(connection.play(""));
    ASSERT_EQ(responses.size(), 100u);
    EXPECT_EQ(dns_of(responses[99]).answer.size(), 200u);
    EXPECT_FALSE(connection.has_ended());
}

TEST(Http1Session, RequestsPerConnectionAreBounded) {
    HttpRig rig({.requests_max = 2});
    auto responses =
        read_responses(rig.play(get("/healthz") + get_query("www.example.") + get("/healthz")));
    ASSERT_EQ(responses.size(), 2u);
    EXPECT_EQ(responses[0].fields.count("connection"), 0u);
    EXPECT_EQ(responses[1].fields["connection"], "close");
    EXPECT_TRUE(rig.connections[0].has_ended());
}

TEST(Http1Session, DrainEndsIdleConnectionsAndFinishesRequests) {
    HttpRig rig;
    HttpConnection& idle = rig.connect();
    idle.drain();
    EXPECT_TRUE(idle.has_ended());
    EXPECT_EQ(idle.session->end, StreamEnd::drained);

    HttpConnection& busy = rig.connect();
    std::string request = get("/healthz");
    busy.play(request.substr(0, 20));
    busy.drain();
    EXPECT_FALSE(busy.has_ended());
    HttpText response = read_response(busy.play(request.substr(20)));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.fields["connection"], "close");
    EXPECT_TRUE(busy.has_ended());
}

// ---- faults

const std::string kMixed = get_query("www.example.") + get("/healthz") +
                           post(to_string(make_query({.name = "big.example.", .type = "TXT"}))) +
                           get("/dns/ip") + get("/x");

TEST(Http1Session, ResetAtEveryEvent) {
    for (size_t events = 0; events < 400; ++events) {
        HttpRig rig;
        HttpConnection& connection = rig.connect();
        connection.transport.receive_max = 7;
        connection.transport.send_max = 5000;
        connection.transport.events_until_reset = events;
        connection.play(kMixed);
        connection.arrive_end();
        EXPECT_TRUE(connection.has_ended()) << events;
        rig.connections.clear();
        EXPECT_EQ(rig.environment.pool.used_octets(), 0u) << events;
    }
}

TEST(Http1Session, EndAfterEveryOctet) {
    for (size_t length = 0; length < kMixed.size(); ++length) {
        HttpRig rig;
        HttpConnection& connection = rig.connect();
        connection.transport.arrive_end();
        connection.play(kMixed.substr(0, length));
        EXPECT_TRUE(connection.has_ended()) << length;
        EXPECT_EQ(connection.session->end, StreamEnd::peer) << length;
    }
}

TEST(Http1Session, SurvivesTheEndOfTheBuffers) {
    HttpRig rig;
    std::vector<Chunk*> taken;
    while (Chunk* chunk = rig.environment.pool.take(BufferPool::largest())) taken.push_back(chunk);
    while (Chunk* chunk = rig.environment.pool.take(1)) taken.push_back(chunk);
    HttpConnection& connection = rig.connect();
    connection.play(get_query("www.example."));
    EXPECT_TRUE(connection.has_ended());
    EXPECT_EQ(connection.session->end, StreamEnd::no_memory);
    for (Chunk* chunk : taken) rig.environment.pool.give(chunk);
    EXPECT_EQ(read_response(rig.play(get_query("www.example."))).status, 200);
}

}  // namespace
}  // namespace gatepost::tests

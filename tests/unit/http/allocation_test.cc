// A DNS query over HTTP allocates nothing of ours; what nghttp2 takes is counted.
#include "tests/support/allocation_counter.h"

#include <gtest/gtest.h>

#include "dataplane/http/http1_parser.h"
#include "dataplane/http/http2_session.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http2_client.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

TEST(Allocation, NoneFromHeadToResponse) {
    if (!kAllocationsCounted)
        GTEST_SKIP() << "allocations are counted in builds without AddressSanitizer";
    TestEnvironment environment;
    environment.bursts.reserve(1000);
    auto host = HttpHost::create({}, environment);
    ASSERT_TRUE(host.has_value());
    std::string text =
        "GET /dns-query?dns=" +
        base64url(make_query({.name = "a-name-that-fits-in-no-small-string.example."})) +
        " HTTP/1.1\r\nHost: a-name-that-fits-in-no-small-string.example\r\nAccept: */*\r\n\r\n";
    PeerAddress client;
    uint64_t before = allocation_count();
    for (int round = 0; round < 500; ++round) {
        Http1Parser parser;
        ASSERT_EQ(parser.parse(to_bytes(text)), Http1Parser::Progress::done);
        std::array<HttpField, kHttpHeaderFieldsMax> fields;
        HttpRequest request;
        parser.fill(to_bytes(text), fields, request);
        request.client = &client;
        HttpResponse refused(environment.pool);
        DohQuery query;
        ASSERT_EQ((*host)->judge(request, refused, query), Verdict::answer);
        (*host)->burst().add(query, client, nullptr, true);
        (*host)->answer_burst();
        HttpResponse response(environment.pool);
        (*host)->finish((*host)->burst().entries()[0], response);
        (*host)->burst().clear();
        ASSERT_EQ(ResponseFields(response, (*host)->date()).size(), 4u);
    }
    // The test's look-up of redirects makes a string of the name each time.
    EXPECT_EQ(allocation_count() - before, 500u);
}

Task<> run(Http2Session& session) {
    co_await session.run();
}

TEST(Allocation, OfNghttp2) {
    TestEnvironment environment;
    auto host = HttpHost::create({}, environment);
    ASSERT_TRUE(host.has_value());
    TimerWheel timers;
    StreamHost streams{environment.pool, timers, environment.counters()};
    MemoryTransport transport;
    Stream stream(streams, transport);
    stream.closed = [](Stream&, void*) {};
    transport.attach(stream);
    PeerAddress peer;
    bool crowded = false;
    Session session{.stream = stream, .client = peer, .crowded = crowded};
    Http2Session http2(**host, session);
    Task<> task = run(http2);
    task.start();

    HttpRig unused;
    Http2Client client(unused.connect());
    auto ask = [&] {
        client.get("/dns-query?dns=" + base64url(make_query({.name = "www.example."})));
        transport.arrive(client.output());
        transport.run();
        client.receive(transport.take_sent());
    };
    for (int i = 0; i < 100; ++i) ask();
    size_t idle = http2.memory().used_octets();
    size_t before = http2.memory().allocations();
    for (int i = 0; i < 100; ++i) ask();
    double each = static_cast<double>(http2.memory().allocations() - before) / 100;
    RecordProperty("nghttp2_octets_idle", static_cast<int>(idle));
    RecordProperty("nghttp2_allocations_per_query", std::to_string(each));
    std::printf("nghttp2: %zu octets of an idle connection, %.1f allocations a query\n", idle,
                each);
    EXPECT_LT(idle, 32u << 10);
    EXPECT_EQ(http2.memory().used_octets(), idle) << "nothing stays";
    EXPECT_LT(each, 40);
    task.reset();
}

}  // namespace
}  // namespace gatepost::tests

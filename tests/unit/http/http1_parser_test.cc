// Heads of HTTP/1.1 requests: what is taken, and with which status the rest is refused; whole and
// octet by octet alike.
#include "dataplane/http/http1_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/http1_body.h"
#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using Progress = Http1Parser::Progress;

// -1: more is needed; 0: done; else the status.
int outcome(const Http1Parser& parser, Progress progress) {
    if (progress == Progress::more) return -1;
    return progress == Progress::done ? 0 : parser.status();
}

int parse_whole(const std::string& text) {
    Http1Parser parser;
    return outcome(parser, parser.parse(to_bytes(text)));
}

// Each time from another place in memory, as a stream's input may move.
int parse_by_octet(const std::string& text) {
    Http1Parser parser;
    for (size_t length = 0; length <= text.size(); ++length) {
        std::vector<uint8_t> moved(text.begin(), text.begin() + static_cast<ptrdiff_t>(length));
        moved.shrink_to_fit();
        int result = outcome(parser, parser.parse(moved));
        if (result != -1) return result;
    }
    return -1;
}

struct Case {
    std::string text;
    int status;  // 0: taken
};

const std::string kHost = "Host: a.example\r\n";

std::string long_header(size_t length) {
    return "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(length, 'x') + "\r\n\r\n";
}

std::string many_headers(int count) {
    std::string text = "GET / HTTP/1.1\r\n" + kHost;
    for (int i = 1; i < count; ++i) text += "X: y\r\n";
    return text + "\r\n";
}

const Case kCases[] = {
    {"GET / HTTP/1.1\r\n" + kHost + "\r\n", 0},
    {"\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 0},
    {"\r\n\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"GET / HTTP/1.2\r\n" + kHost + "\r\n", 0},
    {"GET http://a.example/x?y HTTP/1.1\r\nHost: b.example\r\n\r\n", 0},
    {"GET HTTPS://a.example HTTP/1.1\r\nHost:\r\n\r\n", 0},
    {"OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 0},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 65535\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: Chunked\r\n\r\n", 0},
    {"GET / HTTP/1.1\r\n" + kHost + "X:\t y \t\r\nY:\r\n\r\n", 0},
    {many_headers(100), 0},
    // Lines.
    {"GET / HTTP/1.1\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a.example\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + " folded: x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a\r\n\tfolded\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + ": a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a" + std::string(1, '\0') + "\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X: a\x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + "X\x80: a\r\n\r\n", 400},
    // The request line.
    {"GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /a b HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" + kHost + "\r\n", 400},
    {"GET / http/1.1\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/11\r\n" + kHost + "\r\n", 400},
    {"GET / HTTP/2.0\r\n" + kHost + "\r\n", 505},
    {"GET / HTTP/0.9\r\n\r\n", 505},
    {"GET a HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET * HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /#x HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET /\xc3\xa4 HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET ftp://a/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET http:///x HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"GET http://u@a/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"BREW / HTTP/1.1\r\n" + kHost + "\r\n", 501},
    {"get / HTTP/1.1\r\n" + kHost + "\r\n", 501},
    {"CONNECT a:1 HTTP/1.1\r\n" + kHost + "\r\n", 501},
    {std::string(40, 'G'), 501},
    // Host.
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" + kHost + kHost + "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:99x\r\n\r\n", 400},
    // Bodies.
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 65536\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999999999999\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: +1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1,1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: identity\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" + kHost +
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" + kHost + "Expect: tea\r\n\r\n", 417},
    // Sizes.
    {"GET /" + std::string(kHttpTargetMax, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 414},
    {"GET /" + std::string(kHttpHeadMax, 'a'), 414},
    {long_header(kHttpHeadMax), 431},
    {long_header(kHttpHeadMax - 100), 0},
    {many_headers(101), 431},
    {"GET / HTTP/1.1\r\n" + kHost + "Acc", -1},
    {"", -1},
};

TEST(Http1Parser, TakesAndRefuses) {
    for (const Case& each : kCases) {
        EXPECT_EQ(parse_whole(each.text), each.status) << each.text.substr(0, 200);
        EXPECT_EQ(parse_by_octet(each.text), each.status) << each.text.substr(0, 200);
    }
}

TEST(Http1Parser, TooManyKnownHeadersAreRefused) {
    std::string text = "GET / HTTP/1.1\r\n" + kHost;
    for (size_t i = 0; i < kHttpHeaderFieldsMax; ++i) text += "Accept: a/b\r\n";
    EXPECT_EQ(parse_whole(text + "\r\n"), 431);
}

struct Head {
    Http1Parser parser;
    std::array<HttpField, kHttpHeaderFieldsMax> fields;
    HttpRequest request;
};

Head read(const std::string& text) {
    Head head;
    EXPECT_EQ(head.parser.parse(to_bytes(text)), Progress::done) << text;
    return head;
}

TEST(Http1Parser, GivesWhatTheHeadSays) {
    std::string text =
        "POST /dns-query?a=b&c HTTP/1.1\r\nhOST: A.Example:8443\r\naccept:  text/html \r\n"
        "X-Other: 1\r\nAccept: x/y\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\nrest";
    Head head = read(text);
    head.parser.fill(to_bytes(text), head.fields, head.request);
    EXPECT_EQ(head.request.method, HttpMethod::post);
    EXPECT_EQ(head.request.path, "/dns-query");
    EXPECT_EQ(head.request.query, "a=b&c");
    EXPECT_TRUE(head.request.has_query);
    EXPECT_EQ(head.request.authority, "A.Example:8443");
    EXPECT_EQ(head.request.header(HeaderName::accept), "text/html");
    EXPECT_EQ(head.request.header(HeaderName::authorization), "");
    EXPECT_EQ(head.request.headers.size(), 5u);
    EXPECT_EQ(head.parser.body(), Http1Parser::Body::length);
    EXPECT_EQ(head.parser.content_length(), 12u);
    EXPECT_TRUE(head.parser.expects_continue());
    EXPECT_TRUE(head.parser.keep_alive());
    EXPECT_EQ(text.substr(head.parser.length()), "rest");
}

TEST(Http1Parser, AbsoluteFormOverridesHost) {
    std::string text = "GET http://a.example:80?x HTTP/1.1\r\nHost: b.example\r\n\r\n";
    Head head = read(text);
    head.parser.fill(to_bytes(text), head.fields, head.request);
    EXPECT_EQ(head.request.authority, "a.example:80");
    EXPECT_EQ(head.request.path, "/");
    EXPECT_EQ(head.request.query, "x");
}

TEST(Http1Parser, KeepsConnectionsAsTheVersionSays) {
    EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").parser.keep_alive());
    EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n").parser.keep_alive());
    EXPECT_FALSE(
        read("GET / HTTP/1.1\r\n" + kHost + "Connection: a,CLOSE\r\n\r\n").parser.keep_alive());
    EXPECT_FALSE(read("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").parser.expects_continue());
}

// ---- bodies

struct BodyText {
    int status = 0;  // 0: complete, -1: more is needed
    std::string content;
    std::string rest;
};

BodyText read_body(Http1Body body, const std::string& text, size_t step) {
    BodyText result;
    std::string input;
    size_t given = 0;
    while (true) {
        size_t used = 0;
        Bytes content;
        auto progress = body.take(to_bytes(input), used, content);
        result.content += to_string(content);
        input.erase(0, used);
        if (progress != Http1Body::Progress::more) {
            result.status = body.status();
            result.rest = input + text.substr(given);
            return result;
        }
        if (used != 0) continue;
        if (given == text.size()) break;
        input += text.substr(given, step);
        given = std::min(given + step, text.size());
    }
    result.status = -1;
    return result;
}

TEST(Http1Body, ChunksAreJoined) {
    const std::string text =
        "4\r\nWiki\r\n5;a=b;c=\"d\"\r\npedia\r\n00a\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\nGET";
    for (size_t step : {size_t{1}, size_t{3}, text.size()}) {
        BodyText body = read_body(Http1Body(Http1Parser::Body::chunked, 0), text, step);
        EXPECT_EQ(body.status, 0);
        EXPECT_EQ(body.content, "Wikipedia0123456789");
        EXPECT_EQ(body.rest, "GET");
    }
}

TEST(Http1Body, LengthIsExact) {
    for (size_t step : {1, 2, 9}) {
        BodyText body = read_body(Http1Body(Http1Parser::Body::length, 5), "12345GET ", step);
        EXPECT_EQ(body.status, 0);
        EXPECT_EQ(body.content, "12345");
        EXPECT_EQ(body.rest, "GET ");
    }
    EXPECT_TRUE(Http1Body(Http1Parser::Body::none, 0).is_done());
    EXPECT_TRUE(Http1Body(Http1Parser::Body::length, 0).is_done());
}

TEST(Http1Body, RefusesWhatCouldBeReadInTwoWays) {
    const Case cases[] = {
        {"4\nWiki\r\n", 400},
        {"4\r\nWiki\n", 400},
        {"4\r\nWikiX\r\n", 400},
        {"4 \r\nWiki\r\n", 400},
        {"\r\n", 400},
        {";a\r\n", 400},
        {"0x4\r\n", 400},
        {"-4\r\n", 400},
        {"g\r\n", 400},
        {"4;a\nb\r\n", 400},
        {"4;" + std::string(kChunkLineMax + 1, 'a'), 400},
        {"000000004\r\n", 413},
        {"fffffffff\r\n", 413},
        {"10000\r\n", 413},
        {"0\r\n\n", 400},
        {"0\r\nX: y\n\r\n", 400},
        {"0\r\nX: y\rz\r\n", 400},
        {"0\r\n" + std::string(kTrailersMax + 1, 'x'), 431},
        {"4\r\nWi", -1},
        {"0\r\n", -1},
    };
    for (const Case& each : cases)
        for (size_t step : {size_t{1}, each.text.size()})
            EXPECT_EQ(read_body(Http1Body(Http1Parser::Body::chunked, 0), each.text, step).status,
                      each.status)
                << each.text.substr(0, 100);
    std::string two = "8000\r\n" + std::string(0x8000, 'a') + "\r\n8000\r\n";
    EXPECT_EQ(read_body(Http1Body(Http1Parser::Body::chunked, 0), two, 5000).status, 413);
}

}  // namespace
}  // namespace gatepost::tests

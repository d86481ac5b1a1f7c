#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tools/gatepost/imap_client/response_reader.h"

namespace gatepost::tools {
namespace {

// Octets in pieces of a size.
class Pieces final : public OctetSource {
  public:
    Pieces(std::string octets, size_t piece) : octets_(std::move(octets)), piece_(piece) {}
    Result<std::string_view> read_some() override {
        const std::string_view some = std::string_view(octets_).substr(at_, piece_);
        at_ += some.size();
        return some;
    }

  private:
    std::string octets_;
    size_t piece_;
    size_t at_ = 0;
};

class Bodies final : public BodySink {
  public:
    Status begin_body(uint32_t uid, uint64_t octets) override {
        uids.push_back(uid);
        announced.push_back(octets);
        bodies.emplace_back();
        return {};
    }
    Status body_octets(std::string_view octets) override {
        bodies.back() += octets;
        return {};
    }
    Status end_body() override {
        ++ended;
        return {};
    }

    std::vector<uint32_t> uids;
    std::vector<uint64_t> announced;
    std::vector<std::string> bodies;
    int ended = 0;
};

ServerResponse read_one(const std::string& octets) {
    ServerResponse last;
    for (const size_t piece : {size_t{1}, size_t{3}, octets.size()}) {
        Pieces source(octets, piece);
        ResponseReader reader(source);
        auto response = reader.next();
        EXPECT_TRUE(response) << octets << (response ? "" : response.error().message);
        if (response) last = std::move(*response);
    }
    return last;
}

ErrorCode error_of(const std::string& octets) {
    Pieces source(octets, octets.size());
    ResponseReader reader(source);
    const auto response = reader.next();
    EXPECT_FALSE(response) << octets;
    return response ? ErrorCode{} : response.error().code;
}

TEST(ServerResponse, StatusWithACode) {
    const ServerResponse tagged = read_one("g7 NO [OVERQUOTA now] too much {3}\r\n");
    EXPECT_EQ(tagged.kind, ServerResponse::Kind::tagged);
    EXPECT_EQ(tagged.tag, "g7");
    EXPECT_EQ(tagged.status, "NO");
    EXPECT_EQ(tagged.code, "OVERQUOTA now");
    EXPECT_EQ(tagged.code_name(), "OVERQUOTA");
    EXPECT_EQ(tagged.text, "too much {3}");
    const ServerResponse greeting = read_one("* ok hello [not a code\r\n");
    EXPECT_EQ(greeting.kind, ServerResponse::Kind::untagged);
    EXPECT_TRUE(greeting.is_ok());
    EXPECT_EQ(greeting.text, "hello [not a code");
    EXPECT_EQ(read_one("+\r\n").kind, ServerResponse::Kind::continuation);
    EXPECT_EQ(read_one("+ go on\r\n").text, "go on");
}

TEST(ServerResponse, DataIsTakenApart) {
    const ServerResponse list =
        read_one("* LIST (\\HasNoChildren \\Sent) \"/\" {5}\r\na \"b\\\r\n");
    ASSERT_TRUE(list.is_data("LIST"));
    ASSERT_EQ(list.values.size(), 3u);
    EXPECT_EQ(list.values[0].items[1].text, "\\Sent");
    EXPECT_EQ(list.values[1].string(), "/");
    EXPECT_EQ(list.values[2].string(), "a \"b\\");
    const ServerResponse quoted = read_one("* LIST () NIL \"a \\\"b\\\\\"\r\n");
    EXPECT_EQ(quoted.values[1].string(), "");
    EXPECT_EQ(quoted.values[2].string(), "a \"b\\");
    const ServerResponse fetch = read_one(
        "* 12 FETCH (UID 99 FLAGS (\\Seen $X) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
        "RFC822.SIZE 7)\r\n");
    EXPECT_EQ(fetch.number, 12u);
    ASSERT_NE(fetch_item(fetch, "uid"), nullptr);
    EXPECT_EQ(fetch_item(fetch, "UID")->number(), 99u);
    EXPECT_EQ(fetch_item(fetch, "FLAGS")->items.size(), 2u);
    EXPECT_EQ(fetch_item(fetch, "MODSEQ"), nullptr);
    const ServerResponse header =
        read_one("* 1 FETCH (UID 2 BODY[HEADER.FIELDS (MESSAGE-ID)] {4}\r\n\r\n\r\n)\r\n");
    EXPECT_EQ(fetch_item(header, "BODY[HEADER.FIELDS (MESSAGE-ID)]")->string(), "\r\n\r\n");
}

TEST(ServerResponse, BodiesOfAnySizeInAnyPieces) {
    const std::string body(10'000, 'x');
    const std::string octets = "* 3 FETCH (UID 4 BODY[] ~{10000}\r\n" + body +
                               " FLAGS (\\Seen))\r\n* 4 FETCH (UID 5 BODY[] {0}\r\n)\r\n* 5 FETCH "
                               "(BODY[] {1}\r\nz UID 6)\r\ng1 OK done\r\n";
    for (const size_t piece : {1, 7, 4096, 100'000}) {
        Pieces source(octets, piece);
        ResponseReader reader(source);
        Bodies sink;
        auto first = reader.next(&sink);
        ASSERT_TRUE(first);
        EXPECT_EQ(fetch_item(*first, "BODY[]")->kind, ResponseValue::Kind::body);
        EXPECT_EQ(fetch_item(*first, "FLAGS")->items.size(), 1u);
        ASSERT_TRUE(reader.next(&sink));
        ASSERT_TRUE(reader.next(&sink));
        EXPECT_EQ(sink.bodies, (std::vector<std::string>{body, "", "z"}));
        EXPECT_EQ(sink.announced, (std::vector<uint64_t>{10'000, 0, 1}));
        EXPECT_EQ(sink.uids, (std::vector<uint32_t>{4, 5, 0}));
        auto end = reader.next(&sink);
        ASSERT_TRUE(end);
        EXPECT_EQ(end->tag, "g1");
        EXPECT_EQ(reader.next(&sink).error().code, ErrorCode::unreachable);
    }
}

TEST(ServerResponse, WhatIsNoImap) {
    for (const char* octets :
         {"HTTP/1.1\r\n", "* \r\n", "* 12\r\n", "* LIST (\r\n", "* LIST )\r\n", "* LIST \"a\r\n",
          "* X {3\r\n", "* 99999999999 EXISTS\r\n", "* OK\n", "g1 FETCH (UID 1)\r\n", "\r\n",
          "* LIST \"x{1}\r\nab\r\n", "* 1 FETCH (BODY[ UID)\r\n"})
        EXPECT_EQ(error_of(octets), ErrorCode::invalid) << octets;
    EXPECT_EQ(error_of("* LIST {5}\r\nab"), ErrorCode::unreachable);
}

TEST(ServerResponse, LimitsHold) {
    EXPECT_EQ(error_of("* X " + std::string(kResponseTextMax, 'x') + "\r\n"), ErrorCode::invalid);
    EXPECT_EQ(error_of("* X {99999999}\r\n"), ErrorCode::invalid);
    EXPECT_EQ(error_of("* X {99999999999999999999999}\r\n"), ErrorCode::invalid);
    // Without a sink a message is a literal like others.
    EXPECT_EQ(error_of("* 1 FETCH (BODY[] {2000000}\r\n"), ErrorCode::invalid);
    EXPECT_EQ(error_of("* X " + std::string(kResponseDepthMax + 1, '(') +
                       std::string(kResponseDepthMax + 1, ')') + "\r\n"),
              ErrorCode::invalid);
}

}  // namespace
}  // namespace gatepost::tools

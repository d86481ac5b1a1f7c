#include "dataplane/resolver/dns_answer.h"

#include <gtest/gtest.h>

#include "dataplane/resolver/answer_cache.h"
#include "tests/unit/resolver/fake_dns_server.h"

namespace gatepost::dataplane {
namespace {

using AnswerStatus = DnsAnswer::Status;
using tests::dns_reply;

TEST(DnsName, WhatCanBeAskedFor) {
    for (const char* name :
         {"a", "a.b", "_dmarc.example.org", "xn--bcher-kva.example", "1.0.0.127"})
        EXPECT_TRUE(is_dns_name(name)) << name;
    for (const char* name : {"", ".", "a.", ".a", "a..b", "a b", "a\\b", "b\xc3\xbc.example"})
        EXPECT_FALSE(is_dns_name(name)) << name;
    EXPECT_TRUE(is_dns_name(std::string(63, 'a')));
    EXPECT_FALSE(is_dns_name(std::string(64, 'a')));
}

TEST(DnsReply, ThroughAnAlias) {
    // example CNAME, then A under another owner, which is a pointer as well.
    const auto reply =
        dns_reply("www.example", DnsType::a, 0,
                  {{static_cast<DnsType>(5), {1, 'x', 0xc0, 0x10}, 7}, tests::a_record(9)});
    const DnsAnswer answer = parse_dns_reply(reply, DnsType::a);
    EXPECT_EQ(answer.status, AnswerStatus::found);
    ASSERT_EQ(answer.addresses.size(), 1u);
    EXPECT_EQ(answer.addresses[0].octets[3], 9);
    EXPECT_EQ(answer.ttl_s, 7u);
}

TEST(DnsReply, EachCutIsRefused) {
    const auto reply = dns_reply("mail.example", DnsType::mx, 0,
                                 {tests::mx_record("mx.example"), tests::mx_record("mx2.example")});
    EXPECT_EQ(parse_dns_reply(reply, DnsType::mx).texts.size(), 2u);
    for (size_t size = 0; size < reply.size(); ++size)
        EXPECT_EQ(parse_dns_reply(Bytes(reply).first(size), DnsType::mx).status,
                  AnswerStatus::failed)
            << size;
}

TEST(DnsReply, NamesThatLeadInACircleOrAreNoHosts) {
    auto looped = dns_reply("a.example", DnsType::ptr, 0, {{DnsType::ptr, {0xc0, 0x00}}});
    // The data's pointer leads to itself.
    const size_t at = looped.size() - 2;
    looped[at] = static_cast<uint8_t>(0xc0 | at >> 8);
    looped[at + 1] = static_cast<uint8_t>(at);
    EXPECT_EQ(parse_dns_reply(looped, DnsType::ptr).status, AnswerStatus::none);
    const auto odd = dns_reply("a.example", DnsType::ptr, 0,
                               {{DnsType::ptr, {3, 'a', '\n', 'b', 0}}, tests::ptr_record("b.c")});
    EXPECT_EQ(parse_dns_reply(odd, DnsType::ptr).texts, std::vector<std::string>{"b.c"});
}

TEST(DnsReply, ErrorsAndNothing) {
    EXPECT_EQ(parse_dns_reply(dns_reply("a.b", DnsType::a, 2, {}), DnsType::a).status,
              AnswerStatus::failed);
    EXPECT_EQ(parse_dns_reply(dns_reply("a.b", DnsType::a, 3, {}), DnsType::a).status,
              AnswerStatus::none);
    auto query = dns_reply("a.b", DnsType::a, 0, {tests::a_record(1)});
    query[2] = 1;  // no reply
    EXPECT_EQ(parse_dns_reply(query, DnsType::a).status, AnswerStatus::failed);
    // An address of five octets is none.
    EXPECT_EQ(parse_dns_reply(dns_reply("a.b", DnsType::a, 0, {{DnsType::a, {1, 2, 3, 4, 5}}}),
                              DnsType::a)
                  .status,
              AnswerStatus::none);
}

TEST(DnsReply, HowLongThereIsNothing) {
    auto reply = dns_reply("a.b", DnsType::a, 3, {});
    reply[9] = 1;  // one record of authority
    ByteWriter out(reply);
    out.u8(0);
    out.u16(6);  // SOA
    out.u16(1);
    out.u32(900);
    out.u16(22);
    out.u16(0);  // both names are the root
    for (const uint32_t number : {1u, 2u, 3u, 4u, 120u}) out.u32(number);
    EXPECT_EQ(parse_dns_reply(reply, DnsType::a).ttl_s, 120u);
}

TEST(AnswerCache, EachForItsTime) {
    AnswerCache cache(100);
    const DnsQuestion question{"mail.example", DnsType::a};
    cache.put(question, {.status = AnswerStatus::found, .ttl_s = 30}, 1000);
    ASSERT_NE(cache.find(question, 30'999), nullptr);
    EXPECT_EQ(cache.find(question, 31'000), nullptr);
    EXPECT_EQ(cache.find({"mail.example", DnsType::aaaa}, 1000), nullptr);
    cache.put(question, {.status = AnswerStatus::found, .ttl_s = 0}, 0);
    EXPECT_NE(cache.find(question, kAnswerTtlLeast * 1000 - 1), nullptr);
    cache.put(question, {.status = AnswerStatus::found, .ttl_s = 1'000'000}, 0);
    EXPECT_EQ(cache.find(question, kAnswerTtlMost * 1000), nullptr);
    cache.put(question, {.status = AnswerStatus::none, .ttl_s = 1'000'000}, 0);
    EXPECT_EQ(cache.find(question, kNegativeTtlMost * 1000), nullptr);
    cache.put(question, {.status = AnswerStatus::failed, .ttl_s = 1'000'000}, 0);
    EXPECT_EQ(cache.find(question, kFailureTtl * 1000), nullptr);
    EXPECT_EQ(cache.size(), 1u);
}

TEST(AnswerCache, WhatWasNotAskedForGoesFirst) {
    AnswerCache cache(2);
    const DnsAnswer answer{.status = AnswerStatus::found, .ttl_s = 60};
    cache.put({"a", DnsType::a}, answer, 0);
    cache.put({"b", DnsType::a}, answer, 0);
    EXPECT_NE(cache.find({"A", DnsType::a}, 1), nullptr);
    cache.put({"c", DnsType::a}, answer, 0);
    EXPECT_NE(cache.find({"a", DnsType::a}, 1), nullptr);
    EXPECT_EQ(cache.find({"b", DnsType::a}, 1), nullptr);
    EXPECT_EQ(cache.size(), 2u);
}

}  // namespace
}  // namespace gatepost::dataplane

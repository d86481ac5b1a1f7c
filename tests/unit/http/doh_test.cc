// DNS over HTTPS against real zones: forms, refusals, caching.
#include <gtest/gtest.h>

#include "dataplane/http/base64url.h"
#include "dataplane/http/dns_freshness.h"
#include "tests/support/dns_text.h"
#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

HttpText request(HttpRig& rig, const std::string& target, const std::string& more = "",
                 const std::string& method = "GET", const std::string& body = "") {
    std::string length =
        method == "POST" ? "Content-Length: " + std::to_string(body.size()) + "\r\n" : "";
    return read_response(rig.play(method + " " + target + " HTTP/1.1\r\nHost: dns.example\r\n" +
                                  length + more + "\r\n" + body),
                         method == "HEAD");
}

std::string query_text(const std::string& name, const std::string& type = "A", int edns = 1232) {
    return base64url(make_query({.name = name, .type = type, .edns = edns}));
}

TEST(Doh, Base64Url) {
    uint8_t room[64];
    auto decode = [&](std::string_view text) -> std::string {
        auto length = decode_base64url(text, room);
        return length ? to_string(Bytes(room, *length)) : "refused";
    };
    // RFC 4648 §10.
    EXPECT_EQ(decode(""), "");
    EXPECT_EQ(decode("Zg"), "f");
    EXPECT_EQ(decode("Zm8"), "fo");
    EXPECT_EQ(decode("Zm9v"), "foo");
    EXPECT_EQ(decode("Zm9vYmFy"), "foobar");
    EXPECT_EQ(decode("Zg=="), "f");
    EXPECT_EQ(decode("Zm9vYg===="), "foob");
    EXPECT_EQ(decode("-_-_"), "\xfb\xff\xbf");
    EXPECT_EQ(decode("+/+/"), "refused");
    EXPECT_EQ(decode("Z"), "refused");
    EXPECT_EQ(decode("Zm9vY"), "refused");
    EXPECT_EQ(decode("Zm 9v"), "refused");
    EXPECT_EQ(decode("Z=g"), "refused");
}

TEST(Doh, GetAndPostGiveTheSame) {
    HttpRig rig;
    auto query = make_query({.name = "www.example.", .edns = 1232});
    HttpText get = request(rig, "/dns-query?dns=" + base64url(query));
    EXPECT_EQ(get.status, 200);
    EXPECT_EQ(get.fields["content-type"], "application/dns-message");
    EXPECT_EQ(get.fields["cache-control"], "max-age=300");
    EXPECT_EQ(get.fields.count("server"), 0u);
    ReplyText reply = read_reply(to_bytes(get.body));
    EXPECT_EQ(reply.error, "");
    EXPECT_EQ(reply.id, load_be16(query.data()));
    EXPECT_EQ(reply.answer[0], "www.example. 300 A 192.0.2.1");
    HttpText post = request(rig, "/dns-query", "Content-Type: application/dns-message\r\n", "POST",
                            to_string(query));
    EXPECT_EQ(post.status, 200);
    EXPECT_EQ(post.body, get.body);
    // What clients of the incumbent send.
    EXPECT_EQ(request(rig, "/dns/query?dns=" + base64url(query) + "====").body, get.body);
    EXPECT_EQ(request(rig, "/dns/query?x=y&dns=" + base64url(query) + "%3D%3d").body, get.body);
    EXPECT_EQ(rig.environment.page().workers[0].queries[3][0].load(), 4u);
}

TEST(Doh, HeadHasTheSameFields) {
    HttpRig rig;
    HttpText get = request(rig, "/dns-query?dns=" + query_text("www.example."));
    HttpText head = request(rig, "/dns-query?dns=" + query_text("www.example."), "", "HEAD");
    EXPECT_EQ(head.fields, get.fields);
}

TEST(Doh, Refusals) {
    HttpRig rig;
    const std::string kType = "Content-Type: application/dns-message\r\n";
    const std::string kQuery = to_string(make_query({.name = "www.example."}));
    EXPECT_EQ(request(rig, "/dns-query").status, 400);
    EXPECT_EQ(request(rig, "/dns-query?dns=").status, 400);
    EXPECT_EQ(request(rig, "/dns-query?dns=AAAA+AAA").status, 400);
    EXPECT_EQ(request(rig, "/dns-query?dns=%zz").status, 400);
    EXPECT_EQ(request(rig, "/dns-query?dns=AAAAAAAAAAAAAA").status, 400) << "10 octets";
    EXPECT_EQ(request(rig, "/dns-query?dns=AACAAAAAAAAAAAAA").status, 400) << "a reply";
    EXPECT_EQ(request(rig, "/dns-query", kType, "POST", "short").status, 400);
    EXPECT_EQ(request(rig, "/dns-query", "", "POST", kQuery).status, 415);
    EXPECT_EQ(request(rig, "/dns-query", "Content-Type: text/plain\r\n", "POST", kQuery).status,
              415);
    EXPECT_EQ(
        request(rig, "/dns-query", "Content-Type: Application/DNS-Message; x=y\r\n", "POST", kQuery)
            .status,
        200);
    HttpText put = request(rig, "/dns-query", "", "PUT");
    EXPECT_EQ(put.status, 405);
    EXPECT_EQ(put.fields["allow"], "GET, HEAD, POST");
    const std::string target = "/dns-query?dns=" + query_text("www.example.");
    EXPECT_EQ(request(rig, target, "Accept: text/html\r\n").status, 406);
    EXPECT_EQ(request(rig, target, "Accept: application/dns-message;q=0, */*\r\n").status, 406);
    EXPECT_EQ(request(rig, target, "Accept: text/html, */*;q=0.1\r\n").status, 200);
    EXPECT_EQ(request(rig, target, "Accept: text/html\r\nAccept: application/*\r\n").status, 200);
    EXPECT_EQ(request(rig, target, "Accept:\r\n").status, 200);
}

TEST(Doh, WithoutAnImageItIsServfail) {
    HttpRig rig;
    rig.environment.image = nullptr;
    HttpText response = request(rig, "/dns-query?dns=" + query_text("www.example."));
    EXPECT_EQ(response.status, 200) << "RFC 8484 §4.2.1";
    EXPECT_EQ(read_reply(to_bytes(response.body)).rcode, 2);
    EXPECT_EQ(response.fields["cache-control"], "max-age=0");
}

TEST(Doh, FreshnessIsOfTheAnswerOrTheDenial) {
    HttpRig rig;
    auto age = [&](const std::string& name, const std::string& type = "A") {
        return request(rig, "/dns-query?dns=" + query_text(name, type)).fields["cache-control"];
    };
    EXPECT_EQ(age("www.example."), "max-age=300");
    EXPECT_EQ(age("alias.example."), "max-age=60") << "the smallest of a chain";
    EXPECT_EQ(age("nx.example."), "max-age=300") << "the SOA's MINIMUM, below its TTL";
    EXPECT_EQ(age("www.example.", "TXT"), "max-age=300");
    EXPECT_EQ(age("dangling.example."), "max-age=300") << "the denial at the end of the alias";
    EXPECT_EQ(age("x.sub.example."), "max-age=0") << "a referral";
    EXPECT_EQ(age("elsewhere."), "max-age=0");
    EXPECT_EQ(freshness_s({}), 0u);
    const uint8_t cut[] = {0, 0, 0x80, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0};
    EXPECT_EQ(freshness_s(cut), 0u);
}

TEST(Doh, QueriesOfATooOldEdnsAreAnsweredAllTheSame) {
    HttpRig rig;
    HttpText response = request(
        rig, "/dns-query?dns=" +
                 base64url(make_query({.name = "www.example.", .edns = 1232, .edns_version = 1})));
    EXPECT_EQ(read_reply(to_bytes(response.body)).rcode, 16);
}

// ---- JSON

TEST(DohJson, Answers) {
    HttpRig rig;
    HttpText response =
        request(rig, "/dns-query?name=www.example&type=A", "Accept: application/dns-json\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.fields["content-type"], "application/dns-json");
    EXPECT_EQ(response.fields["cache-control"], "max-age=300");
    EXPECT_EQ(response.fields["access-control-allow-origin"], "*");
    EXPECT_EQ(response.body,
              "{\"Status\":0,\"TC\":false,\"RD\":true,\"RA\":false,\"AD\":false,\"CD\":false,"
              "\"Question\":[{\"name\":\"www.example.\",\"type\":1}],"
              "\"Answer\":[{\"name\":\"www.example.\",\"type\":1,\"TTL\":300,"
              "\"data\":\"192.0.2.1\"}]}\n");
}

TEST(DohJson, NamesInsideDataAreWhole) {
    HttpRig rig;
    EXPECT_NE(request(rig, "/dns-query?name=mail.example&type=mx")
                  .body.find("\"data\":\"10 www.example.\""),
              std::string::npos);
    EXPECT_NE(request(rig, "/dns-query?name=srv.example.&type=33")
                  .body.find("\"data\":\"1 2 443 www.example.\""),
              std::string::npos);
    std::string denial = request(rig, "/dns-query?name=nx.example").body;
    EXPECT_NE(denial.find("{\"Status\":3,"), std::string::npos);
    EXPECT_NE(
        denial.find("\"Authority\":[{\"name\":\"example.\",\"type\":6,\"TTL\":300,\"data\":\""),
        std::string::npos)
        << denial;
    EXPECT_NE(request(rig, "/dns-query?name=text.example&type=TXT")
                  .body.find(R"("data":"\"a \\\"quoted\\\" \\200 text\"")"),
              std::string::npos);
}

TEST(DohJson, Parameters) {
    HttpRig rig;
    auto status = [&](const std::string& parameters, const std::string& more = "") {
        return request(rig, "/dns-query?" + parameters, more).status;
    };
    EXPECT_EQ(status("name=www.example&do=1&cd=true"), 200);
    EXPECT_EQ(status("name=www.example&do=0&cd=false&type=AAAA"), 200);
    EXPECT_EQ(status("name=w%77w.example"), 200);
    EXPECT_EQ(status("name=."), 200);
    EXPECT_EQ(status("name="), 400);
    EXPECT_EQ(status("name=a..b"), 400);
    EXPECT_EQ(status("name=%zz"), 400);
    EXPECT_EQ(status("name=a&type=NONE"), 400);
    EXPECT_EQ(status("name=a&type=65536"), 400);
    EXPECT_EQ(status("name=a&do=yes"), 400);
    EXPECT_EQ(status("name=a&cd=2"), 400);
    EXPECT_EQ(status("name=" + std::string(64, 'a')), 400);
    EXPECT_EQ(status("name=" + std::string(2000, 'a')), 400);
    EXPECT_EQ(status("name=www.example", "Accept: text/html\r\n"), 406);
    EXPECT_EQ(request(rig, "/dns-query?name=www.example", "Accept: application/json\r\n")
                  .fields["content-type"],
              "application/json");
    std::string refused = request(rig, "/dns-query?name=elsewhere&cd=1").body;
    EXPECT_NE(refused.find("{\"Status\":5,"), std::string::npos) << refused;
    EXPECT_NE(refused.find("\"Comment\":\"REFUSED"), std::string::npos);
    HttpText wrong = request(rig, "/dns-query?name=a&type=NONE");
    EXPECT_EQ(wrong.body, "type: a number or a name of a type was expected\n");
}

TEST(DohJson, AllRecordsOfALargeAnswer) {
    HttpRig rig;
    HttpText response = request(rig, "/dns-query?name=big.example&type=TXT");
    EXPECT_EQ(response.status, 200);
    size_t count = 0;
    for (size_t at = 0; (at = response.body.find("\"data\":", at)) != std::string::npos; ++at)
        ++count;
    EXPECT_EQ(count, 200u);
}

}  // namespace
}  // namespace gatepost::tests

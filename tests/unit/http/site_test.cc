// What each kind of listener serves.
#include <gtest/gtest.h>

#include "tests/unit/http/http_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

HttpText site_request(HttpRig& rig, const std::string& target,
                      const std::string& more = "Host: a.example\r\n",
                      const std::string& method = "GET") {
    return read_response(rig.play(method + " " + target + " HTTP/1.1\r\n" + more + "\r\n"));
}

AddressPrefix prefix(std::string_view text) {
    auto parsed = parse_prefix(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return *parsed;
}

TEST(PublicSite, Paths) {
    HttpRig rig;
    EXPECT_EQ(site_request(rig, "/").status, 404);
    EXPECT_EQ(site_request(rig, "/metrics").status, 404);
    HttpText post = site_request(rig, "/healthz", "Host: a\r\n", "DELETE");
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(post.fields["allow"], "GET, HEAD");
    EXPECT_EQ(site_request(rig, "/healthz").fields.count("strict-transport-security"), 0u);
    HttpRig strict({.transport_security_s = 86'400});
    EXPECT_EQ(site_request(strict, "/healthz").fields["strict-transport-security"],
              "max-age=86400");
}

TEST(PublicSite, ClientsLearnTheirAddress) {
    HttpRig rig({.trusted_proxies = {prefix("198.51.100.0/24"), prefix("2001:db8::/32")}});
    auto ask = [&](const std::string& more) {
        HttpText response = site_request(rig, "/dns/ip", "Host: a\r\n" + more);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.fields["ip"], response.body);
        EXPECT_EQ(response.fields["content-type"], "text/plain; charset=utf-8");
        EXPECT_EQ(response.fields["cache-control"], "no-store");
        return response.body;
    };
    EXPECT_EQ(ask(""), "192.0.2.7");
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1\r\n"), "192.0.2.7") << "nobody trusts this client";
}

TEST(PublicSite, TrustedProxiesAreBelieved) {
    HttpRig rig({.trusted_proxies = {prefix("192.0.2.0/24"), prefix("2001:db8::/32")}});
    auto ask = [&](const std::string& more) {
        return site_request(rig, "/dns/ip", "Host: a\r\n" + more).body;
    };
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1\r\n"), "203.0.113.1");
    EXPECT_EQ(ask("X-Forwarded-For: 1.1.1.1, 203.0.113.1\r\n"), "203.0.113.1")
        << "what the client itself has written is not believed";
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1, 192.0.2.9\r\n"), "203.0.113.1");
    EXPECT_EQ(ask("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.1 , 192.0.2.9\r\n"),
              "203.0.113.1");
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: [2001:db8::1]:443\r\n"),
              "203.0.113.1");
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1:5000\r\n"), "203.0.113.1");
    EXPECT_EQ(ask("X-Forwarded-For: 2001:DB9::0:1\r\n"), "2001:db9::1");
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1, unknown\r\n"), "192.0.2.7");
    EXPECT_EQ(ask("X-Forwarded-For: 203.0.113.1, unknown, 192.0.2.9\r\n"), "192.0.2.9");
}

TEST(PublicSite, Redirects) {
    HttpRig rig;
    rig.environment.add_redirect("old.example", {.url = "https://new.example"});
    rig.environment.add_redirect(
        "fixed.example", {.url = "https://new.example/a?b", .code = 302, .keep_path = false});
    rig.environment.add_redirect("self.example", {.url = "https://self.example:443"});
    rig.environment.add_redirect("sub.example", {.url = "https://sub.example/below/"});
    auto ask = [&](const std::string& host, const std::string& target,
                   const std::string& method = "GET") {
        return site_request(rig, target, "Host: " + host + "\r\n", method);
    };
    HttpText moved = ask("OLD.example.:443", "/x/y?z=%20");
    EXPECT_EQ(moved.status, 308);
    EXPECT_EQ(moved.fields["location"], "https://new.example/x/y?z=%20");
    EXPECT_EQ(ask("old.example", "/dns-query", "POST").status, 308);
    HttpText fixed = ask("fixed.example", "/x");
    EXPECT_EQ(fixed.status, 302);
    EXPECT_EQ(fixed.fields["location"], "https://new.example/a?b");
    EXPECT_EQ(ask("self.example", "/").status, 404) << "never to itself";
    EXPECT_EQ(ask("self.example", "/healthz").status, 200);
    EXPECT_EQ(ask("sub.example", "/x").fields["location"], "https://sub.example/below/x");
    EXPECT_EQ(ask("other.example", "/x").status, 404);
}

TEST(PublicSite, EarlyDataIsForDohOnly) {
    // The judge itself: a stream in memory has no TLS.
    TestEnvironment environment;
    auto host = HttpHost::create({}, environment);
    ASSERT_TRUE(host.has_value());
    PeerAddress client;
    auto judge = [&](HttpMethod method, std::string_view target) {
        HttpRequest early{
            .method = method, .early_data = true, .authority = "a", .client = &client};
        set_target(early, target);
        HttpResponse response(environment.pool);
        DohQuery query;
        Verdict verdict = (*host)->judge(early, response, query);
        return verdict == Verdict::answer ? 0 : response.status;
    };
    EXPECT_EQ(judge(HttpMethod::get, "/dns-query?name=www.example"), 0);
    EXPECT_EQ(judge(HttpMethod::post, "/dns-query"), 425);
    EXPECT_EQ(judge(HttpMethod::get, "/healthz"), 425);
    EXPECT_EQ(judge(HttpMethod::get, "/dns/ip"), 425);
}

TEST(PlainSite, ChallengesRedirectsAndNothingElse) {
    HttpRig rig({.site = HttpSite::public_http});
    rig.environment.add_challenge("a.example/token-_1", "token-_1.thumbprint");
    rig.environment.add_redirect("old.example", {.url = "https://new.example", .code = 301});
    rig.environment.add_redirect("a2.example", {.url = "http://a2.example/"});
    const std::string kPath = "/.well-known/acme-challenge/";
    HttpText challenge = site_request(rig, kPath + "token-_1", "Host: A.example:80\r\n");
    EXPECT_EQ(challenge.status, 200);
    EXPECT_EQ(challenge.body, "token-_1.thumbprint");
    EXPECT_EQ(challenge.fields["content-type"], "application/octet-stream");
    EXPECT_EQ(site_request(rig, kPath + "token-_1", "Host: b.example\r\n").status, 404);
    EXPECT_EQ(site_request(rig, kPath, "Host: a.example\r\n").status, 404);
    EXPECT_EQ(site_request(rig, kPath + "../x", "Host: a.example\r\n").status, 404);
    EXPECT_EQ(site_request(rig, kPath + std::string(200, 'x')).status, 404);
    EXPECT_EQ(site_request(rig, kPath + "token-_1", "Host: a.example\r\n", "POST").status, 405);

    EXPECT_EQ(site_request(rig, "/x", "Host: old.example\r\n").fields["location"],
              "https://new.example/x");
    HttpText upgrade = site_request(rig, "/x?y", "Host: A.example:8080\r\n", "POST");
    EXPECT_EQ(upgrade.status, 308);
    EXPECT_EQ(upgrade.fields["location"], "https://A.example/x?y");
    EXPECT_EQ(site_request(rig, "/x", "Host: a2.example\r\n").fields["location"],
              "https://a2.example/x");
    EXPECT_EQ(site_request(rig, "/dns-query?name=www.example").status, 308);
    EXPECT_EQ(read_response(rig.play("GET / HTTP/1.0\r\n\r\n")).status, 400) << "to which host?";

    HttpRig other({.site = HttpSite::public_http, .https_port = 8443});
    EXPECT_EQ(site_request(other, "/", "Host: [2001:db8::1]:80\r\n").fields["location"],
              "https://[2001:db8::1]:8443/");
}

TEST(AdminSite, Paths) {
    HttpRig rig({.site = HttpSite::admin});
    EXPECT_EQ(site_request(rig, "/healthz").body, "ok\n");
    EXPECT_EQ(site_request(rig, "/dns-query?name=www.example").status, 404);
    EXPECT_EQ(site_request(rig, "/metrics", "Host: a\r\n", "POST").status, 405);
    EXPECT_EQ(site_request(rig, "/readyz").status, 200);
}

TEST(AdminSite, TokensGuardWhatTells) {
    HttpRig rig({.site = HttpSite::admin, .bearer_token = "s3cret"});
    auto status = [&](const std::string& target, const std::string& authorization) {
        return site_request(rig, target, "Host: a\r\nAuthorization: " + authorization + "\r\n")
            .status;
    };
    HttpText none = site_request(rig, "/metrics");
    EXPECT_EQ(none.status, 401);
    EXPECT_EQ(none.fields["www-authenticate"], "Bearer");
    EXPECT_EQ(status("/metrics", "Bearer s3cret"), 200);
    EXPECT_EQ(status("/metrics", "bearer s3cret"), 200);
    EXPECT_EQ(status("/metrics", "Bearer s3cres"), 401);
    EXPECT_EQ(status("/metrics", "Bearer s3cre"), 401);
    EXPECT_EQ(status("/metrics", "Bearer s3cret1"), 401);
    EXPECT_EQ(status("/metrics", "Basic  s3cret"), 401);
    EXPECT_EQ(status("/status", ""), 401);
    EXPECT_EQ(status("/healthz", ""), 200);
    EXPECT_EQ(status("/readyz", ""), 200);
}

TEST(AdminSite, ReadyWhenZonesAreThereAndWorkersTurn) {
    HttpRig rig({.site = HttpSite::admin, .version = "1.2.3", .snapshot_age_s_max = 60});
    HttpText ready = site_request(rig, "/readyz");
    EXPECT_EQ(ready.fields["content-type"], "application/json");
    EXPECT_EQ(
        ready.body,
        "{\"status\":\"ready\",\"checks\":["
        "{\"name\":\"zones\",\"ok\":true,\"required\":true,"
        "\"detail\":\"1 zones, published 10 s ago\"},"
        "{\"name\":\"directory\",\"ok\":true,\"required\":false,"
        "\"detail\":\"3 entries, published 20 s ago\"},"
        "{\"name\":\"workers\",\"ok\":true,\"required\":true,\"detail\":\"1 of 1 alive\"}]}\n");
    rig.environment.now_s += 100;
    EXPECT_EQ(site_request(rig, "/readyz").status, 503) << "too old";
    rig.environment.now_s -= 100;
    rig.environment.now_ns += 6'000'000'000;
    EXPECT_EQ(site_request(rig, "/readyz").status, 503) << "a worker is stuck";
    rig.environment.now_ns -= 6'000'000'000;
    rig.environment.directory_facts = {};
    EXPECT_EQ(site_request(rig, "/readyz").status, 200);
    HttpText status = site_request(rig, "/status");
    EXPECT_EQ(status.status, 200);
    EXPECT_TRUE(
        status.body.starts_with("{\"status\":\"degraded\",\"service\":\"gatepost\",\"version\":\"1."
                                "2.3\",\"timestamp\":784111777"))
        << status.body;
    rig.environment.zone_facts = {};
    EXPECT_EQ(site_request(rig, "/readyz").status, 503);
    EXPECT_EQ(site_request(rig, "/status").status, 200);
}

}  // namespace
}  // namespace gatepost::tests

#include "dataplane/policy/dns_judge.h"

#include <gtest/gtest.h>

#include "dataplane/policy/dns_list_query.h"
#include "tests/unit/policy/test_policy.h"

namespace gatepost::dataplane {
namespace {

using storage::DnsList;
using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;
using tests::found;
using tests::found_names;
using tests::peer;
using Rules = std::vector<PolicyRule>;

class Judging : public testing::Test {
  protected:
    Judging() {
        entry.modes.fill(PolicyMode::off);
        dns.set("7.2.0.192.in-addr.arpa", DnsType::ptr, found_names({"mail.example.net"}));
        dns.set("mail.example.net", DnsType::a, found({{192, 0, 2, 7}}));
        dns.set("example.net", DnsType::mx, found_names({"mail.example.net"}));
    }
    void enforce(std::initializer_list<PolicyRule> rules) {
        for (const PolicyRule rule : rules)
            entry.modes[static_cast<size_t>(rule)] = PolicyMode::enforce;
    }
    void set(PolicySetting setting, int64_t value) {
        entry.settings[static_cast<size_t>(setting)] = value;
    }
    std::vector<PolicyHit> hits() {
        return tests::result_of(judge_by_dns(std::make_shared<const LoadedPolicy>(entry), client,
                                             "mx.example.org", dns));
    }
    Rules rules() {
        Rules result;
        for (const PolicyHit& hit : hits()) result.push_back(hit.rule);
        return result;
    }

    storage::PolicyEntry entry;
    JudgedClient client{peer({192, 0, 2, 7}), "mail.example.net", "ada@example.net"};
    tests::FakeDns dns;
};

constexpr std::initializer_list<PolicyRule> kAll = {
    PolicyRule::helo_syntax,   PolicyRule::reverse_dns,
    PolicyRule::helo_resolves, PolicyRule::forward_confirmed_reverse_dns,
    PolicyRule::dns_list,      PolicyRule::sender_domain_resolves};

TEST_F(Judging, AProperServerHasNoHits) {
    enforce(kAll);
    EXPECT_EQ(rules(), Rules());
    EXPECT_EQ(dns.rounds, 2);
}

TEST_F(Judging, NothingIsAskedForRulesThatAreOff) {
    enforce({PolicyRule::helo_syntax});
    EXPECT_EQ(rules(), Rules());
    EXPECT_EQ(dns.rounds, 0);
}

TEST_F(Judging, WithoutAName) {
    enforce({PolicyRule::reverse_dns, PolicyRule::forward_confirmed_reverse_dns});
    dns.answers.clear();
    const auto all = hits();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].rule, PolicyRule::reverse_dns);
    EXPECT_EQ(all[0].reply.code, 550);
    EXPECT_EQ(all[0].reply.enhanced, "5.7.25");
    EXPECT_EQ(all[0].reply.text, "192.0.2.7 has no name in DNS (rule reverse_dns)");
    EXPECT_EQ(all[1].rule, PolicyRule::forward_confirmed_reverse_dns);
}

TEST_F(Judging, ANameThatLeadsElsewhere) {
    enforce({PolicyRule::reverse_dns, PolicyRule::forward_confirmed_reverse_dns});
    dns.set("mail.example.net", DnsType::a, found({{192, 0, 2, 8}}));
    EXPECT_EQ(rules(), Rules{PolicyRule::forward_confirmed_reverse_dns});
    // One of several is enough.
    dns.set("7.2.0.192.in-addr.arpa", DnsType::ptr, found_names({"mail.example.net", "b.example"}));
    dns.set("b.example", DnsType::a, found({{192, 0, 2, 9}, {192, 0, 2, 7}}));
    EXPECT_EQ(rules(), Rules());
}

TEST_F(Judging, AnIpv6Client) {
    enforce({PolicyRule::forward_confirmed_reverse_dns});
    client.address = peer({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2f});
    std::string name = "f.2.";
    for (int i = 0; i < 22; ++i) name += "0.";
    name += "8.b.d.0.1.0.0.2.ip6.arpa";
    EXPECT_EQ(rules(), Rules{PolicyRule::forward_confirmed_reverse_dns});
    EXPECT_EQ(dns.asked.front(), name);
    dns.set(name, DnsType::ptr, found_names({"six.example"}));
    dns.set("six.example", DnsType::aaaa,
            found({{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2f}}));
    EXPECT_EQ(rules(), Rules());
}

TEST_F(Judging, DnsThatDoesNotAnswerRejectsNobody) {
    enforce(kAll);
    entry.lists.push_back({"zen.example", DnsList::Kind::address, PolicyMode::enforce});
    dns.answers.clear();
    dns.otherwise = DnsAnswer::Status::failed;
    EXPECT_EQ(rules(), Rules());
    for (const auto setting :
         {PolicySetting::reverse_dns_defer, PolicySetting::forward_confirmed_defer,
          PolicySetting::helo_resolves_defer, PolicySetting::sender_domain_resolves_defer})
        set(setting, 1);
    const auto all = hits();
    EXPECT_EQ(all.size(), 4u);
    for (const PolicyHit& hit : all) {
        EXPECT_EQ(hit.reply.code, 450);
        EXPECT_EQ(hit.reply.enhanced.front(), '4');
    }
}

TEST_F(Judging, GreetingsThatAreNone) {
    for (const char* name : {"mail.example.net", "[192.0.2.7]", "[IPv6:2001:db8::1]", "a.b"})
        EXPECT_TRUE(is_helo_fit(name, "mx.example.org")) << name;
    for (const char* name : {"localhost", "192.0.2.7", "mx.example.org", "MX.Example.ORG",
                             "a_b.example", "[192.0.2]", "a..b", ""})
        EXPECT_FALSE(is_helo_fit(name, "mx.example.org")) << name;
    enforce({PolicyRule::helo_syntax, PolicyRule::helo_resolves});
    client.helo = "localhost";
    EXPECT_EQ(rules(), (Rules{PolicyRule::helo_syntax, PolicyRule::helo_resolves}));
    client.helo = "[192.0.2.7]";
    EXPECT_EQ(rules(), Rules());
    client.helo = "unknown.example.net";
    EXPECT_EQ(rules(), Rules{PolicyRule::helo_resolves});
    dns.set("unknown.example.net", DnsType::aaaa,
            found({{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}}));
    EXPECT_EQ(rules(), Rules());
}

TEST_F(Judging, Senders) {
    enforce({PolicyRule::sender_domain_resolves});
    client.reverse_path = "ada@nowhere.example";
    auto all = hits();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].reply.enhanced, "5.1.8");
    dns.set("nowhere.example", DnsType::a, found({{192, 0, 2, 1}}));
    EXPECT_EQ(rules(), Rules());
    dns.set("nowhere.example", DnsType::mx, found_names({""}));
    all = hits();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].reply.enhanced, "5.7.27");
    for (const char* path : {"", "ada@[192.0.2.9]", "postmaster"}) {
        client.reverse_path = path;
        EXPECT_EQ(rules(), Rules()) << path;
    }
}

TEST_F(Judging, ListsOfAddressesAddUp) {
    enforce({PolicyRule::dns_list});
    set(PolicySetting::dns_list_reject_score, 3);
    entry.lists.push_back({"zen.example", DnsList::Kind::address, PolicyMode::enforce, 2});
    entry.lists.push_back({"other.example", DnsList::Kind::address, PolicyMode::enforce, 1});
    entry.lists.push_back({"off.example", DnsList::Kind::address, PolicyMode::off, 100});
    dns.set("7.2.0.192.zen.example", DnsType::a, found({{127, 0, 0, 2}}));
    dns.set("7.2.0.192.off.example", DnsType::a, found({{127, 0, 0, 2}}));
    EXPECT_EQ(rules(), Rules());
    dns.set("7.2.0.192.other.example", DnsType::a, found({{127, 0, 0, 4}}));
    const auto all = hits();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_FALSE(all[0].monitor_only);
    EXPECT_EQ(all[0].reply.text,
              "192.0.2.7 is listed by zen.example (127.0.0.2); ask there (rule dns_list)");
    entry.lists.push_back({"friends.example", DnsList::Kind::address, PolicyMode::enforce, -5});
    dns.set("7.2.0.192.friends.example", DnsType::a, found({{127, 0, 0, 1}}));
    EXPECT_EQ(rules(), Rules());
}

TEST_F(Judging, AListThatIsMonitoredRefusesNobody) {
    enforce({PolicyRule::dns_list});
    entry.lists.push_back({"zen.example", DnsList::Kind::address, PolicyMode::monitor, 1});
    dns.set("7.2.0.192.zen.example", DnsType::a, found({{127, 0, 0, 2}}));
    const auto all = hits();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(all[0].monitor_only);
}

TEST_F(Judging, ListsOfDomains) {
    enforce({PolicyRule::dns_list});
    entry.lists.push_back({"dbl.example", DnsList::Kind::domain, PolicyMode::enforce, 1});
    client.helo = "helo.example";
    client.reverse_path = "x@sender.example";
    EXPECT_EQ(rules(), Rules());
    for (const char* domain : {"helo.example", "sender.example", "mail.example.net"}) {
        const std::string name = std::string(domain) + ".dbl.example";
        dns.set(name, DnsType::a, found({{127, 0, 1, 2}}));
        const auto all = hits();
        ASSERT_EQ(all.size(), 1u) << domain;
        EXPECT_EQ(all[0].reply.text,
                  std::string(domain) +
                      " is listed by dbl.example (127.0.1.2); ask there (rule dns_list)");
        dns.answers.erase({name, DnsType::a});
    }
}

TEST(DnsListAnswer, WhichOnesCount) {
    DnsList list{"zen.example"};
    EXPECT_EQ(listed_as(list, found({{127, 0, 0, 2}})), "127.0.0.2");
    EXPECT_EQ(listed_as(list, found({{192, 0, 2, 1}})), std::nullopt);
    EXPECT_EQ(listed_as(list, found({{127, 255, 255, 254}})), std::nullopt);
    EXPECT_EQ(listed_as(list, DnsAnswer{}), std::nullopt);
    list.codes = {{0x7f000004, 32}, {0x7f000010, 28}};
    EXPECT_EQ(listed_as(list, found({{127, 0, 0, 2}})), std::nullopt);
    EXPECT_EQ(listed_as(list, found({{127, 0, 0, 2}, {127, 0, 0, 4}})), "127.0.0.4");
    EXPECT_EQ(listed_as(list, found({{127, 0, 0, 31}})), "127.0.0.31");
    EXPECT_EQ(listed_as(list, found({{127, 0, 0, 32}})), std::nullopt);
    list.codes = {{0x7fffff00, 24}};
    EXPECT_EQ(listed_as(list, found({{127, 255, 255, 254}})), "127.255.255.254");
}

}  // namespace
}  // namespace gatepost::dataplane

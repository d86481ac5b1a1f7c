#include "dataplane/policy/mail_policy.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/test_policy.h"

namespace gatepost::dataplane {
namespace {

using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;
using tests::found;
using tests::peer;
using tests::result_of;
using Action = PolicyVerdict::Action;

// Account 5 has ada@example.org, and that is all.
class FakeRecipients final : public RecipientLookup {
  public:
    std::optional<AddressResolution> resolve(const storage::MailAddress&) override { return {}; }
    bool may_send_as(uint64_t account_id, const storage::MailAddress& address) override {
        return account_id == 5 && address == storage::MailAddress{"ada", "example.org"};
    }
};

class Policy : public testing::Test {
  protected:
    Policy() {
        shared = std::move(*PolicyShared::open({.resolver = {.servers = "127.0.0.1:9"}}));
        penalty = std::move(*AuthPenalty::create(1024));
        policy = make();
        timers.advance(now_ms);
        for (const PolicyRule rule :
             {PolicyRule::helo_syntax, PolicyRule::helo_resolves, PolicyRule::reverse_dns,
              PolicyRule::forward_confirmed_reverse_dns, PolicyRule::sender_domain_resolves,
              PolicyRule::dns_list})
            set(rule, PolicyMode::off);
        envelope.reverse_path = "bob@elsewhere.example";
        client.helo = "mail.elsewhere.example";
        publish();
    }
    std::unique_ptr<MailPolicy> make() {
        return std::make_unique<MailPolicy>(
            MailPolicy::Parts{.shared = *shared,
                              .counters = counters,
                              .penalty = *penalty,
                              .dns = dns,
                              .timers = timers,
                              .directory = [this] { return directory.now(); },
                              .recipients = recipients,
                              .clock_s = [this] { return now_s; }},
            "mx.example.org");
    }
    void set(PolicyRule rule, PolicyMode mode) { entry.modes[static_cast<size_t>(rule)] = mode; }
    void set(PolicySetting setting, int64_t value) {
        entry.settings[static_cast<size_t>(setting)] = value;
    }
    void publish() { directory.put(entry); }
    PolicyVerdict rcpt(const char* local_part = "ada") {
        const storage::MailAddress to{local_part, "example.org"};
        return result_of(policy->on_rcpt(client, envelope, {"ada@example.org", to, targets}));
    }
    bool refuses(const PolicyVerdict& verdict) { return verdict.action == Action::refuse; }
    uint64_t hits(PolicyRule rule) { return counters.hits[static_cast<size_t>(rule)]; }
    uint64_t monitored(PolicyRule rule) { return counters.monitored[static_cast<size_t>(rule)]; }
    // How long it takes until a login's outcome is told, in steps of the timers.
    uint64_t login(LoginOutcome::Status status) {
        const LoginOutcome outcome{.status = status};
        Task<> task = policy->on_auth_end(client, outcome);
        task.start();
        const uint64_t before_ms = now_ms;
        while (!task.is_done()) timers.advance(now_ms += TimerWheel::kTickMs);
        return now_ms - before_ms;
    }

    uint64_t now_ms = 1'000'000;
    int64_t now_s = 1'795'288'214;
    tests::TestPolicyDirectory directory;
    tests::FakeDns dns;
    FakeRecipients recipients;
    PolicyCounters counters{};
    storage::PolicyEntry entry;
    std::unique_ptr<PolicyShared> shared;
    std::unique_ptr<AuthPenalty> penalty;
    TimerWheel timers;
    std::unique_ptr<MailPolicy> policy;
    PeerAddress address = peer({192, 0, 2, 7});
    SmtpClient client{.address = address, .session_id = 1};
    storage::Envelope envelope;
    std::vector<MailTarget> targets;
};

TEST_F(Policy, ConnectionsOfAnAddressAndOfItsNetwork) {
    set(PolicySetting::address_connections_per_minute, 2);
    set(PolicySetting::network_connections_per_minute, 3);
    publish();
    EXPECT_FALSE(refuses(result_of(policy->on_connect(client))));
    EXPECT_FALSE(refuses(result_of(policy->on_connect(client))));
    const PolicyVerdict third = result_of(policy->on_connect(client));
    EXPECT_TRUE(refuses(third));
    EXPECT_EQ(third.reply.code, 421);
    EXPECT_EQ(third.rule, "rate_limit_address");
    EXPECT_EQ(third.reply.text,
              "too many connections from 192.0.2.7 lately; try again later (rule "
              "rate_limit_address)");
    address.octets[3] = 8;
    EXPECT_FALSE(refuses(result_of(policy->on_connect(client))));
    EXPECT_EQ(result_of(policy->on_connect(client)).rule, "rate_limit_network");
    EXPECT_EQ(hits(PolicyRule::rate_limit_address), 1u);
    EXPECT_EQ(hits(PolicyRule::rate_limit_network), 1u);
    timers.advance(now_ms += 60'000);
    EXPECT_FALSE(refuses(result_of(policy->on_connect(client))));
}

TEST_F(Policy, WorkersShareTheCount) {
    set(PolicySetting::address_messages_per_minute, 1);
    publish();
    const auto other = make();
    EXPECT_FALSE(refuses(result_of(policy->on_mail(client, envelope))));
    EXPECT_TRUE(refuses(result_of(other->on_mail(client, envelope))));
}

TEST_F(Policy, AMonitoredRuleCountsAndLetsPass) {
    set(PolicyRule::rate_limit_address, PolicyMode::monitor);
    set(PolicySetting::address_messages_per_minute, 1);
    publish();
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(refuses(result_of(policy->on_mail(client, envelope))));
    EXPECT_EQ(monitored(PolicyRule::rate_limit_address), 2u);
    EXPECT_EQ(hits(PolicyRule::rate_limit_address), 0u);
}

TEST_F(Policy, WhoIsLetOff) {
    set(PolicySetting::address_messages_per_minute, 1);
    set(PolicySetting::address_connections_per_minute, 1);
    set(PolicySetting::recipient_rate_per_minute, 1);
    set(PolicyRule::reverse_dns, PolicyMode::enforce);
    set(PolicyRule::greylist, PolicyMode::enforce);
    entry.exemptions.push_back({false, 24, {192, 0, 2}});
    publish();
    const auto passes = [&] {
        for (int i = 0; i < 3; ++i)
            if (refuses(result_of(policy->on_connect(client))) ||
                refuses(result_of(policy->on_mail(client, envelope))) || refuses(rcpt()))
                return false;
        return true;
    };
    EXPECT_TRUE(passes());
    EXPECT_FALSE(policy->on_rule(client, SmtpRefusal::early_talker));
    address = peer({127, 0, 0, 1});
    EXPECT_TRUE(passes());
    address = peer({198, 51, 100, 1});
    EXPECT_FALSE(passes());
    EXPECT_TRUE(policy->on_rule(client, SmtpRefusal::early_talker));
    client.role = SmtpRole::lmtp;
    EXPECT_TRUE(passes());
}

TEST_F(Policy, AnAccountHasItsOwnLimits) {
    set(PolicySetting::account_messages_per_hour, 2);
    set(PolicySetting::account_recipients_per_hour, 3);
    set(PolicySetting::address_messages_per_minute, 1);
    publish();
    client.role = SmtpRole::submission;
    client.account_id = 5;
    client.user = "ada@example.org";
    EXPECT_FALSE(refuses(result_of(policy->on_mail(client, envelope))));
    EXPECT_FALSE(refuses(result_of(policy->on_mail(client, envelope))));
    EXPECT_EQ(result_of(policy->on_mail(client, envelope)).reply.text,
              "too many messages of ada@example.org lately; try again later (rule "
              "rate_limit_account)");
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(refuses(rcpt())) << i;
    EXPECT_EQ(rcpt().reply.code, 450);
    client.account_id = 6;
    EXPECT_FALSE(refuses(rcpt()));
    client.account_id = 5;
    timers.advance(now_ms += 1'200'000);  // a third of an hour gives one back
    EXPECT_FALSE(refuses(rcpt()));
    EXPECT_TRUE(refuses(rcpt()));
}

TEST_F(Policy, RecipientsOfAnAddress) {
    set(PolicySetting::recipient_rate_per_minute, 2);
    publish();
    EXPECT_FALSE(refuses(rcpt()));
    EXPECT_FALSE(refuses(rcpt()));
    EXPECT_EQ(rcpt().rule, "recipient_rate");
}

TEST_F(Policy, DnsIsAskedOncePerMessage) {
    set(PolicyRule::reverse_dns, PolicyMode::enforce);
    publish();
    const PolicyVerdict first = rcpt();
    EXPECT_EQ(first.rule, "reverse_dns");
    EXPECT_EQ(rcpt().rule, "reverse_dns");
    EXPECT_EQ(dns.rounds, 1);
    EXPECT_EQ(hits(PolicyRule::reverse_dns), 1u);
    EXPECT_FALSE(refuses(rcpt("postmaster")));
    EXPECT_FALSE(refuses(rcpt("abuse")));
    envelope.reverse_path = "other@elsewhere.example";
    EXPECT_TRUE(refuses(rcpt()));
    EXPECT_EQ(dns.rounds, 2);
    client.account_id = 5;
    EXPECT_FALSE(refuses(rcpt()));
}

TEST_F(Policy, ARefusalForGoodComesBeforeOneForNow) {
    set(PolicyRule::reverse_dns, PolicyMode::enforce);
    set(PolicySetting::reverse_dns_defer, 1);
    set(PolicyRule::helo_resolves, PolicyMode::enforce);
    publish();
    dns.set("7.2.0.192.in-addr.arpa", DnsType::ptr, DnsAnswer{});
    EXPECT_EQ(rcpt().rule, "helo_resolves");
    EXPECT_EQ(hits(PolicyRule::reverse_dns), 1u);
}

TEST_F(Policy, Greylist) {
    set(PolicyRule::greylist, PolicyMode::enforce);
    publish();
    const PolicyVerdict first = rcpt();
    EXPECT_EQ(first.reply.code, 450);
    EXPECT_EQ(first.reply.enhanced, "4.7.1");
    EXPECT_EQ(first.rule, "greylist");
    EXPECT_FALSE(refuses(rcpt("postmaster")));
    now_s += 60;
    EXPECT_FALSE(refuses(rcpt()));
    EXPECT_EQ(hits(PolicyRule::greylist), 1u);
}

TEST_F(Policy, WrongLoginsTakeLonger) {
    using Status = LoginOutcome::Status;
    EXPECT_EQ(login(Status::wrong), 0u);
    EXPECT_EQ(login(Status::wrong), 0u);
    const uint64_t third = login(Status::wrong);
    EXPECT_GE(third, kPenaltyFirstMs);
    EXPECT_LT(third, 2 * kPenaltyFirstMs);
    EXPECT_GE(login(Status::wrong), 2 * kPenaltyFirstMs);
    EXPECT_EQ(hits(PolicyRule::auth_penalty), 2u);
    EXPECT_EQ(login(Status::right), 0u);
    EXPECT_EQ(login(Status::unavailable), 0u);
    EXPECT_FALSE(refuses(result_of(policy->on_auth(client))));
    set(PolicySetting::auth_penalty_refuse_at_ms, 1000);
    publish();
    const PolicyVerdict refused = result_of(policy->on_auth(client));
    EXPECT_TRUE(refuses(refused));
    EXPECT_EQ(refused.reply.code, 454);
    set(PolicyRule::auth_penalty, PolicyMode::monitor);
    publish();
    EXPECT_FALSE(refuses(result_of(policy->on_auth(client))));
    EXPECT_EQ(login(Status::wrong), 0u);
    EXPECT_EQ(monitored(PolicyRule::auth_penalty), 2u);
    set(PolicyRule::auth_penalty, PolicyMode::off);
    publish();
    EXPECT_EQ(login(Status::wrong), 0u);
}

TEST_F(Policy, ASessionMayEndDuringItsPenalty) {
    for (int i = 0; i < 5; ++i) penalty->failed(address, now_ms);
    const LoginOutcome outcome{.status = LoginOutcome::Status::wrong};
    Task<> task = policy->on_auth_end(client, outcome);
    task.start();
    EXPECT_FALSE(task.is_done());
    task.reset();
    timers.advance(now_ms += 60'000);
}

TEST_F(Policy, RulesOfTheSession) {
    EXPECT_TRUE(policy->on_rule(client, SmtpRefusal::sender_identity));
    EXPECT_TRUE(policy->on_rule(client, SmtpRefusal::unauthorized_pipelining));
    EXPECT_EQ(hits(PolicyRule::sender_identity), 1u);
    set(PolicyRule::sender_identity, PolicyMode::monitor);
    set(PolicyRule::unauthorized_pipelining, PolicyMode::off);
    set(PolicyRule::unknown_recipient, PolicyMode::off);
    publish();
    EXPECT_FALSE(policy->on_rule(client, SmtpRefusal::sender_identity));
    EXPECT_EQ(monitored(PolicyRule::sender_identity), 1u);
    EXPECT_FALSE(policy->on_rule(client, SmtpRefusal::unauthorized_pipelining));
    // No choice, but counted.
    EXPECT_TRUE(policy->on_rule(client, SmtpRefusal::unknown_recipient));
    EXPECT_EQ(hits(PolicyRule::unknown_recipient), 1u);
}

TEST_F(Policy, Authors) {
    set(PolicyRule::header_from, PolicyMode::enforce);
    publish();
    const auto says = [&](std::vector<std::string> authors) {
        const PolicyMessage message{100, &authors};
        return result_of(policy->on_data_end(client, envelope, message)).reply.text;
    };
    const std::string none = "the From field has no valid address (rule header_from)";
    EXPECT_EQ(says({"x@elsewhere.example"}), "");
    EXPECT_EQ(says({}), none);
    EXPECT_EQ(says({"x@elsewhere.example", "y@"}), none);
    client.account_id = 5;
    client.user = "ada@example.org";
    EXPECT_EQ(says({"Ada@Example.org"}), "");
    EXPECT_EQ(says({"ada@example.org", "x@elsewhere.example"}),
              "the From field has an address that is none of ada@example.org (rule header_from)");
    EXPECT_EQ(hits(PolicyRule::header_from), 3u);
    EXPECT_FALSE(refuses(result_of(policy->on_data_end(client, envelope, {}))));
}

TEST_F(Policy, HowLongTheGreetingWaits) {
    EXPECT_EQ(policy->greeting_ms(client), 500u);
    set(PolicySetting::early_talker_greeting_ms, 2000);
    publish();
    EXPECT_EQ(policy->greeting_ms(client), 2000u);
    client.role = SmtpRole::submission;
    EXPECT_EQ(policy->greeting_ms(client), 0u);
    client.role = SmtpRole::mx;
    set(PolicyRule::early_talker, PolicyMode::off);
    publish();
    EXPECT_EQ(policy->greeting_ms(client), 0u);
    set(PolicyRule::early_talker, PolicyMode::monitor);
    publish();
    address = peer({127, 0, 0, 1});
    EXPECT_EQ(policy->greeting_ms(client), 0u);
}

TEST_F(Policy, ManySessionsAreForgotten) {
    set(PolicyRule::recipient_rate, PolicyMode::off);
    set(PolicyRule::reverse_dns, PolicyMode::enforce);
    publish();
    for (uint64_t id = 1; id <= 5000; ++id) {
        client.session_id = id;
        EXPECT_TRUE(refuses(rcpt()));
    }
    EXPECT_EQ(dns.rounds, 5000);
    EXPECT_TRUE(refuses(rcpt()));
    EXPECT_EQ(dns.rounds, 5000);
    client.session_id = 1;
    EXPECT_TRUE(refuses(rcpt()));
    EXPECT_EQ(dns.rounds, 5001);
}

}  // namespace
}  // namespace gatepost::dataplane

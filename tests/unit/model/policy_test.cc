#include "controlplane/model/policy.h"

#include <gtest/gtest.h>

#include "controlplane/model/policy_text.h"
#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {
namespace {

using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;

PolicyRuleState rule(Connection& connection, std::string_view name) {
    const auto rules = policy_list(connection);
    for (const PolicyRuleState& one : *rules)
        if (one.name == name) return one;
    return {};
}

TEST(PolicyText, Settings) {
    PolicySettings settings = storage::PolicyEntry().settings;
    EXPECT_TRUE(read_policy_settings(PolicyRule::greylist, "{}", settings));
    EXPECT_TRUE(read_policy_settings(PolicyRule::greylist, R"({"delay_s": 90})", settings));
    EXPECT_TRUE(read_policy_settings(PolicyRule::reverse_dns, R"({"defer": true})", settings));
    EXPECT_EQ(settings[static_cast<size_t>(PolicySetting::greylist_delay_s)], 90);
    EXPECT_EQ(settings[static_cast<size_t>(PolicySetting::reverse_dns_defer)], 1);
    for (const char* json : {"", "[]", "{\"delay_s\": \"9\"}", "{\"delay_s\": 0}",
                             "{\"delay_s\": 1.5}", "{\"other\": 1}", "{"})
        EXPECT_FALSE(read_policy_settings(PolicyRule::greylist, json, settings)) << json;
    EXPECT_EQ(check_policy_setting(PolicyRule::dns_list, "x", 1).error().message,
              "the rule dns_list has no setting x; it has: reject_score");
}

TEST(PolicyText, Codes) {
    EXPECT_EQ(parse_dns_list_code("127.0.0.2").value(), (storage::DnsListCode{0x7f000002, 32}));
    EXPECT_EQ(parse_dns_list_code("127.0.1.0/24").value(), (storage::DnsListCode{0x7f000100, 24}));
    for (const char* text :
         {"", "127.0.0", "128.0.0.1", "127.0.0.2/33", "127.0.0.2/", "127.0.0.2/x"})
        EXPECT_FALSE(parse_dns_list_code(text)) << text;
}

TEST(PolicyModel, Rules) {
    Connection connection = mail_database();
    const auto rules = policy_list(connection);
    EXPECT_EQ(rules->size(), storage::kPolicyRules);
    for (const PolicyRuleState& one : *rules) {
        const auto known = storage::find_policy_rule(one.name);
        ASSERT_TRUE(known) << one.name;
        EXPECT_EQ(one.mode, storage::policy_mode_name(storage::about(*known).mode)) << one.name;
    }
    auto set = policy_set(connection, PolicyRule::greylist,
                          {PolicyMode::enforce, {{"delay_s", 90}, {"keep_days", 7}}}, {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_NE(*set, Lsn{0});
    EXPECT_EQ(rule(connection, "greylist").mode, "enforce");
    EXPECT_EQ(rule(connection, "greylist").settings, R"({"delay_s": 90, "keep_days": 7})");
    // Nothing changes.
    EXPECT_EQ(policy_set(connection, PolicyRule::greylist, {PolicyMode::enforce, {}}, {}), Lsn{0});
    ASSERT_TRUE(policy_set(connection, PolicyRule::greylist,
                           {std::nullopt, {{"keep_days", std::nullopt}}}, {}));
    EXPECT_EQ(rule(connection, "greylist").settings, R"({"delay_s": 90})");
    EXPECT_FALSE(
        policy_set(connection, PolicyRule::greylist, {std::nullopt, {{"delay_s", 0}}}, {}));
    EXPECT_FALSE(
        policy_set(connection, PolicyRule::greylist, {std::nullopt, {{"x", std::nullopt}}}, {}));
    EXPECT_FALSE(policy_set(connection, PolicyRule::relay_denied, {PolicyMode::off, {}}, {}));
    ASSERT_TRUE(
        policy_set(connection, PolicyRule::greylist, {PolicyMode::off, {}}, {.dry_run = true}));
    EXPECT_EQ(rule(connection, "greylist").mode, "enforce");
}

TEST(PolicyModel, Lists) {
    Connection connection = mail_database();
    DnsListState list{"zen.example", "address", "enforce", {"127.0.0.2", "127.0.0.16/28"}, 3};
    ASSERT_TRUE(dns_list_set(connection, list, {}));
    EXPECT_EQ(*dns_list_list(connection), std::vector{list});
    EXPECT_EQ(dns_list_set(connection, list, {}), Lsn{0});
    list.score = -1;
    EXPECT_NE(dns_list_set(connection, list, {}).value(), Lsn{0});
    EXPECT_EQ(*dns_list_list(connection), std::vector{list});
    list.codes = {"10.0.0.1"};
    EXPECT_FALSE(dns_list_set(connection, list, {}));
    ASSERT_TRUE(dns_list_remove(connection, "zen.example", {}));
    EXPECT_FALSE(dns_list_remove(connection, "zen.example", {}));
    EXPECT_TRUE(dns_list_list(connection)->empty());
}

TEST(PolicyModel, Exemptions) {
    Connection connection = mail_database();
    ASSERT_TRUE(policy_exempt(connection, {"192.0.2.0/24", "the office"}, {}));
    ASSERT_TRUE(policy_exempt(connection, {"2001:db8::1", ""}, {}));
    EXPECT_FALSE(policy_exempt(connection, {"192.0.2.1/24", ""}, {}));
    const auto all = policy_exemption_list(connection);
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ(all->at(0).network, "192.0.2.0/24");
    EXPECT_EQ(all->at(0).comment, "the office");
    ASSERT_TRUE(policy_unexempt(connection, "192.0.2.0/24", {}));
    EXPECT_FALSE(policy_unexempt(connection, "192.0.2.0/24", {}));
}

}  // namespace
}  // namespace gatepost::controlplane

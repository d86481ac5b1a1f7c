// The policy for mail on the way from a COMMIT in a real PostgreSQL to the directory.
#include <gtest/gtest.h>

#include "storage/policy/policy_entry.h"
#include "tests/unit/sync/sync_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

using storage::PolicyEntry;
using storage::PolicyMode;
using storage::PolicyRule;
using storage::PolicySetting;

class PolicySyncTest : public SyncServiceTest {
  protected:
    // As built in where there is no entry.
    PolicyEntry policy() const {
        const std::string octets = value(storage::EntryKind::mail_policy, storage::kPolicyKey);
        if (octets.empty()) return {};
        return storage::decode_policy_entry(
                   {reinterpret_cast<const uint8_t*>(octets.data()), octets.size()})
            .value();
    }
    bool has_entry() const {
        return !value(storage::EntryKind::mail_policy, storage::kPolicyKey).empty();
    }
};

TEST_F(PolicySyncTest, WhatTheSchemaBeginsWithIsWhatIsBuiltIn) {
    start_and_stream();
    EXPECT_FALSE(has_entry());
}

TEST_F(PolicySyncTest, LoadsWhatIsThere) {
    execute(
        "UPDATE gatepost.policy_rules SET mode = 'enforce', settings = '{\"delay_s\": 300}'"
        " WHERE name = 'greylist';"
        "INSERT INTO gatepost.dns_lists (zone, kind, mode, codes, score) VALUES"
        " ('zen.example', 'address', 'enforce', '{127.0.0.2,127.0.0.16/28}', 3);"
        "INSERT INTO gatepost.dns_lists (zone, active) VALUES ('idle.example', false);"
        "INSERT INTO gatepost.policy_exemptions (network) VALUES ('192.0.2.0/24'), "
        "('2001:db8::/32')");
    start_and_stream();
    const PolicyEntry entry = policy();
    EXPECT_EQ(entry.mode(PolicyRule::greylist), PolicyMode::enforce);
    EXPECT_EQ(entry.setting(PolicySetting::greylist_delay_s), 300);
    EXPECT_EQ(entry.setting(PolicySetting::greylist_keep_days), 36);
    ASSERT_EQ(entry.lists.size(), 1u);
    EXPECT_EQ(entry.lists[0], (storage::DnsList{"zen.example",
                                                storage::DnsList::Kind::address,
                                                PolicyMode::enforce,
                                                3,
                                                {{0x7f000002, 32}, {0x7f000010, 28}}}));
    EXPECT_EQ(entry.exemptions,
              (std::vector<storage::PolicyNetwork>{{false, 24, {192, 0, 2}},
                                                   {true, 32, {0x20, 0x01, 0x0d, 0xb8}}}));
}

TEST_F(PolicySyncTest, FollowsEveryTable) {
    start_and_stream();
    wait_for(execute("UPDATE gatepost.policy_rules SET mode = 'off' WHERE name = 'dns_list'"));
    EXPECT_EQ(policy().mode(PolicyRule::dns_list), PolicyMode::off);
    wait_for(
        execute("INSERT INTO gatepost.dns_lists (zone) VALUES ('a.example'), ('b.example');"
                "INSERT INTO gatepost.policy_exemptions (network) VALUES ('192.0.2.1')"));
    EXPECT_EQ(policy().lists.size(), 2u);
    EXPECT_EQ(policy().exemptions.front().bits, 32);
    wait_for(
        execute("UPDATE gatepost.dns_lists SET zone = 'c.example' WHERE zone = 'a.example';"
                "UPDATE gatepost.dns_lists SET active = false WHERE zone = 'b.example';"
                "UPDATE gatepost.policy_exemptions SET network = '198.51.100.0/24'"));
    ASSERT_EQ(policy().lists.size(), 1u);
    EXPECT_EQ(policy().lists[0].zone, "c.example");
    ASSERT_EQ(policy().exemptions.size(), 1u);
    EXPECT_EQ(policy().exemptions[0].bits, 24);
    wait_for(
        execute("DELETE FROM gatepost.dns_lists; DELETE FROM gatepost.policy_exemptions;"
                "UPDATE gatepost.policy_rules SET mode = 'monitor' WHERE name = 'dns_list'"));
    EXPECT_FALSE(has_entry());
}

TEST_F(PolicySyncTest, WhatCannotBeFollowedIsHeld) {
    start_and_stream();
    wait_for(execute("UPDATE gatepost.policy_rules SET mode = 'enforce' WHERE name = 'greylist'"));
    wait_for(
        execute("UPDATE gatepost.policy_rules SET settings = '{\"delay_s\": 0}'"
                " WHERE name = 'greylist'"));
    EXPECT_EQ(policy().setting(PolicySetting::greylist_delay_s), 60);
    EXPECT_EQ(policy().mode(PolicyRule::greylist), PolicyMode::enforce);
    wait_for(
        execute("UPDATE gatepost.policy_rules SET settings = '{\"delay_s\": 90}'"
                " WHERE name = 'greylist'"));
    EXPECT_EQ(policy().setting(PolicySetting::greylist_delay_s), 90);
}

}  // namespace
}  // namespace gatepost::controlplane::tests

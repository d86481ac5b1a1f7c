#include "storage/policy/policy_entry.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

PolicyEntry full_entry() {
    PolicyEntry entry;
    entry.modes[static_cast<size_t>(PolicyRule::greylist)] = PolicyMode::enforce;
    entry.settings[static_cast<size_t>(PolicySetting::greylist_delay_s)] = 300;
    entry.lists.push_back({"zen.example",
                           DnsList::Kind::address,
                           PolicyMode::enforce,
                           3,
                           {{0x7f000002, 32}, {0x7f000010, 28}}});
    entry.lists.push_back({"dbl.example", DnsList::Kind::domain, PolicyMode::monitor, -2});
    entry.exemptions.push_back({false, 24, {192, 0, 2}});
    entry.exemptions.push_back({true, 32, {0x20, 0x01, 0x0d, 0xb8}});
    return entry;
}

TEST(PolicyRuleNames, EachIsFoundByItsName) {
    for (size_t i = 0; i < kPolicyRules; ++i) {
        const auto rule = static_cast<PolicyRule>(i);
        EXPECT_EQ(find_policy_rule(about(rule).name), rule);
    }
    for (size_t i = 0; i < kPolicySettings; ++i) {
        const auto setting = static_cast<PolicySetting>(i);
        const PolicySettingAbout& known = about(setting);
        EXPECT_EQ(find_policy_setting(known.rule, known.name), setting);
        EXPECT_LE(known.least, known.otherwise);
        EXPECT_LE(known.otherwise, known.most);
    }
    EXPECT_FALSE(find_policy_rule("nothing"));
    EXPECT_FALSE(find_policy_setting(PolicyRule::greylist, "defer"));
    EXPECT_EQ(find_policy_mode("monitor"), PolicyMode::monitor);
    EXPECT_FALSE(find_policy_mode("on"));
}

TEST(PolicyEntry, ReadsAsItWasWritten) {
    for (const PolicyEntry& entry : {PolicyEntry(), full_entry()}) {
        const auto read = decode_policy_entry(encode(entry));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, entry);
    }
}

TEST(PolicyEntry, EachCutIsRefused) {
    auto octets = encode(full_entry());
    for (size_t size = 0; size < octets.size(); ++size)
        EXPECT_FALSE(decode_policy_entry(Bytes(octets).first(size))) << size;
    octets.push_back(0);
    EXPECT_FALSE(decode_policy_entry(octets));
}

TEST(PolicyEntry, WhatIsOutOfItsRangeIsRefused) {
    const auto refused = [](size_t at, uint8_t octet) {
        auto octets = encode(full_entry());
        octets[at] = octet;
        return !decode_policy_entry(octets);
    };
    EXPECT_TRUE(refused(0, 2));                 // version
    EXPECT_TRUE(refused(1, kPolicyRules + 1));  // number of rules
    EXPECT_TRUE(refused(2, 3));                 // a mode
    const size_t settings = 2 + kPolicyRules;
    EXPECT_TRUE(refused(settings, 0));         // number of settings
    EXPECT_TRUE(refused(settings + 1, 0x80));  // a negative setting
    const size_t lists = settings + 1 + 8 * kPolicySettings;
    EXPECT_TRUE(refused(lists, kDnsListsMax + 1));
    EXPECT_TRUE(refused(lists + 1, 2));  // kind
    EXPECT_TRUE(refused(lists + 7, 0));  // length of the zone
}

TEST(PolicyEntry, TheLargestFitsTheDirectory) {
    PolicyEntry entry;
    DnsList list{std::string(253, 'a'), DnsList::Kind::domain};
    list.codes.resize(kDnsListCodesMax);
    entry.lists.assign(kDnsListsMax, list);
    entry.exemptions.assign(kPolicyExemptionsMax, {true, 128, {}});
    const auto octets = encode(entry);
    EXPECT_LE(octets.size(), size_t{1} << 20);
    EXPECT_TRUE(decode_policy_entry(octets));
}

}  // namespace
}  // namespace gatepost::storage

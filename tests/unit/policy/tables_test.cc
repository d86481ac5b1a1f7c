#include <gtest/gtest.h>

#include <thread>

#include "dataplane/policy/current_policy.h"
#include "dataplane/policy/rate_table.h"
#include "tests/unit/policy/test_policy.h"

namespace gatepost::dataplane {
namespace {

using tests::peer;

constexpr uint64_t kMinute = 60'000'000;  // microseconds
constexpr SourceSecret kSecret = {1, 2, 3};

TEST(RateTable, TheWholeNumberAtOnceAndThenEvenly) {
    RateTable table(4);
    const RateLimit limit{6, kMinute};
    uint64_t now = 1'000'000;
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(table.take(77, limit, now)) << i;
    EXPECT_FALSE(table.take(77, limit, now));
    now += kMinute / 6 - 1;
    EXPECT_FALSE(table.take(77, limit, now));
    now += 1;
    EXPECT_TRUE(table.take(77, limit, now));
    EXPECT_FALSE(table.take(77, limit, now));
    now += kMinute;
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(table.take(77, limit, now)) << i;
    EXPECT_FALSE(table.take(77, limit, now));
}

TEST(RateTable, SourcesAreCountedApart) {
    RateTable table(4);
    const RateLimit limit{1, kMinute};
    const uint64_t other = uint64_t{5} << 48;
    EXPECT_TRUE(table.take(77, limit, 1));
    EXPECT_TRUE(table.take(other, limit, 1));
    EXPECT_FALSE(table.take(77, limit, 1));
    EXPECT_FALSE(table.take(other, limit, 1));
}

TEST(RateTable, AFullSetForgetsWhoeverIsNearestToZero) {
    RateTable table(4);
    const RateLimit slow{1, kMinute};
    const RateLimit quick{1, 1000};
    const auto source = [](uint64_t i) { return i << 48; };
    EXPECT_TRUE(table.take(source(1), quick, 1));
    for (uint64_t i = 2; i <= 5; ++i) EXPECT_TRUE(table.take(source(i), slow, 1));
    for (uint64_t i = 2; i <= 5; ++i) EXPECT_FALSE(table.take(source(i), slow, 1));
}

TEST(RateTable, ManyThreadsTakeNoMoreThanThereIs) {
    RateTable table;
    constexpr int kEach = 1000;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < kEach; ++k)
                if (table.take(42, {500, kMinute}, 1)) ++taken;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(taken, 500);
    EXPECT_LE(taken, 520);  // a change that others overtook too often counts for nobody
}

TEST(SourceHash, ByPrefix) {
    const auto hash = [](const PeerAddress& address, SourcePrefix prefix) {
        return source_hash(kSecret, SourceKind::address_messages, address, prefix);
    };
    using enum SourcePrefix;
    const auto a = peer({192, 0, 2, 1}), b = peer({192, 0, 2, 2}), c = peer({192, 0, 3, 1});
    EXPECT_NE(hash(a, host), hash(b, host));
    EXPECT_EQ(hash(a, network), hash(b, network));
    EXPECT_NE(hash(a, network), hash(c, network));
    auto six = peer({0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1});
    auto same_64 = six;
    same_64.octets[15] = 2;
    auto same_56 = six;
    same_56.octets[7] = 2;
    EXPECT_EQ(hash(six, host), hash(same_64, host));
    EXPECT_NE(hash(six, host), hash(same_56, host));
    EXPECT_EQ(hash(six, network), hash(same_56, network));
    EXPECT_NE(hash(six, mail_pool), hash(same_56, mail_pool));
    EXPECT_NE(account_hash(kSecret, SourceKind::account_messages, 1),
              account_hash(kSecret, SourceKind::account_recipients, 1));
}

TEST(NetworkSet, Contains) {
    const storage::PolicyNetwork networks[] = {{false, 24, {192, 0, 2}},
                                               {false, 32, {198, 51, 100, 7}},
                                               {false, 9, {10, 128}},
                                               {false, 25, {192, 0, 2, 128}},
                                               {true, 33, {0x20, 1, 0xd, 0xb8, 0x80}}};
    const NetworkSet set(networks);
    EXPECT_EQ(set.ranges(), 4u);
    EXPECT_TRUE(set.contains(peer({192, 0, 2, 0})));
    EXPECT_TRUE(set.contains(peer({192, 0, 2, 255})));
    EXPECT_FALSE(set.contains(peer({192, 0, 3, 0})));
    EXPECT_FALSE(set.contains(peer({192, 0, 1, 255})));
    EXPECT_TRUE(set.contains(peer({198, 51, 100, 7})));
    EXPECT_FALSE(set.contains(peer({198, 51, 100, 8})));
    EXPECT_FALSE(set.contains(peer({10, 127, 255, 255})));
    EXPECT_TRUE(set.contains(peer({10, 255, 255, 255})));
    PeerAddress six = peer({0x20, 1, 0xd, 0xb8, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    EXPECT_TRUE(set.contains(six));
    six.octets[4] = 0x7f;
    EXPECT_FALSE(set.contains(six));
    EXPECT_FALSE(NetworkSet().contains(peer({192, 0, 2, 0})));
    const storage::PolicyNetwork all[] = {{false, 0, {}}};
    EXPECT_TRUE(NetworkSet(all).contains(peer({255, 255, 255, 255})));
    EXPECT_FALSE(NetworkSet(all).contains(six));
    EXPECT_TRUE(is_loopback(peer({127, 3, 2, 1})));
    EXPECT_TRUE(is_loopback(peer({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})));
    EXPECT_FALSE(is_loopback(six));
}

TEST(CurrentPolicy, FollowsTheDirectory) {
    tests::TestPolicyDirectory directory;
    bool loaded = false;
    CurrentPolicy current([&] { return loaded ? directory.now() : DirectoryNow{}; });
    using storage::PolicyMode;
    using storage::PolicyRule;
    EXPECT_EQ(current.get()->entry, storage::PolicyEntry());
    loaded = true;
    EXPECT_EQ(current.get()->entry, storage::PolicyEntry());
    storage::PolicyEntry entry;
    entry.modes[static_cast<size_t>(PolicyRule::greylist)] = PolicyMode::enforce;
    directory.put(entry);
    const auto first = current.get();
    EXPECT_EQ(first->entry.mode(PolicyRule::greylist), PolicyMode::enforce);
    EXPECT_EQ(current.get(), first);  // not decoded again
    directory.put_octets({9, 9, 9});
    EXPECT_EQ(current.get(), first);
    directory.put(storage::PolicyEntry());
    EXPECT_EQ(current.get()->entry.mode(PolicyRule::greylist), PolicyMode::off);
}

}  // namespace
}  // namespace gatepost::dataplane

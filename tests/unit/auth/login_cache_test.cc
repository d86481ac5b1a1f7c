#include "dataplane/auth/login_cache.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

constexpr LoginSubject kAlice{.account_id = 7, .entry_serial = 100, .service = 1};

TEST(LoginCache, KnowsWhatWasRemembered) {
    auto cache = LoginCache::create({.entries = 64, .time_to_live_ms = 1000});
    ASSERT_TRUE(cache);
    EXPECT_EQ(cache->find(kAlice, "secret", 5000), std::nullopt);
    cache->remember(kAlice, "secret", 3, 5000);
    EXPECT_EQ(cache->find(kAlice, "secret", 5999), 3u);
    EXPECT_EQ(cache->find(kAlice, "secret", 6000), std::nullopt) << "its time is over";
}

TEST(LoginCache, EveryPartCounts) {
    auto cache = LoginCache::create({.entries = 64});
    ASSERT_TRUE(cache);
    cache->remember(kAlice, "secret", 0, 1);
    EXPECT_TRUE(cache->find(kAlice, "secret", 1));
    EXPECT_FALSE(cache->find(kAlice, "Secret", 1));
    EXPECT_FALSE(cache->find(kAlice, "", 1));
    EXPECT_FALSE(cache->find({8, 100, 1}, "secret", 1)) << "another account";
    EXPECT_FALSE(cache->find({7, 101, 1}, "secret", 1)) << "the entry was changed";
    EXPECT_FALSE(cache->find({7, 100, 2}, "secret", 1)) << "another service";
}

TEST(LoginCache, NoLongerThanTheCredential) {
    auto cache = LoginCache::create({.entries = 64, .time_to_live_ms = 1000});
    ASSERT_TRUE(cache);
    cache->remember(kAlice, "token", 1, 5000, 5100);
    EXPECT_TRUE(cache->find(kAlice, "token", 5099));
    EXPECT_FALSE(cache->find(kAlice, "token", 5100));
}

TEST(LoginCache, ItsSizeIsFixedAndTheOldestGoes) {
    auto cache = LoginCache::create({.entries = 4, .time_to_live_ms = 1000});
    ASSERT_TRUE(cache);
    for (uint64_t i = 0; i < 6; ++i) cache->remember({i, 1, 1}, "secret", 0, i);
    for (uint64_t i = 0; i < 6; ++i)
        EXPECT_EQ(cache->find({i, 1, 1}, "secret", 10).has_value(), i >= 2) << i;
    // Again the same one: no second entry.
    for (int i = 0; i < 4; ++i) cache->remember({5, 1, 1}, "secret", 0, 20);
    EXPECT_TRUE(cache->find({2, 1, 1}, "secret", 20));
}

}  // namespace
}  // namespace gatepost::dataplane

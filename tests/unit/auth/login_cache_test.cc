#include "dataplane/auth/login_cache.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

constexpr LoginSubject kAlice{
    .account_id = 7, .entry_serial = 100, .arena = 5, .service = 1, .credentials = 2};

// Alice's, but for one thing.
template <typename T>
LoginSubject with(T LoginSubject::*field, T value) {
    LoginSubject subject = kAlice;
    subject.*field = value;
    return subject;
}

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
    const auto knows = [&](const LoginSubject& subject) {
        return cache->find(subject, "secret", 1).has_value();
    };
    EXPECT_FALSE(knows(with(&LoginSubject::account_id, uint64_t{8}))) << "another account";
    EXPECT_FALSE(knows(with(&LoginSubject::entry_serial, uint64_t{101}))) << "it was changed";
    EXPECT_FALSE(knows(with(&LoginSubject::arena, uint64_t{6}))) << "serials began anew";
    EXPECT_FALSE(knows(with(&LoginSubject::service, uint32_t{2}))) << "another service";
    EXPECT_FALSE(knows(with(&LoginSubject::credentials, uint32_t{1}))) << "one has expired";
    EXPECT_FALSE(knows(with(&LoginSubject::token, true))) << "a password is no token";
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
    const auto subject = [](uint64_t id) { return with(&LoginSubject::account_id, id); };
    for (uint64_t i = 0; i < 6; ++i) cache->remember(subject(i), "secret", 0, i);
    for (uint64_t i = 0; i < 6; ++i)
        EXPECT_EQ(cache->find(subject(i), "secret", 10).has_value(), i >= 2) << i;
    // Again the same one: no second entry.
    for (int i = 0; i < 4; ++i) cache->remember(subject(5), "secret", 0, 20);
    EXPECT_TRUE(cache->find(subject(2), "secret", 20));
}

}  // namespace
}  // namespace gatepost::dataplane

#include "dataplane/policy/greylist.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "storage/base/unique_fd.h"
#include "tests/unit/policy/test_policy.h"

namespace gatepost::dataplane {
namespace {

using tests::peer;

constexpr int64_t kStart = 1'795'288'214;
constexpr int64_t kDay = 86'400;
const PeerAddress kClient = peer({192, 0, 2, 1});

class Greylisting : public testing::Test {
  protected:
    bool check(int64_t now_s, const PeerAddress& client = kClient,
               std::string_view recipient = "ada@example.org") {
        return list->check(client, "bob@elsewhere.example", recipient, times, now_s);
    }
    GreylistTimes times;
    std::unique_ptr<Greylist> list = std::move(*Greylist::create(1024));
};

TEST_F(Greylisting, WhoTriesAgainInTimePasses) {
    EXPECT_FALSE(check(kStart));
    EXPECT_FALSE(check(kStart + 59));
    EXPECT_TRUE(check(kStart + 60));
    EXPECT_TRUE(check(kStart + 61));
    EXPECT_FALSE(check(kStart + 61, kClient, "bob@example.org"));
}

TEST_F(Greylisting, WhoComesTooLateBeginsAgain) {
    EXPECT_FALSE(check(kStart));
    EXPECT_FALSE(check(kStart + 14'401));
    EXPECT_TRUE(check(kStart + 14'401 + 60));
}

TEST_F(Greylisting, APassIsKeptFromItsLastUse) {
    times.auto_allow_after = 0;
    EXPECT_FALSE(check(kStart));
    EXPECT_TRUE(check(kStart + 60));
    EXPECT_TRUE(check(kStart + 30 * kDay));
    EXPECT_TRUE(check(kStart + 60 * kDay));
    EXPECT_FALSE(check(kStart + 97 * kDay));
}

TEST_F(Greylisting, AnotherHostOfTheNetworkMayTryAgain) {
    EXPECT_FALSE(check(kStart));
    EXPECT_TRUE(check(kStart + 60, peer({192, 0, 2, 200})));
    EXPECT_FALSE(check(kStart + 60, peer({192, 0, 3, 1})));
}

TEST_F(Greylisting, ANetworkThatHasPassedOftenIsNotAsked) {
    times.auto_allow_after = 2;
    for (const char* recipient : {"a@example.org", "b@example.org"}) {
        EXPECT_FALSE(check(kStart, kClient, recipient));
        EXPECT_TRUE(check(kStart + 60, kClient, recipient));
    }
    EXPECT_TRUE(check(kStart + 61, kClient, "c@example.org"));
    EXPECT_FALSE(check(kStart + 61, peer({192, 0, 3, 1}), "c@example.org"));
    times.auto_allow_after = 0;
    EXPECT_FALSE(check(kStart + 61, kClient, "d@example.org"));
}

TEST_F(Greylisting, FirstAttemptsDoNotPushOutWhoHasPassed) {
    list = std::move(*Greylist::create(8));
    times.auto_allow_after = 0;
    EXPECT_FALSE(check(kStart));
    EXPECT_TRUE(check(kStart + 60));
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(check(kStart + 100 + i, kClient, "n" + std::to_string(i)));
    EXPECT_TRUE(check(kStart + 300));
}

class GreylistFile : public testing::Test {
  protected:
    GreylistFile() : folder_(testing::TempDir() + "greylist-XXXXXX") {
        EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
        fd_ = UniqueFd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    ~GreylistFile() override { std::filesystem::remove_all(folder_); }

    bool check(Greylist& list, int64_t now_s) {
        return list.check(kClient, "bob@elsewhere.example", "ada@example.org", {}, now_s);
    }
    std::string folder_;
    UniqueFd fd_;
};

TEST_F(GreylistFile, OutlivesTheProcess) {
    {
        auto list = Greylist::open(fd_.get(), 1024);
        ASSERT_TRUE(list) << list.error().message;
        EXPECT_FALSE(check(**list, kStart));
    }
    auto list = Greylist::open(fd_.get(), 1024);
    ASSERT_TRUE(list);
    EXPECT_TRUE(check(**list, kStart + 60));
    struct stat about {};
    ASSERT_EQ(::fstatat(fd_.get(), "greylist", &about, 0), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(GreylistFile, WhatIsNoneOfThisSizeIsMadeAnew) {
    {
        auto list = Greylist::open(fd_.get(), 1024);
        ASSERT_TRUE(list);
        EXPECT_FALSE(check(**list, kStart));
    }
    auto larger = Greylist::open(fd_.get(), 2048);
    ASSERT_TRUE(larger);
    EXPECT_FALSE(check(**larger, kStart + 60));
    EXPECT_TRUE(check(**larger, kStart + 120));
}

TEST_F(GreylistFile, ALinkIsNotFollowed) {
    std::filesystem::create_symlink("/nowhere", folder_ + "/greylist");
    EXPECT_FALSE(Greylist::open(fd_.get(), 1024));
}

}  // namespace
}  // namespace gatepost::dataplane

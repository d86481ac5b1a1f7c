#include "storage/directory/directory_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <thread>

#include "tests/unit/directory/test_directory.h"

namespace gatepost::tests {
namespace {

using storage::DirectoryImage;
using storage::DirectoryView;

TEST(DirectoryWriter, PutFindReplaceRemove) {
    TestDirectory directory;
    EXPECT_EQ(directory.value("example.org"), std::nullopt);
    ASSERT_TRUE(directory.put("example.org", "first"));
    ASSERT_TRUE(directory.put("", "nameless"));
    ASSERT_TRUE(directory.put("example.org", "elsewhere", EntryKind::redirect));
    EXPECT_EQ(directory.value("example.org"), "first");
    EXPECT_EQ(directory.value(""), "nameless");
    EXPECT_EQ(directory.value("example.org", EntryKind::redirect), "elsewhere");
    EXPECT_EQ(directory.value("example.or"), std::nullopt);
    ASSERT_TRUE(directory.put("example.org", "second"));
    EXPECT_EQ(directory.value("example.org"), "second");
    directory.writer().publish({77, 5});
    EXPECT_EQ(directory.writer().view().size(), 3u);
    directory.writer().remove(EntryKind::tls_identity, "example.org");
    directory.writer().remove(EntryKind::tls_identity, "never.there");
    EXPECT_EQ(directory.value("example.org"), std::nullopt);
    EXPECT_EQ(directory.value("example.org", EntryKind::redirect), "elsewhere");
    EXPECT_EQ(directory.writer().stats().entries, 2u);
}

TEST(DirectoryWriter, AnotherSerialMeansAnotherContent) {
    TestDirectory directory;
    ASSERT_TRUE(directory.put("a", "value"));
    ASSERT_TRUE(directory.put("b", "value"));
    const uint64_t first = directory.serial("a");
    EXPECT_NE(first, directory.serial("b"));
    ASSERT_TRUE(directory.put("a", "value"));
    EXPECT_EQ(directory.serial("a"), first) << "nothing changed";
    ASSERT_TRUE(directory.put("a", "other"));
    EXPECT_NE(directory.serial("a"), first);
    directory.writer().remove(EntryKind::tls_identity, "a");
    ASSERT_TRUE(directory.put("a", "value"));
    EXPECT_NE(directory.serial("a"), first) << "a serial is never given twice";
}

TEST(DirectoryWriter, TheAccountVersionTellsOfDomainsAndAccounts) {
    TestDirectory directory;
    const auto version_after = [&](auto change) {
        change();
        directory.writer().publish({});
        return directory.writer().view().account_version();
    };
    EXPECT_EQ(directory.writer().view().account_version(), 0u);
    EXPECT_EQ(version_after([&] { EXPECT_TRUE(directory.put("a", "x")); }), 0u);
    EXPECT_EQ(version_after([&] {
                  EXPECT_TRUE(directory.put("a@b", "x", EntryKind::mail_account));
                  EXPECT_TRUE(directory.put("b", "x", EntryKind::mail_domain));
                  EXPECT_EQ(directory.writer().view().account_version(), 0u) << "not published yet";
              }),
              1u);
    EXPECT_EQ(version_after([&] {
                  EXPECT_TRUE(directory.put("a@b", "x", EntryKind::mail_account));
                  EXPECT_TRUE(directory.put("c@b", "x", EntryKind::mail_alias));
                  directory.writer().remove(EntryKind::mail_account, "nobody@b");
              }),
              1u)
        << "what is as it was is no change";
    EXPECT_EQ(version_after([&] { directory.writer().remove(EntryKind::mail_account, "a@b"); }),
              2u);
    EXPECT_EQ(version_after([&] { EXPECT_TRUE(directory.put("b", "y", EntryKind::mail_domain)); }),
              3u);
}

TEST(DirectoryWriter, WhatIsTooLongOrTooMuchIsRefusedAndChangesNothing) {
    TestDirectory directory(size_t{2} << 20);
    ASSERT_TRUE(directory.put("a", "value"));
    const std::string long_key(storage::kDirectoryKeyMax + 1, 'k');
    EXPECT_EQ(directory.put(long_key, "value").error().code, ErrorCode::invalid);
    const std::string long_value(storage::kDirectoryValueMax + 1, 'v');
    EXPECT_EQ(directory.put("a", long_value).error().code, ErrorCode::invalid);
    const std::string largest(storage::kDirectoryValueMax, 'v');
    ASSERT_TRUE(directory.put("large", largest));
    const Status full = directory.put("a", largest);
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().code, ErrorCode::refused);
    EXPECT_EQ(directory.value("a"), "value");
    EXPECT_EQ(directory.value("large"), largest);
}

TEST(DirectoryWriter, ReadersKeepWhatTheyHoldUntilTheyLetGo) {
    TestDirectory directory;
    ASSERT_TRUE(directory.put("a", "old value"));
    directory.writer().publish({});
    storage::QsbrReader& reader = directory.qsbr().readers[0];
    reader.online(directory.qsbr().epoch);
    const auto held = directory.writer().view().find(EntryKind::tls_identity, "a");
    ASSERT_TRUE(held.has_value());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(directory.put("a", "new value " + std::to_string(i)));
        directory.writer().publish({});
    }
    EXPECT_EQ(text_of(held->value), "old value");
    EXPECT_GT(directory.writer().stats().retired_bytes, 0u);
    reader.offline();
    directory.writer().publish({});
    EXPECT_EQ(directory.writer().stats().retired_bytes, 0u);
}

// Random changes against a plain model; the table grows, shrinks and is full of freed slots.
TEST(DirectoryWriter, HoldsWhatAModelHolds) {
    TestDirectory directory;
    std::mt19937 random(11);
    std::map<std::string, std::string> model;
    for (int round = 0; round < 300; ++round) {
        const bool growing = round % 100 < 60;
        for (int change = 0; change < 200; ++change) {
            std::string key = "name" + std::to_string(random() % 8000);
            if (random() % 10 < (growing ? 8u : 2u)) {
                std::string value(random() % 300, static_cast<char>('a' + random() % 26));
                ASSERT_TRUE(directory.put(key, value));
                model[key] = value;
            } else {
                directory.writer().remove(EntryKind::tls_identity, key);
                model.erase(key);
            }
        }
        directory.writer().publish({});
        ASSERT_EQ(directory.writer().view().size(), model.size());
    }
    for (int i = 0; i < 8000; ++i) {
        const std::string key = "name" + std::to_string(i);
        const auto known = model.find(key);
        ASSERT_EQ(directory.value(key),
                  known == model.end() ? std::nullopt : std::optional(known->second))
            << key;
    }
    // Nothing leaks: rounds without end would go on in the same memory.
    for (const auto& [key, value] : model) directory.writer().remove(EntryKind::tls_identity, key);
    directory.writer().publish({});
    directory.writer().publish({});
    const auto stats = directory.writer().stats();
    EXPECT_EQ(stats.entries, 0u);
    EXPECT_EQ(stats.retired_bytes, 0u);
    EXPECT_LT(stats.used_bytes, size_t{6} << 20);
}

// Each value tells its key and repeats its number, so that a torn or reused one shows.
std::string value_of(int key, unsigned number) {
    std::string value = std::to_string(key) + ":";
    for (int i = 0; i < 20; ++i) value += std::to_string(number) + ",";
    return value;
}

bool is_whole(std::string_view value, int key) {
    const size_t colon = value.find(':');
    if (colon == std::string_view::npos || value.substr(0, colon) != std::to_string(key))
        return false;
    const std::string_view numbers = value.substr(colon + 1);
    const size_t length = numbers.find(',') + 1;
    if (length == 0 || numbers.size() != 20 * length) return false;
    for (size_t at = length; at < numbers.size(); at += length)
        if (numbers.substr(at, length) != numbers.substr(0, length)) return false;
    return true;
}

TEST(DirectoryWriter, ReadersBesideTheWriterSeeWholeEntries) {
    constexpr int kKeys = 500;
    constexpr int kKept = 400;  // those below are never taken away
    TestDirectory directory;
    for (int key = 0; key < kKeys; ++key)
        ASSERT_TRUE(directory.put("k" + std::to_string(key), value_of(key, 0)));
    directory.writer().publish({});
    std::atomic<bool> done{false};
    std::atomic<int> faults{0};
    std::atomic<int> running{0};
    const auto read = [&](size_t index) {
        auto image = DirectoryImage::map(
            UniqueFd(::fcntl(directory.writer().segment().fd(), F_DUPFD_CLOEXEC, 0)));
        if (!image) {
            ++faults;
            ++running;
            return;
        }
        storage::QsbrReader& reader = directory.qsbr().readers[index];
        std::mt19937 random(static_cast<unsigned>(index));
        reader.online(directory.qsbr().epoch);
        ++running;
        while (!done.load(std::memory_order_relaxed)) {
            for (int i = 0; i < 50; ++i) {
                const int key = static_cast<int>(random() % kKeys);
                const auto entry =
                    image->view().find(EntryKind::tls_identity, "k" + std::to_string(key));
                if (entry ? !is_whole(text_of(entry->value), key) : key < kKept) ++faults;
            }
            reader.quiescent(directory.qsbr().epoch);
        }
        reader.offline();
    };
    std::vector<std::thread> threads;
    for (size_t index = 0; index < 2; ++index) threads.emplace_back(read, index);
    while (running < 2) std::this_thread::yield();
    std::mt19937 random(3);
    for (unsigned round = 1; round < 20'000; ++round) {
        for (int change = 0; change < 5; ++change) {
            const int key = static_cast<int>(random() % kKeys);
            const std::string name = "k" + std::to_string(key);
            if (key >= kKept && random() % 2 == 0)
                directory.writer().remove(EntryKind::tls_identity, name);
            else if (!directory.put(name, value_of(key, round)))
                ++faults;
        }
        // Grows the table below the readers' feet.
        if (!directory.put("new" + std::to_string(round), "x")) ++faults;
        directory.writer().publish({round, 0});
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(faults, 0);
}

}  // namespace
}  // namespace gatepost::tests

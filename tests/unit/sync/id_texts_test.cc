// What the sync path keeps of millions of rows, against std::map.
#include "controlplane/directory/id_texts.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>

namespace gatepost::controlplane::tests {
namespace {

TEST(IdTable, IsAMap) {
    IdTable table;
    std::map<int64_t, uint64_t> expected;
    std::mt19937_64 random(1);
    EXPECT_EQ(table.find(1), std::nullopt);
    EXPECT_FALSE(table.erase(1));
    for (int i = 0; i < 200'000; ++i) {
        // Few enough ids that each is put, replaced and erased many times.
        const int64_t id = static_cast<int64_t>(random() % 3000) - 100;
        if (random() % 3 != 0) {
            table.put(id, static_cast<uint64_t>(i));
            expected[id] = static_cast<uint64_t>(i);
        } else {
            EXPECT_EQ(table.erase(id), expected.erase(id) != 0);
        }
    }
    EXPECT_EQ(table.size(), expected.size());
    for (int64_t id = -100; id < 2900; ++id) {
        const auto found = expected.find(id);
        EXPECT_EQ(table.find(id),
                  found == expected.end() ? std::nullopt : std::optional(found->second));
    }
    size_t visited = 0;
    table.for_each([&](int64_t id, uint64_t& value) {
        ++visited;
        EXPECT_EQ(expected.at(id), value);
    });
    EXPECT_EQ(visited, expected.size());
}

TEST(IdTable, IdsAtTheirEnds) {
    IdTable table;
    for (const int64_t id : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                             std::numeric_limits<int64_t>::max()})
        table.put(id, IdTable::kValueMax);
    EXPECT_EQ(table.size(), 4u);
    EXPECT_TRUE(table.erase(0));
    EXPECT_EQ(table.find(-1), IdTable::kValueMax);
    EXPECT_EQ(table.find(0), std::nullopt);
}

TEST(IdTexts, IsAMap) {
    IdTexts texts;
    std::map<int64_t, std::string> expected;
    std::mt19937_64 random(2);
    for (int i = 0; i < 100'000; ++i) {
        const auto id = static_cast<int64_t>(random() % 1000);
        if (random() % 4 != 0) {
            const std::string text(random() % 200, static_cast<char>('a' + random() % 26));
            texts.put(id, text);
            expected[id] = text;
        } else {
            texts.erase(id);
            expected.erase(id);
        }
    }
    EXPECT_EQ(texts.size(), expected.size());
    for (int64_t id = 0; id < 1000; ++id) {
        const auto found = expected.find(id);
        EXPECT_EQ(texts.find(id), found == expected.end()
                                      ? std::nullopt
                                      : std::optional<std::string_view>(found->second));
    }
    // Nine million octets went through it.
    EXPECT_LT(texts.size_bytes(), size_t{4} << 20);
}

TEST(IdTexts, LargeOnesAndTheirSpace) {
    IdTexts texts;
    const std::string large(size_t{3} << 20, 'x');
    texts.put(1, "before");
    texts.put(2, large);
    texts.put(3, "behind");
    EXPECT_EQ(texts.find(1), "before");
    EXPECT_EQ(texts.find(2), large);
    EXPECT_EQ(texts.find(3), "behind");
    texts.put(2, "small");
    EXPECT_LT(texts.size_bytes(), size_t{2} << 20);
    EXPECT_EQ(texts.find(1), "before");
    EXPECT_EQ(texts.find(2), "small");
    EXPECT_EQ(texts.find(3), "behind");
}

}  // namespace
}  // namespace gatepost::controlplane::tests

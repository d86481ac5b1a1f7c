// From rows of the tables to the scans of a worker, through a directory arena.
#include "dataplane/filter/filter_loader.h"

#include <gtest/gtest.h>

#include "controlplane/directory/filter_tables.h"
#include "dataplane/mail/mime_parser.h"
#include "storage/arena/runtime_page.h"
#include "tests/unit/filter/filter_support.h"

namespace gatepost::test {
namespace {

using controlplane::FilterBuilder;
using controlplane::FilterRuleRow;

class FilterLoading : public testing::Test {
  protected:
    void finish() {
        tables.finish(FilterBuilder::kForever);
        entries.writer().publish({});
    }
    void put(int64_t id, std::string_view name, std::string_view pattern) {
        FilterRuleRow row = filter_rule(name, "body", "contains", pattern);
        row.id = id;
        tables.put(row);
    }
    auto scan() { return loader.make_scan(entries.writer().view()); }
    std::vector<std::string> names(std::string_view message) {
        auto one = scan();
        if (one == nullptr) return {"no filter"};
        return names(*one, message);
    }
    std::vector<std::string> names(dataplane::FilterScan& one, std::string_view message) {
        dataplane::MimeParser parser(charsets, &one);
        parser.feed({reinterpret_cast<const uint8_t*>(message.data()), message.size()});
        parser.finish();
        return one.judge({}, {}).rules;
    }
    static std::unique_ptr<storage::DirectoryWriter> writer(storage::Qsbr& qsbr, size_t size) {
        auto segment =
            storage::Segment::create("filter-test", size, storage::PageKind::plain).value();
        return storage::DirectoryWriter::create(std::move(segment), qsbr, 1).value();
    }

    std::unique_ptr<storage::RuntimePage> page = std::make_unique<storage::RuntimePage>();
    controlplane::DirectoryEntries entries{writer(page->qsbr, size_t{64} << 20)};
    controlplane::FilterTables tables{entries};
    dataplane::Charsets charsets;
    dataplane::FilterCounters counters{};
    dataplane::FilterLoader loader{charsets, counters};
};

constexpr std::string_view kMessage = "Subject: s\r\n\r\none two three\r\n";
using Names = std::vector<std::string>;

TEST_F(FilterLoading, WithoutRulesThereIsNothingToScanWith) {
    finish();
    EXPECT_EQ(scan(), nullptr);
    EXPECT_EQ(entries.writer().view().size(), 0u);
}

TEST_F(FilterLoading, RulesComeChangeAndGo) {
    put(1, "a", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    put(2, "b", "two");
    finish();
    EXPECT_EQ(names(kMessage), (Names{"a", "b"}));
    put(1, "a", "four");
    finish();
    EXPECT_EQ(names(kMessage), Names{"b"});
    tables.remove(controlplane::FilterRuleKey{1});
    tables.remove(controlplane::FilterRuleKey{2});
    finish();
    EXPECT_EQ(scan(), nullptr);
    EXPECT_EQ(entries.writer().view().size(), 0u) << "no chunk is left behind";
    EXPECT_EQ(counters.loads.load(), 3u);
}

TEST_F(FilterLoading, WhatIsTheSameIsNotLoadedAgain) {
    put(1, "a", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    put(1, "a", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    EXPECT_EQ(counters.loads.load(), 1u);
    EXPECT_EQ(tables.placements(), 1u);
}

TEST_F(FilterLoading, AMessageUnderWayEndsWithTheRulesThatItBeganWith) {
    put(1, "a", "one two");
    finish();
    auto old = scan();
    dataplane::MimeParser parser(charsets, old.get());
    const std::string_view head = kMessage.substr(0, 18);
    parser.feed({reinterpret_cast<const uint8_t*>(head.data()), head.size()});
    for (int i = 2; i < 200; ++i) put(i, "b" + std::to_string(i), "t(w" + std::to_string(i) + "o");
    put(1, "a", "three");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    const std::string_view tail = kMessage.substr(18);
    parser.feed({reinterpret_cast<const uint8_t*>(tail.data()), tail.size()});
    parser.finish();
    const auto verdict = old->judge({}, {});
    EXPECT_EQ(verdict.rules, Names{"a"});
    EXPECT_EQ(old->database().rules().rules.size(), 1u);
}

TEST_F(FilterLoading, LargeSetsComeInChunks) {
    for (int i = 1; i <= 4000; ++i)
        put(i, "r" + std::to_string(i), "wordnumber" + std::to_string(i * 7919));
    finish();
    const auto entry = entries.writer().view().find(storage::EntryKind::filter_database,
                                                    storage::kFilterManifestKey);
    ASSERT_TRUE(entry.has_value());
    const auto manifest = storage::decode_filter_manifest(entry->value);
    ASSERT_TRUE(manifest.has_value());
    EXPECT_GT(manifest->chunks(), 1u);
    EXPECT_EQ(names("Subject: s\r\n\r\nthe wordnumber79190 is\r\n"), (Names{"r1", "r10"}));
}

TEST_F(FilterLoading, HeldRulesAreToldOfUntilTheyAreMended) {
    FilterRuleRow row = filter_rule("bad", "body", "regex", "a(");
    row.id = 1;
    tables.put(row);
    put(2, "good", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"good"});
    const auto held = entries.held()->list(10);
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0].what, "filter rule bad");
    row.pattern = "a(b)?";
    tables.put(row);
    finish();
    EXPECT_TRUE(entries.held()->empty());
}

TEST_F(FilterLoading, DamageLeavesTheRulesBeforeInForce) {
    put(1, "a", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    const std::vector<uint8_t> octets(100, 7);
    const auto manifest = storage::filter_manifest_of(octets);
    ASSERT_TRUE(entries.put(storage::EntryKind::filter_database, manifest.chunk_key(0), octets));
    ASSERT_TRUE(entries.put(storage::EntryKind::filter_database, "manifest",
                            storage::encode_filter_manifest(manifest)));
    EXPECT_EQ(names(kMessage), Names{"a"});
    EXPECT_EQ(names(kMessage), Names{"a"});
    EXPECT_EQ(counters.load_failures.load(), 1u);
}

// A reader has the old manifest while its chunks go.
TEST_F(FilterLoading, AChunkThatIsGoneIsWaitedFor) {
    put(1, "a", "one");
    finish();
    EXPECT_EQ(names(kMessage), Names{"a"});
    const storage::FilterManifest manifest{1, 5};
    ASSERT_TRUE(entries.put(storage::EntryKind::filter_database, "manifest",
                            storage::encode_filter_manifest(manifest)));
    EXPECT_EQ(names(kMessage), Names{"a"});
    EXPECT_EQ(counters.load_failures.load(), 0u);
    const auto first = storage::decode_filter_manifest(storage::encode_filter_manifest(manifest));
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(storage::assemble_filter_image(entries.writer().view(), *first).error().code,
              ErrorCode::conflict);
}

TEST_F(FilterLoading, AFullArenaHoldsTheRules) {
    const std::vector<uint8_t> filler(storage::kFilterChunkMax, 1);
    const auto key = [](int i) { return "host/" + std::to_string(i); };
    int fillers = 0;
    while (entries.writer().put(storage::EntryKind::acme_challenge, key(fillers), filler))
        ++fillers;
    for (int i = 1; i <= 4000; ++i) put(i, "r" + std::to_string(i), "word" + std::to_string(i));
    finish();
    auto held = entries.held()->list(10);
    ASSERT_EQ(held.size(), 1u);
    EXPECT_EQ(held[0].what, "filter rules");
    EXPECT_EQ(scan(), nullptr);

    for (int i = 0; i < fillers; ++i) entries.remove(storage::EntryKind::acme_challenge, key(i));
    entries.writer().publish({});
    finish();
    EXPECT_TRUE(entries.held()->empty());
    EXPECT_EQ(names("Subject: s\r\n\r\nword4000\r\n").back(), "r4000");
}

}  // namespace
}  // namespace gatepost::test

// Thousands of random steps against the same in a std::map.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "storage/mailbox_index/mailbox_index_header.h"
#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr uint64_t kBox = 40;
const std::vector<std::string> kKeywords = {"$Forwarded", "$Junk", "work", "later", "x"};

struct Expected {
    uint64_t modseq = 0;
    uint8_t flags = 0;
    uint32_t segment = 0;
    std::string summary;
    size_t keyword = 0;  // of kKeywords; one too many: none
};

class MailboxModel {
  public:
    MailboxModel(MailboxIndexRig& rig, uint64_t seed) : rig_(rig), random_(seed) {}

    void begin(uint32_t messages) {
        MailboxUpdate whole;
        for (uint32_t i = 0; i < messages; ++i) put(whole, ++last_uid_);
        finish(whole);
        ASSERT_TRUE(rig_.writer().load(whole).has_value());
    }

    void step() {
        MailboxUpdate update;
        ++modseq_;
        switch (below(8)) {
            case 0:  // arrivals, some after a gap
                for (uint64_t i = below(40); i-- > 0;) put(update, last_uid_ += 1 + below(3) / 2);
                break;
            case 1:
                expunge(update, 1 + below(40), 1 + below(60));
                break;
            case 2:  // late ones, between those that are there
                insert(update);
                break;
            case 3:
                add_summaries();
                return;
            default:
                change(update, 1 + below(30));
        }
        finish(update);
        ASSERT_TRUE(rig_.writer().apply(update).has_value());
    }

    void check() const {
        const MailboxView mailbox = rig_.mailbox(kBox);
        ASSERT_EQ(mailbox.size(), expected_.size());
        ASSERT_EQ(mailbox.status().highest_modseq, status_modseq_);
        auto wanted = expected_.begin();
        size_t index = 0;
        for (size_t i = 0; i < mailbox.chunk_count(); ++i) {
            const MailboxChunk chunk = mailbox.chunk(i);
            ASSERT_FALSE(chunk.entries.empty());
            ASSERT_LE(chunk.entries.size(), kChunkEntriesMax);
            uint64_t modseq_max = 0;
            for (const MailboxEntry& entry : chunk.entries) {
                ASSERT_EQ(entry.uid, wanted->first);
                check(mailbox, entry, wanted->second);
                modseq_max = std::max(modseq_max, entry.modseq);
                ASSERT_EQ(&mailbox.at(index), &entry);
                ++index;
                ++wanted;
            }
            ASSERT_EQ(chunk.modseq_max, modseq_max);
        }
        // Half full at least, but for what stands alone between fuller ones.
        ASSERT_LE(mailbox.chunk_count(), 2 * expected_.size() / kChunkEntriesMerged + 1);
    }

    void check_lookups() {
        const MailboxView mailbox = rig_.mailbox(kBox);
        for (int i = 0; i < 200; ++i) {
            const auto uid = static_cast<uint32_t>(below(last_uid_ + 10));
            const auto wanted = expected_.find(uid);
            const MailboxEntry* entry = mailbox.find(uid);
            ASSERT_EQ(entry != nullptr, wanted != expected_.end()) << uid;
            const size_t bound = mailbox.lower_bound(uid);
            const auto next = expected_.lower_bound(uid);
            ASSERT_EQ(bound == mailbox.size(), next == expected_.end()) << uid;
            if (bound < mailbox.size()) {
                ASSERT_EQ(mailbox.at(bound).uid, next->first);
            }
        }
    }

  private:
    uint64_t below(uint64_t end) { return random_() % end; }

    static void check(const MailboxView& mailbox, const MailboxEntry& entry,
                      const Expected& wanted) {
        ASSERT_EQ(entry.modseq, wanted.modseq);
        ASSERT_EQ(entry.flags, wanted.flags);
        ASSERT_EQ(entry.segment, wanted.segment);
        ASSERT_EQ(entry.size, entry.uid * 3);
        ASSERT_EQ(text_of(mailbox.summary(entry)), wanted.summary);
        if (wanted.keyword == kKeywords.size()) {
            ASSERT_EQ(entry.keywords, 0u);
            return;
        }
        const auto bit = mailbox.find_keyword(kKeywords[wanted.keyword]);
        ASSERT_TRUE(bit.has_value());
        ASSERT_EQ(entry.keywords, uint64_t{1} << *bit);
    }

    // A new message, or a new state of one, of the present modseq.
    void put(MailboxUpdate& update, uint32_t uid) {
        const auto [at, is_new] = expected_.try_emplace(uid);
        Expected& expected = at->second;
        expected.modseq = modseq_;
        expected.flags = static_cast<uint8_t>(below(kAllFlags + 1));
        expected.keyword = below(kKeywords.size() + 1);
        expected.segment = static_cast<uint32_t>(below(3));
        if (is_new && below(3) == 0) expected.summary = std::string(1 + below(300), 's');
        MailboxMessage message = message_of(uid, modseq_, expected.flags);
        message.entry.segment = expected.segment;
        if (expected.keyword < kKeywords.size())
            message.keywords.push_back(kKeywords[expected.keyword]);
        message.summary = octets_of(expected.summary);
        update.messages.push_back(message);
    }

    void change(MailboxUpdate& update, uint64_t count) {
        auto at = expected_.lower_bound(static_cast<uint32_t>(below(last_uid_ + 1)));
        for (; at != expected_.end() && count-- > 0; ++at) {
            if (below(4) != 0) {
                put(update, at->first);
                continue;
            }
            // Older than what is there: only the place counts.
            MailboxMessage stale = message_of(at->first, at->second.modseq, kFlagDraft);
            stale.entry.segment = at->second.segment = static_cast<uint32_t>(below(3));
            update.messages.push_back(stale);
        }
    }

    void expunge(MailboxUpdate& update, uint64_t step, uint64_t count) {
        auto uid = static_cast<uint32_t>(below(last_uid_ + 1));
        for (; count-- > 0; uid += static_cast<uint32_t>(step)) {
            update.expunged.push_back(uid);
            expected_.erase(uid);
        }
    }

    void insert(MailboxUpdate& update) {
        auto uid = static_cast<uint32_t>(1 + below(last_uid_));
        for (int i = 0; i < 30 && uid <= last_uid_; ++i, ++uid)
            if (!expected_.contains(uid)) put(update, uid);
    }

    void add_summaries() {
        std::vector<std::pair<uint32_t, Bytes>> summaries;
        const std::string text(1 + below(500), 't');
        auto at = expected_.lower_bound(static_cast<uint32_t>(below(last_uid_ + 1)));
        for (int i = 0; at != expected_.end() && i < 20; ++at, ++i) {
            summaries.emplace_back(at->first, octets_of(text));
            if (at->second.summary.empty()) at->second.summary = text;
        }
        std::shuffle(summaries.begin(), summaries.end(), random_);
        ASSERT_TRUE(rig_.writer().add_summaries(kBox, summaries).has_value());
    }

    void finish(MailboxUpdate& update) {
        status_modseq_ = modseq_;
        update.status = status_of(kBox, modseq_, expected_.size());
    }

    MailboxIndexRig& rig_;
    std::mt19937_64 random_;
    std::map<uint32_t, Expected> expected_;
    uint32_t last_uid_ = 0;
    uint64_t modseq_ = 1;
    uint64_t status_modseq_ = 0;
};

TEST(MailboxIndexModel, RandomSteps) {
    for (const uint64_t seed : {1, 2, 3}) {
        MailboxIndexRig rig;
        MailboxModel model(rig, seed);
        ASSERT_NO_FATAL_FAILURE(model.begin(seed == 1 ? 0 : 1500));
        for (int step = 0; step < 3000; ++step) {
            ASSERT_NO_FATAL_FAILURE(model.step()) << "seed " << seed << " step " << step;
            if (step % 3 == 0) rig.writer().reclaim();
            if (step % 10 != 0) continue;
            ASSERT_NO_FATAL_FAILURE(model.check()) << "seed " << seed << " step " << step;
            ASSERT_NO_FATAL_FAILURE(model.check_lookups()) << "seed " << seed;
        }
        // Nothing is lost on the way: what is not free belongs to the one mailbox, and to the
        // table.
        rig.writer().reclaim();
        rig.writer().evict(kBox);
        rig.writer().reclaim();
        const MailboxIndexStats stats = rig.writer().stats();
        EXPECT_LE(stats.used_bytes - stats.free_bytes, kArenaHeaderSize + 16'384u);
    }
}

}  // namespace
}  // namespace gatepost::tests

// A reader beside the writer: whatever it sees is one of the states that were published.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "tests/unit/mailbox_index/mailbox_index_rig.h"

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr uint64_t kReadBox = 40;
constexpr uint64_t kAccount = 7;
constexpr uint64_t kStates = 30'000;
constexpr uint64_t kLooksMin = 200;

// What the writer says of a state in its status, to be compared with the messages themselves.
struct Sums {
    uint64_t messages = 0;
    uint64_t uids = 0;  // their sum
    uint64_t unseen = 0;
    uint64_t modseq = 0;  // the highest
};

Sums sums_of(const MailboxView& mailbox) {
    Sums sums;
    for (size_t i = 0; i < mailbox.chunk_count(); ++i)
        for (const MailboxEntry& entry : mailbox.chunk(i).entries) {
            ++sums.messages;
            sums.uids += entry.uid;
            sums.unseen += (entry.flags & kFlagSeen) == 0 ? 1 : 0;
            sums.modseq = std::max(sums.modseq, entry.modseq);
            const Bytes summary = mailbox.summary(entry);
            // One of its own, with its UID in it.
            if (!summary.empty()) {
                EXPECT_EQ(text_of(summary), std::to_string(entry.uid));
            }
        }
    return sums;
}

class Reader {
  public:
    Reader(MailboxIndexRig& rig, size_t number)
        : rig_(rig), reader_(rig.qsbr().readers[number]), thread_([this] { run(); }) {}
    ~Reader() {
        stop_ = true;
        thread_.join();
    }
    uint64_t looks() const { return looks_; }

  private:
    void run() {
        reader_.online(rig_.qsbr().epoch);
        uint64_t modseq = 0;
        while (!stop_ && !testing::Test::HasFailure()) {
            reader_.quiescent(rig_.qsbr().epoch);
            const auto mailbox = rig_.writer().view().mailbox(kReadBox);
            if (!mailbox) continue;
            const MailboxStatus status = mailbox->status();
            EXPECT_GE(status.highest_modseq, modseq) << "time runs one way";
            modseq = status.highest_modseq;
            if (mailbox->has_messages()) {
                const Sums sums = sums_of(*mailbox);
                EXPECT_EQ(sums.messages, status.messages);
                EXPECT_EQ(sums.messages, mailbox->size());
                EXPECT_EQ(sums.uids, status.octets);
                EXPECT_EQ(sums.unseen, status.unseen);
                EXPECT_LE(sums.modseq, status.highest_modseq);
            }
            if (const auto account = rig_.writer().view().account(kAccount)) {
                EXPECT_EQ(account->size(), 2u);
                EXPECT_EQ(account->at(0).mailbox_id + 1, account->at(1).mailbox_id);
                EXPECT_EQ(account->at(0).name, "A" + std::to_string(account->at(0).mailbox_id));
            }
            ++looks_;
        }
        reader_.offline();
    }

    MailboxIndexRig& rig_;
    QsbrReader& reader_;
    std::atomic<bool> stop_{false};
    std::atomic<uint64_t> looks_{0};
    std::thread thread_;  // last: it uses the others
};

// Arrivals, flags and expunges at random, with the sums kept beside them.
class Changer {
  public:
    explicit Changer(MailboxIndexRig& rig) : rig_(rig) {}

    void load() {
        MailboxUpdate whole;
        for (uint32_t uid = 1; uid <= 600; ++uid) arrive(whole);
        finish(whole);
        until_there_is_room([&] { return rig_.writer().load(whole); });
    }
    void step(uint64_t number) {
        if (number % 500 == 499) {
            rig_.writer().evict(kReadBox);
            seen_.clear();
            last_uid_ = 0;
            load();
            return;
        }
        MailboxUpdate update;
        ++modseq_;
        const uint64_t kind = random_() % 3;
        if (kind == 0)
            for (int i = 0; i < 3; ++i) arrive(update);
        else
            change(update, kind == 1);
        finish(update);
        until_there_is_room([&] { return rig_.writer().apply(update); });
        const std::string first = "A" + std::to_string(number);
        const std::string second = "B" + std::to_string(number);
        const MailboxListing list[] = {{.mailbox_id = number, .name = first},
                                       {.mailbox_id = number + 1, .name = second}};
        until_there_is_room([&] { return rig_.writer().put_account(kAccount, list); });
        rig_.writer().reclaim();
    }

  private:
    // A reader that the machine has stopped holds everything back that was replaced since.
    template <typename Step>
    void until_there_is_room(Step step) {
        for (Status done = step(); !done; done = step()) {
            ASSERT_EQ(done.error().code, ErrorCode::refused) << done.error().message;
            std::this_thread::yield();
            rig_.writer().reclaim();
        }
    }
    void arrive(MailboxUpdate& update) {
        const uint32_t uid = ++last_uid_;
        texts_.push_back(std::to_string(uid));
        update.messages.push_back(message_of(uid, modseq_, 0, {}, texts_.back()));
        seen_[uid] = false;
    }
    void change(MailboxUpdate& update, bool expunge) {
        auto at = seen_.lower_bound(static_cast<uint32_t>(random_() % last_uid_));
        for (int i = 0; at != seen_.end() && i < 3; ++i) {
            if (expunge) {
                update.expunged.push_back(at->first);
                at = seen_.erase(at);
                continue;
            }
            at->second = !at->second;
            update.messages.push_back(
                message_of(at->first, modseq_, at->second ? uint8_t{kFlagSeen} : uint8_t{0}));
            ++at;
        }
    }
    void finish(MailboxUpdate& update) {
        update.status = status_of(kReadBox, modseq_, seen_.size());
        for (const auto& [uid, seen] : seen_) {
            update.status.octets += uid;
            update.status.unseen += seen ? 0 : 1;
        }
    }

    MailboxIndexRig& rig_;
    std::mt19937_64 random_{11};
    std::map<uint32_t, bool> seen_;
    std::deque<std::string> texts_;
    uint32_t last_uid_ = 0;
    uint64_t modseq_ = 1;
};

TEST(MailboxIndexReader, SeesOnlyStatesThatWerePublished) {
    MailboxIndexRig rig(size_t{16} << 20);
    Changer changer(rig);
    ASSERT_NO_FATAL_FAILURE(changer.load());
    Reader first(rig, 0);
    Reader second(rig, 1);
    for (uint64_t i = 0; i < kStates || first.looks() < kLooksMin || second.looks() < kLooksMin;
         ++i) {
        ASSERT_NO_FATAL_FAILURE(changer.step(i)) << "step " << i;
        if (HasFailure()) break;
    }
}

}  // namespace
}  // namespace gatepost::tests

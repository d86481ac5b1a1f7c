// Changes of very many messages, made in pieces.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/imap/uid_sets.h"
#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

using dataplane::in_pieces;
using storage::UidSet;

constexpr uint32_t kAtOnce = 2;  // messages

TEST(InPieces, CutsRangesWhereAPieceIsFull) {
    EXPECT_TRUE(in_pieces({}, 3).empty());
    EXPECT_EQ(in_pieces({{1, 3}}, 3), (std::vector<UidSet>{{{1, 3}}}));
    EXPECT_EQ(in_pieces({{1, 4}}, 3), (std::vector<UidSet>{{{1, 3}}, {{4, 4}}}));
    EXPECT_EQ(in_pieces({{1, 2}, {5, 5}, {8, 12}}, 3),
              (std::vector<UidSet>{{{1, 2}, {5, 5}}, {{8, 10}}, {{11, 12}}}));
    EXPECT_EQ(
        in_pieces({{UINT32_MAX - 2, UINT32_MAX}}, 2),
        (std::vector<UidSet>{{{UINT32_MAX - 2, UINT32_MAX - 1}}, {{UINT32_MAX, UINT32_MAX}}}));
}

class Pieces : public testing::Test {
  protected:
    Pieces() : rig_(world_, options()) {
        for (const char* subject : {"one", "two", "three", "four", "five", "six", "seven"})
            world_.deliver(world_.inbox, sample_message(subject));
        rig_.log_in();
        rig_.command("SELECT INBOX");
        world_.boxes.asked.clear();
    }

    static dataplane::ImapOptions options() {
        dataplane::ImapOptions options = imap_options();
        options.changed_at_once = kAtOnce;
        return options;
    }

    // Of requests that change something: their UIDs.
    template <typename Request>
    std::vector<UidSet> asked() const {
        std::vector<UidSet> sets;
        for (const storage::MailboxRequest& request : world_.boxes.asked)
            if (const auto* one = std::get_if<Request>(&request)) sets.push_back(one->uids);
        return sets;
    }

    // Before the request of that number, from 1 on.
    void before_request(size_t number, std::function<void()> call) {
        world_.boxes.disturb = [this, number, call = std::move(call), calls = size_t{0}]() mutable {
            // Before and after each.
            if (++calls == 2 * number - 1) call();
        };
    }

    bool has(std::string_view said, std::string_view what) const {
        return said.find(what) != std::string_view::npos;
    }

    ImapWorld world_;
    ImapRig rig_;
};

TEST_F(Pieces, OfFlags) {
    const std::string said = rig_.command("STORE 1:5 +FLAGS (\\Flagged)");
    EXPECT_EQ(asked<storage::StoreFlags>(), (std::vector<UidSet>{{{1, 2}}, {{3, 4}}, {{5, 5}}}));
    for (int n = 1; n <= 5; ++n)
        EXPECT_TRUE(has(said, fmt::format("* {} FETCH (FLAGS (\\Flagged))", n))) << said;
    EXPECT_TRUE(has(said, " OK STORE completed")) << said;
}

TEST_F(Pieces, OfWhatIsDeleted) {
    rig_.command("STORE 1,3,4,5,7 +FLAGS.SILENT (\\Deleted)");
    // While it is done somebody marks another one.
    before_request(3,
                   [this] { world_.boxes.change_flags(world_.inbox, 6, storage::kFlagDeleted); });
    const std::string said = rig_.command("EXPUNGE");
    EXPECT_EQ(asked<storage::ExpungeMessages>(),
              (std::vector<UidSet>{{{1, 3}}, {{4, 5}}, {{6, UINT32_MAX}}}));
    EXPECT_EQ(world_.boxes.mailbox(world_.inbox).messages.size(), 1U);
    EXPECT_TRUE(has(said, " OK EXPUNGE completed")) << said;
    EXPECT_TRUE(has(rig_.command("FETCH 1:* (UID)"), "* 1 FETCH (UID 2)"));
}

TEST_F(Pieces, FewAreOneRequest) {
    rig_.command("STORE 1,7 +FLAGS.SILENT (\\Deleted)");
    rig_.command("CLOSE");
    EXPECT_EQ(asked<storage::ExpungeMessages>(), (std::vector<UidSet>{{}}));
    EXPECT_EQ(world_.boxes.mailbox(world_.inbox).messages.size(), 5U);
}

TEST_F(Pieces, OfUids) {
    rig_.command("STORE 1:7 +FLAGS.SILENT (\\Deleted)");
    rig_.command("UID EXPUNGE 2:4,6:99");
    EXPECT_EQ(asked<storage::ExpungeMessages>(),
              (std::vector<UidSet>{{{2, 3}}, {{4, 4}, {6, 6}}, {{7, 7}}}));
    EXPECT_EQ(world_.boxes.mailbox(world_.inbox).messages.size(), 2U);
}

TEST_F(Pieces, FewOfManyUidsAreOneRequest) {
    rig_.command("STORE 6 +FLAGS.SILENT (\\Deleted)");
    rig_.command("UID EXPUNGE 1:*");
    EXPECT_EQ(asked<storage::ExpungeMessages>(), (std::vector<UidSet>{{{1, 7}}}));
    EXPECT_EQ(world_.boxes.mailbox(world_.inbox).messages.size(), 6U);
}

TEST_F(Pieces, OfWhatIsMoved) {
    const std::string said = rig_.command("MOVE 1:3 Sent");
    EXPECT_EQ(asked<storage::CopyMessages>(), (std::vector<UidSet>{{{1, 2}}, {{3, 3}}}));
    const size_t first = said.find(" 1:2 1:2] Moved");
    const size_t second = said.find(" 3 3] Moved");
    ASSERT_TRUE(first != std::string::npos && second != std::string::npos) << said;
    EXPECT_LT(first, second);
    EXPECT_LT(second, said.find("* 1 EXPUNGE"));
    EXPECT_TRUE(has(said, " OK MOVE completed")) << said;
}

TEST_F(Pieces, WhatWasMovedBeforeAnErrorStaysMoved) {
    before_request(3, [this] { world_.boxes.available = false; });
    const std::string said = rig_.command("MOVE 1:7 Sent");
    world_.boxes.disturb = nullptr;
    world_.boxes.available = true;
    EXPECT_TRUE(has(said, " 3:4 3:4] Moved")) << said;
    EXPECT_TRUE(has(said, " NO [UNAVAILABLE]")) << said;
    EXPECT_TRUE(has(rig_.command("STATUS Sent (MESSAGES)"), "(MESSAGES 4)"));
    EXPECT_TRUE(has(rig_.command("FETCH 1:* (UID)"), "* 3 FETCH (UID 7)"));
}

// RFC 9051 §6.4.7: all or none.
TEST_F(Pieces, ACopyIsOneRequest) {
    rig_.command("COPY 1:7 Sent");
    EXPECT_EQ(asked<storage::CopyMessages>(), (std::vector<UidSet>{{{1, 7}}}));
}

}  // namespace

}  // namespace gatepost::tests

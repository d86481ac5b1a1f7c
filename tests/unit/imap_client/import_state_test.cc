#include "tools/gatepost/imap_import/import_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gatepost::tools {
namespace {

class State : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/gatepost-state-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder_ = name;
        path_ = folder_ + "/state";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<ImportState> open(bool read_only = false) {
        auto state = ImportState::open(path_, "a@b:993 to c@d", flags_, read_only);
        EXPECT_TRUE(state) << (state ? "" : state.error().message);
        return state ? std::move(*state) : nullptr;
    }
    std::string folder_, path_;
    FlagTable flags_;
};

TEST_F(State, GoesOnWhereItEnded) {
    {
        auto state = open();
        FolderState& folder = **state->folder("INBOX.a b", 7, "a b", 9);
        EXPECT_TRUE(state->note(folder, 1, {100, flags_.number("\\Seen Work")}));
        EXPECT_TRUE(state->note(folder, 2, {101, flags_.number("")}));
        EXPECT_TRUE(state->note(folder, 2, {101, flags_.number("\\Flagged")}));
        state->note_subscription("INBOX.a b", true);
        ASSERT_TRUE(state->flush());
    }
    auto state = open();
    const FolderState& folder = **state->folder("INBOX.a b", 7, "a b", 9);
    ASSERT_EQ(folder.messages.size(), 2u);
    EXPECT_EQ(folder.messages.at(1).uid, 100u);
    EXPECT_EQ(flags_.text(folder.messages.at(1).flags), "Work \\Seen");
    EXPECT_EQ(flags_.text(folder.messages.at(2).flags), "\\Flagged");
    EXPECT_TRUE(state->is_copy("a b", 101));
    EXPECT_FALSE(state->is_copy("a b", 102));
    EXPECT_EQ(state->subscription("INBOX.a b"), true);
    EXPECT_EQ(state->subscription("other"), std::nullopt);
}

TEST_F(State, WhatACrashCutOffIsDropped) {
    {
        auto state = open();
        FolderState& folder = **state->folder("INBOX", 7, "INBOX", 9);
        for (uint32_t uid = 1; uid <= 100; ++uid)
            state->note(folder, uid, {uid + 1000, flags_.number("")});
        ASSERT_TRUE(state->flush());
    }
    const auto whole = std::filesystem::file_size(path_);
    size_t before = 101;
    for (uintmax_t size = whole - 1; size > 0; --size) {
        std::filesystem::resize_file(path_, size);
        auto state = open();
        ASSERT_NE(state, nullptr) << size;
        const size_t kept = (*state->folder("INBOX", 7, "INBOX", 9))->messages.size();
        EXPECT_LE(kept, before);
        before = kept;
        size = std::min(size, std::filesystem::file_size(path_));
        if (kept == 0) break;
    }
}

TEST_F(State, AnotherUidValidityIsAnotherFolder) {
    {
        auto state = open();
        state->note(**state->folder("x", 7, "x", 9), 1, {100, flags_.number("")});
        FolderState& folder = **state->folder("x", 8, "x", 9);
        EXPECT_TRUE(folder.messages.empty());
        // It may be the copy of a message of the new one.
        EXPECT_FALSE(state->is_copy("x", 100));
        EXPECT_TRUE(state->note(folder, 5, {100, flags_.number("")}));
        ASSERT_TRUE(state->flush());
    }
    auto state = open();
    EXPECT_EQ((*state->folder("x", 8, "x", 9))->messages.size(), 1u);
    EXPECT_TRUE((*state->folder("x", 8, "x", 10))->messages.empty());
    EXPECT_EQ(state->find_folder("x", 9), nullptr);
}

TEST_F(State, OneMessageOfOursIsTheCopyOfOne) {
    auto state = open();
    FolderState& folder = **state->folder("x", 7, "m", 9);
    FolderState& other = **state->folder("y", 7, "m", 9);
    EXPECT_TRUE(state->note(folder, 1, {100, flags_.number("")}));
    EXPECT_FALSE(state->note(folder, 2, {100, flags_.number("")}));
    EXPECT_FALSE(state->note(other, 1, {100, flags_.number("")}));
    EXPECT_EQ(folder.messages.size(), 1u);
    EXPECT_TRUE(other.messages.empty());
}

TEST_F(State, WhoseItIs) {
    auto state = open();
    EXPECT_EQ(ImportState::open(path_, "a@b:993 to c@d", flags_, false).error().code,
              ErrorCode::conflict);
    EXPECT_TRUE(ImportState::open(path_, "a@b:993 to c@d", flags_, true));
    state.reset();
    EXPECT_EQ(ImportState::open(path_, "x@b:993 to c@d", flags_, false).error().code,
              ErrorCode::refused);
    std::ofstream(path_) << "something else\n";
    EXPECT_EQ(ImportState::open(path_, "a@b:993 to c@d", flags_, false).error().code,
              ErrorCode::invalid);
    EXPECT_EQ(ImportState::open(folder_ + "/no/such", "", flags_, false).error().code,
              ErrorCode::refused);
}

TEST_F(State, NumbersOfFoldersAreTheirOwn) {
    for (std::string_view folders :
         {"F 3 7 9 x x\nF 3 7 9 y y\n", "F 0 7 9 x x\n", "F 4294967295 7 9 x x\n"}) {
        std::ofstream(path_) << "gatepost import 1\nfrom a@b:993 to c@d\n" << folders;
        EXPECT_EQ(ImportState::open(path_, "a@b:993 to c@d", flags_, false).error().code,
                  ErrorCode::invalid);
    }
}

TEST_F(State, ReadingMakesNoFile) {
    EXPECT_NE(open(true), nullptr);
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST(StateWords, AnyName) {
    for (const std::string name : {"", "a", "a b\tc\r\n%41", "Entw\xc3\xbcrfe"}) {
        const std::string word = state_word(name);
        EXPECT_EQ(word.find_first_of(" \t\r\n"), std::string::npos);
        EXPECT_EQ(text_of_state_word(word), name);
    }
    EXPECT_EQ(text_of_state_word("%4"), std::nullopt);
    EXPECT_EQ(text_of_state_word("%zz"), std::nullopt);
}

}  // namespace
}  // namespace gatepost::tools

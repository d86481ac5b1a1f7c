#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "controlplane/model/stored_message.h"
#include "tools/gatepost/mail/local_smtp.h"
#include "tools/gatepost/mail/maildir.h"
#include "tools/gatepost/mail/mbox.h"
#include "tools/gatepost/mail/message_header.h"

namespace gatepost::tools {
namespace {

namespace fs = std::filesystem;
using controlplane::kDraft;
using controlplane::kFlagged;
using controlplane::kSeen;
using Values = std::vector<std::string>;

class MailFiles : public testing::Test {
  protected:
    MailFiles() {
        char path[] = "/tmp/gatepost-mail-XXXXXX";
        path_ = ::mkdtemp(path);
    }
    ~MailFiles() override { fs::remove_all(path_); }

    std::string write(const std::string& name, const std::string& text) {
        const std::string path = path_ + "/" + name;
        fs::create_directories(fs::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }

    std::string path_;
};

TEST(MaildirName, BothWays) {
    for (const auto& [name, folder] :
         std::vector<std::pair<std::string, std::string>>{{"Work", ".Work"},
                                                          {"Work/2026", ".Work.2026"},
                                                          {"Entwürfe", ".Entw&APw-rfe"},
                                                          {"A&B", ".A&-B"},
                                                          {"v1.2", ".v1&AC4-2"},
                                                          {"台北/日本語", ".&U,BTFw-.&ZeVnLIqe-"},
                                                          {"😀", ".&2D3eAA-"}}) {
        EXPECT_EQ(maildir_folder_from_name(name), folder);
        EXPECT_EQ(maildir_folder_to_name(folder), name);
    }
    for (const char* bad : {"", ".", "..", "cur", ".&AB", ".&!!!!-", ".&2D0-", ".&3gA-"})
        EXPECT_EQ(maildir_folder_to_name(bad), std::nullopt) << bad;
}

TEST(MaildirFlags, Letters) {
    EXPECT_EQ(maildir_flags("1.a:2,DFS", {}).flags, kDraft | kFlagged | kSeen);
    EXPECT_EQ(maildir_flags("1.a", {}).flags, 0U);
    EXPECT_EQ(maildir_flags("1.a:2,Pbc", {"zero", "one"}).keywords, (Values{"$Forwarded", "one"}));
}

TEST_F(MailFiles, MaildirWrittenAndRead) {
    constexpr int64_t kDate = 1'000'000'000'000'000;
    auto writer = MaildirWriter::open(path_ + "/box/.Work");
    ASSERT_TRUE(writer) << writer.error().message;
    const MaildirFlags flags{kSeen | kFlagged, {"$Forwarded", "Later"}};
    EXPECT_TRUE(writer->add("1.x", "a\r\n", flags, kDate).value());
    EXPECT_FALSE(writer->add("1.x", "b\r\n", flags, kDate).value());
    ASSERT_TRUE(writer->finish());
    EXPECT_FALSE(MaildirWriter::open(path_ + "/box/.Work")->add("1.x", "c", {}, kDate).value())
        << "an export that is repeated";
    EXPECT_TRUE(fs::is_empty(path_ + "/box/.Work/tmp"));

    EXPECT_FALSE(maildir_folders(path_ + "/box")) << "the folder itself has no cur";
    write("box/new/2.y", "new\n");
    const auto folders = maildir_folders(path_ + "/box");
    ASSERT_TRUE(folders) << folders.error().message;
    ASSERT_EQ(folders->size(), 2U);
    EXPECT_EQ((*folders)[0].name, "INBOX");
    EXPECT_EQ((*folders)[1].name, "Work");
    const auto messages = maildir_messages((*folders)[1]);
    ASSERT_TRUE(messages);
    ASSERT_EQ(messages->size(), 1U);
    EXPECT_EQ(messages->front().flags.flags, flags.flags);
    EXPECT_EQ(messages->front().flags.keywords, flags.keywords);
    EXPECT_EQ(messages->front().date_us, kDate);
    EXPECT_EQ(read_whole_file(messages->front().path, 100).value(), "a\r\n");
    EXPECT_FALSE(read_whole_file(messages->front().path, 2));
    EXPECT_EQ(maildir_messages((*folders)[0])->size(), 1U);
}

std::vector<MboxMessage> read_all(const std::string& path, uint64_t size_max = 1000) {
    auto reader = MboxReader::open(path, size_max);
    EXPECT_TRUE(reader) << (reader ? "" : reader.error().message);
    std::vector<MboxMessage> messages;
    while (reader) {
        auto message = reader->next();
        if (!message || !*message) break;
        messages.push_back(std::move(**message));
    }
    return messages;
}

TEST_F(MailFiles, MboxWrittenAndRead) {
    const Values messages = {"Subject: a\r\n\r\nFrom here on\r\n>From there\r\n\r\n",
                             "Subject: b\r\n\r\nno end", "X: y\r\n\r\n\r\n"};
    std::string text;
    for (const std::string& message : messages)
        text += mbox_from_line("ada@example.org", 1'000'000'000'000'000) + mbox_quoted(message);
    EXPECT_TRUE(text.starts_with("From ada@example.org Sun Sep  9 01:46:40 2001\n")) << text;
    EXPECT_NE(text.find("\n>From here on\n>>From there\n"), std::string::npos);
    const auto back = read_all(write("box", text));
    ASSERT_EQ(back.size(), 3U);
    EXPECT_EQ(canonical_message(back[0].octets), messages[0]);
    EXPECT_EQ(canonical_message(back[1].octets), messages[1] + "\r\n");
    EXPECT_EQ(canonical_message(back[2].octets), messages[2]);
    EXPECT_EQ(back[0].sender, "ada@example.org");
    EXPECT_EQ(back[0].date_us, 1'000'000'000'000'000);
}

TEST_F(MailFiles, MboxOfOthers) {
    const auto back = read_all(write("box",
                                     "From x Sat Jan  3 01:05:34 1996 -0500\nA: 1\n\n"
                                     "From the text, unquoted\n\nFrom nowhere at all\n\n"
                                     "From \"a b\"@c Sat Jan  3 01:05:34 1996\n"
                                     "A: 2\n\nlast line"));
    ASSERT_EQ(back.size(), 2U);
    EXPECT_NE(back[0].octets.find("From nowhere"), std::string::npos)
        << "a line without a date is text";
    EXPECT_EQ(back[1].octets, "A: 2\n\nlast line");
    EXPECT_EQ(back[1].line, 8U);
    EXPECT_FALSE(MboxReader::open(write("bad", "Subject: no mbox\n"), 100));
    EXPECT_TRUE(read_all(write("empty", "")).empty());
    const auto large = read_all(
        write("large", "From x Sat Jan  3 01:05:34 1996\n" + std::string(50, 'x') + "\n"), 20);
    ASSERT_EQ(large.size(), 1U);
    EXPECT_TRUE(large[0].too_large);
    EXPECT_EQ(mbox_flags("RO", "AF"), kSeen | controlplane::kAnswered | kFlagged);
}

TEST(MessageHeader, FieldsAndRecipients) {
    const std::string text =
        "From ada Sat Jan  3 01:05:34 1996\n"
        "From: Ada <ada@example.org>\nTo: \"Eve, E.\" <eve@example.net>,\n bob\n"
        "bcc: x@example.net, eve@example.net\nSubject: a\n b\n\nTo: no@example.net\n";
    const SplitMessage split = split_message(text);
    ASSERT_EQ(split.fields.size(), 4U);
    EXPECT_EQ(field_text(split, "SUBJECT"), "a b");
    EXPECT_EQ(field_text(split, "Cc"), "");
    EXPECT_EQ(header_recipients(split), (Values{"eve@example.net", "bob", "x@example.net"}));
    EXPECT_EQ(without_fields(text, split, {"Bcc", "Subject"}),
              "From: Ada <ada@example.org>\nTo: \"Eve, E.\" <eve@example.net>,\n bob\n\n"
              "To: no@example.net\n");
    EXPECT_EQ(header_recipients(split_message("To: a@x\nResent-Cc: b@x\n\n")), Values{"b@x"});
    EXPECT_EQ(addresses_in("\"a b\"@x, team: c@x, d@x;"), (Values{"\"a b\"@x", "c@x", "d@x"}));
    const SplitMessage none = split_message("no header\n");
    EXPECT_TRUE(none.fields.empty());
    EXPECT_EQ(without_fields("A: 1\nno field\n", split_message("A: 1\nno field\n"), {}),
              "A: 1\n\nno field\n");
}

TEST(CanonicalMessage, LineEnds) {
    EXPECT_EQ(canonical_message("a\nb\r\nc\rd"), "a\r\nb\r\nc\rd");
}

}  // namespace
}  // namespace gatepost::tools

#include "tools/load/imap/imap_command.h"

#include <gtest/gtest.h>

#include "tools/load/imap/imap_facts.h"

namespace gatepost::tools {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_imap_string(out, text);
    return out;
}

std::string command(ImapOperation operation, bool add = false, uint64_t draw = 0) {
    ImapCommand command;
    command.operation = operation;
    command.number = 7;
    command.add = add;
    command.draw = draw;
    std::string out;
    append_imap_command(out, command, "A \"B\"");
    return out;
}

TEST(ImapCommandText, Strings) {
    EXPECT_EQ(quoted("plain"), "\"plain\"");
    EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quoted("a\r\nb"), "{4+}\r\na\r\nb");
}

TEST(ImapCommandText, EachOperation) {
    EXPECT_EQ(command(ImapOperation::noop), "NOOP\r\n");
    EXPECT_EQ(command(ImapOperation::select), "SELECT \"A \\\"B\\\"\"\r\n");
    EXPECT_EQ(command(ImapOperation::fetch_body), "FETCH 7 BODY.PEEK[]\r\n");
    EXPECT_EQ(command(ImapOperation::store, true), "STORE 7 +FLAGS (\\Flagged)\r\n");
    EXPECT_EQ(command(ImapOperation::store, false), "STORE 7 -FLAGS (\\Flagged)\r\n");
    EXPECT_EQ(command(ImapOperation::search_flags), "SEARCH UNSEEN FLAGGED\r\n");
    EXPECT_EQ(command(ImapOperation::search_subject, false, 5'012),
              "SEARCH SUBJECT \"Report 12\"\r\n");
    EXPECT_EQ(command(ImapOperation::search_body, false, 0),
              "SEARCH BODY \"meeting meeting meeting\"\r\n");
}

TEST(ImapCommandText, AMessageWithItsSize) {
    const std::string body = "hello\r\n";
    const auto append = [&](uint8_t flags) {
        ImapCommand command;
        command.flags = flags;
        std::string out;
        append_imap_append(out, command, "INBOX", "Subject: x\r\n\r\n",
                           {reinterpret_cast<const uint8_t*>(body.data()), body.size()});
        return out;
    };
    EXPECT_EQ(append(0), "APPEND \"INBOX\" () {21+}\r\nSubject: x\r\n\r\nhello\r\n\r\n");
    EXPECT_TRUE(
        append(kImapSeen | kImapFlagged).starts_with("APPEND \"INBOX\" (\\Seen \\Flagged)"));
    EXPECT_TRUE(append(kImapFlagged).starts_with("APPEND \"INBOX\" (\\Flagged) "));
}

}  // namespace
}  // namespace gatepost::tools

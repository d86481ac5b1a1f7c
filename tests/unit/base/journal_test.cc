#include "storage/base/journal.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace gatepost {
namespace {

// A socket such as the journal's, in a folder of the test's own.
class JournalSocket : public testing::Test {
  protected:
    JournalSocket() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
        ::unlink(path_.c_str());
        socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM, 0));
        EXPECT_EQ(0, ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    }
    ~JournalSocket() override { ::unlink(path_.c_str()); }

    std::string receive() {
        char octets[4096];
        ssize_t length = ::recv(socket_.get(), octets, sizeof octets, MSG_DONTWAIT);
        return length < 0 ? "nothing" : std::string(octets, static_cast<size_t>(length));
    }

    std::string path_ = testing::TempDir() + "journal." + std::to_string(::getpid());
    UniqueFd socket_;
};

TEST_F(JournalSocket, AnEntryHasItsFields) {
    auto journal = Journal::open(path_);
    ASSERT_TRUE(journal);
    std::string entry = journal_entry(4, "gatepost-test");
    add_journal_field(entry, "commit_lsn", "0/16B3748");
    add_journal_field(entry, "message", "sync.down reason=\"no route\"");
    journal->write(entry);
    EXPECT_EQ(
        "PRIORITY=4\nSYSLOG_IDENTIFIER=gatepost-test\nCOMMIT_LSN=0/16B3748\n"
        "MESSAGE=sync.down reason=\"no route\"\n",
        receive());
}

TEST_F(JournalSocket, AValueOfSeveralLinesCannotForgeAField) {
    std::string entry;
    add_journal_field(entry, "message", "a\nPRIORITY=0");
    EXPECT_EQ(std::string("MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n", 29), entry);
}

TEST_F(JournalSocket, OneThatIsGoneStopsNothing) {
    auto journal = Journal::open(path_);
    ASSERT_TRUE(journal);
    socket_.reset();
    journal->write(journal_entry(6, "gatepost-test"));
}

TEST(Journal, SaysWhatToDoWithoutOne) {
    auto journal = Journal::open("/nonexistent/journal");
    ASSERT_FALSE(journal);
    EXPECT_NE(std::string::npos, journal.error().message.find("set log.format"));
    EXPECT_FALSE(Journal::open(std::string(200, 'x')));
}

TEST(Journal, StandardErrorLeadsThereOnlyIfSystemdSaysSo) {
    ::unsetenv("JOURNAL_STREAM");
    EXPECT_FALSE(stderr_is_journal());
    ::setenv("JOURNAL_STREAM", "1:2", 1);
    EXPECT_FALSE(stderr_is_journal());
    ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace gatepost

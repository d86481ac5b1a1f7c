// A database with mail for other systems in it, and the log that the messages lie in.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/message_log/segment_header.h"
#include "tests/unit/model/mail_test_support.h"

namespace gatepost::controlplane {

// A folder of segments whose octets are only bodies: what reads bodies asks for no more.
class TestLog {
  public:
    TestLog() {
        char path[] = "/tmp/gatepost-log-XXXXXX";
        path_ = ::mkdtemp(path);
    }
    TestLog(const TestLog&) = delete;
    TestLog& operator=(const TestLog&) = delete;
    ~TestLog() { std::filesystem::remove_all(path_); }

    const std::string& path() const { return path_; }

    storage::BodyLocation put(const std::string& octets) {
        std::ofstream file(
            path_ + "/" + storage::segment_file_name(kSegment, storage::SegmentKind::log),
            std::ios::binary | std::ios::app);
        file << octets;
        const storage::BodyLocation where{kSegment, size_, octets.size()};
        size_ += octets.size();
        return where;
    }

  private:
    static constexpr uint32_t kSegment = 7;
    std::string path_;
    uint64_t size_ = 0;
};

inline std::string blob(unsigned number) {
    return fmt::format("01900000-0000-7000-8000-{:012x}", number);
}

inline void must(Connection& connection, const std::string& sql) {
    const auto done = connection.exec(sql);
    ASSERT_TRUE(done) << sql << "\n" << done.error().message;
}

// Gives the number in the queue.
inline int64_t queue(Connection& connection, unsigned number, const std::string& recipient,
                     const storage::BodyLocation& body, const std::string& state = "ready") {
    const auto rows = connection.exec_params(
        "INSERT INTO gatepost.outbound (blob_id, segment, position, size, sender, recipient, state)"
        " VALUES ($1, $2, $3, $4, 'ada@example.org', $5, $6) RETURNING id",
        {blob(number), body.segment, body.offset, body.size, recipient, state});
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
    return rows ? rows->integer(0, 0) : 0;
}

inline std::string states(Connection& connection) {
    return value(connection,
                 "SELECT coalesce(string_agg(state, ' ' ORDER BY id), '') FROM "
                 "gatepost.outbound");
}

}  // namespace gatepost::controlplane

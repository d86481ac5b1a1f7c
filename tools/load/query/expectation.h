// The answers that are right: a file with one question a line and what its answer may be.
//
//   www.example.org  A     192.0.2.1 192.0.2.2     these addresses, some or all of them
//   moved.example.org AAAA 2001:db8::1 NXDOMAIN    this address, or a name that is not there
//   mail.example.org A     NODATA                  there, but without such a record
//
// The words behind name and type are addresses, names of rcodes and NODATA (NOERROR with an answer
// section that has no record of the type). A question without a line may have any answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "tools/load/query/query_list.h"

namespace gatepost::tools {

class Expectations {
  public:
    // Finds the lines of the questions of `queries`. A line that none of them has is an error: it
    // would be taken for a check that was made.
    static Result<Expectations> from_text(std::string_view text, const std::string& name,
                                          const QueryList& queries);
    static Result<Expectations> from_file(const std::string& path, const QueryList& queries);

    bool has(size_t query) const { return query < of_query_.size() && of_query_[query] != kNone; }
    // Whether `response`, a message whose question is that of `query`, is one of those allowed.
    bool allows(size_t query, storage::RRType type, size_t question_end, Bytes response) const;
    // Queries that have a line.
    size_t count() const { return count_; }

  private:
    static constexpr uint32_t kNone = 0xffffffff;

    struct Line {
        uint32_t first = 0;   // into addresses_
        uint16_t count = 0;   // of addresses
        uint16_t rcodes = 0;  // one bit each
        bool no_data = false;
    };

    Status add_word(std::string_view word, storage::RRType type, Line& line);
    bool is_address(const Line& line, Bytes rdata) const;

    std::vector<uint8_t> addresses_;  // 16 octets each
    std::vector<Line> lines_;
    std::vector<uint32_t> of_query_;
    size_t count_ = 0;
};

}  // namespace gatepost::tools

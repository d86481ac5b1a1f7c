// mbox files (RFC 4155, in the form that is called mboxrd: ">From " is quoted, too, so that nothing
// of a message is lost).
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::tools {

struct MboxMessage {
    std::string octets;  // lines as in the file, quoting of "From " taken away
    std::string sender;  // of the line before it
    // Of that line, taken for UTC; microseconds since 1970. nullopt: it has none that can be read.
    std::optional<int64_t> date_us;
    uint64_t line = 0;       // of the file, from 1
    bool too_large = false;  // `octets` are not all of it
};

class MboxReader {
  public:
    // A message is read up to so many octets.
    static Result<MboxReader> open(const std::string& path, uint64_t size_max);

    // nullopt at the end.
    Result<std::optional<MboxMessage>> next();
    uint64_t position() const { return position_; }  // octets read

  private:
    MboxReader(std::ifstream file, std::string path, uint64_t size_max)
        : file_(std::move(file)), path_(std::move(path)), size_max_(size_max) {}
    bool read_line();

    std::ifstream file_;
    std::string path_;
    uint64_t size_max_;
    std::string line_;  // the one read last, with its line end
    bool has_line_ = false;
    uint64_t number_ = 0;  // of line_
    uint64_t position_ = 0;
};

// "From ada@example.org Sat Nov 21 20:00:00 2026", the date in UTC.
std::string mbox_from_line(std::string_view sender, int64_t date_us);
// The message in the form of an mbox: lines end with LF, "From " is quoted, an empty line follows.
std::string mbox_quoted(std::string_view octets);

// Flags by the fields Status and X-Status, which mail programs keep in mbox files
// (controlplane::MessageFlag).
unsigned mbox_flags(std::string_view status, std::string_view x_status);

}  // namespace gatepost::tools

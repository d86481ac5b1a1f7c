// COPY in both directions: the open COPY FROM STDIN, rows of its text format, and a reader of the
// binary format of COPY TO STDOUT (PostgreSQL 15, COPY, "File Formats").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// An open COPY FROM STDIN. It borrows the connection, which must outlive it and can do nothing else
// meanwhile. Dropped without finish(), it makes the COPY fail, so that no half of the data stays.
class CopyIn {
  public:
    explicit CopyIn(Connection& connection) : connection_(&connection) {}
    CopyIn(CopyIn&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    CopyIn& operator=(CopyIn&&) = delete;
    ~CopyIn();

    // Any piece of the stream; it need not end at a row's end.
    Status put(std::string_view data);
    // Ends the COPY; gives the count of rows. The errors of rows sent earlier show here.
    Result<int64_t> finish();

  private:
    Connection* connection_;
};

// Builds rows of COPY's text format in one buffer. A row is begun by its first field and ended by
// end_row().
class CopyText {
  public:
    CopyText& null();
    CopyText& text(std::string_view value);
    CopyText& integer(int64_t value);
    // A text[] value: {"a","b"}.
    CopyText& text_array(std::span<const std::string> values);
    void end_row();

    size_t size() const { return out_.size(); }
    std::string_view view() const { return out_; }
    void clear() { out_.clear(); }

  private:
    void separate();
    std::string out_;
    std::string scratch_;
    bool first_ = true;
};

// One column's value of a binary row.
struct CopyField {
    Bytes bytes;
    bool null = false;

    std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    // Of int2, int4, int8 (two's complement, by the value's length).
    int64_t integer() const;
};

// Parses the messages that Connection::copy_out gives for COPY … (FORMAT binary).
class CopyBinaryReader {
  public:
    // The message's row; empty for the trailer. The fields refer to `message` and to this reader.
    Result<std::span<const CopyField>> row(Bytes message);

  private:
    std::vector<CopyField> fields_;
    bool header_seen_ = false;
};

}  // namespace gatepost::controlplane

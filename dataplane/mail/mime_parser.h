// Reads a message as it arrives (RFC 5322, RFC 2045 to 2049), in pieces of any size, and gives its
// summary at the end. Nothing is kept of bodies but the first few kilobytes of text for the
// preview: memory is bounded by mail_limits.h whatever comes, and time is linear in the octets fed.
//
// Lines end with CR LF, or with LF alone; a CR alone is an octet like any other. The header ends at
// an empty line, or before the first line that can be no field: that one begins the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/header_collector.h"
#include "dataplane/mail/message_summary.h"
#include "dataplane/mail/mime_listener.h"
#include "dataplane/mail/preview.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

class MimeParser {
  public:
    // One message. `charsets` and `listener` outlive the parser; the latter may be null.
    explicit MimeParser(const Charsets& charsets, MimeListener* listener = nullptr);
    MimeParser(const MimeParser&) = delete;
    MimeParser& operator=(const MimeParser&) = delete;

    // The next octets of the message, dots of SMTP already taken out. `piece` is not kept.
    void feed(Bytes piece);
    // The message is complete. Called once; the parser is of no use afterwards.
    MessageSummary finish();

    // Octets fed so far.
    uint64_t size() const { return offset_ + held_.size(); }

  private:
    enum class State : uint8_t { header, body };
    enum class LineKind : uint8_t {
        undecided,  // more octets are needed
        empty,
        delimiter,
        field,
        continuation,  // of the field before
        ignored,       // of the header, but no field
        body,          // the header ended without an empty line
    };
    // A part that has not ended. The innermost is the last.
    struct OpenPart {
        uint32_t part;
        uint64_t body_line = 0;  // lines before its body
        bool is_digest = false;
        std::string boundary;  // empty: no multipart, or its last boundary has been
    };
    struct Delimiter {
        LineKind kind = LineKind::body;
        size_t level = 0;      // of open_
        bool is_last = false;  // the closing one
        size_t length = 0;     // octets of the line
    };

    size_t advance(std::string_view view, bool is_final);
    bool read_header_line(bool is_final);
    bool read_body_lines(bool is_final);
    LineKind classify_header_line(std::string_view line, bool is_final);
    Delimiter match_delimiter(std::string_view line, bool is_final) const;
    void take_delimiter(const Delimiter& delimiter);

    bool start_part(bool is_message, uint64_t offset);
    void end_header(uint64_t offset);
    void end_leaf();
    void end_parts(size_t level, uint64_t offset, uint64_t line);

    void append_to_field(std::string_view octets);
    void keep_field();
    void finish_field();
    void emit_to(uint64_t offset);
    void deliver(std::string_view octets);

    uint64_t position() const { return offset_ + at_; }
    MessagePart& current() { return summary_.parts[open_.back().part]; }

    const Charsets& charsets_;
    MimeListener* listener_;
    MessageSummary summary_;
    HeaderCollector collector_;
    PreviewSource preview_;

    std::vector<OpenPart> open_;
    size_t boundary_count_ = 0;  // of open_
    State state_ = State::header;

    // What is being read: octets from offset_ on, up to at_ of them taken.
    std::string_view view_;
    size_t at_ = 0;
    uint64_t offset_ = 0;
    uint64_t line_ = 0;        // lines before at_
    bool is_in_line_ = false;  // at_ is behind the first octet of its line, which has been judged
    uint8_t line_end_ = 0;     // octets that ended the line before at_; 0: none did
    // Octets that are too few to judge by, at the end of a piece: less than a delimiter line.
    std::string held_;

    bool has_field_ = false;
    std::string_view field_view_;  // the field so far, where it lies in view_ as a whole
    std::string field_;            // otherwise; at most kFieldOctetsMax
    uint64_t field_offset_ = 0;
    uint64_t field_size_ = 0;
    uint64_t all_headers_octets_ = 0;

    uint32_t leaf_ = kNone;  // the part whose body is read and goes to listener and preview
    bool is_leaf_previewed_ = false;
    uint64_t emitted_ = 0;  // offset up to which it went there
};

}  // namespace gatepost::dataplane

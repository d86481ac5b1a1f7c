#include "dataplane/mail/mime_parser.h"

#include <algorithm>
#include <cstring>

#include "dataplane/mail/mail_limits.h"
#include "storage/base/check.h"

namespace gatepost::dataplane {
namespace {

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

MimeParser::MimeParser(const Charsets& charsets, MimeListener* listener)
    : charsets_(charsets), listener_(listener), collector_(summary_, charsets) {
    start_part(true, 0);
}

void MimeParser::feed(Bytes piece) {
    std::string_view rest(reinterpret_cast<const char*>(piece.data()), piece.size());
    while (!rest.empty()) {
        if (held_.empty()) {
            held_ = rest.substr(advance(rest, false));
            GATEPOST_CHECK(held_.size() < kDelimiterLineOctetsMax);
            return;
        }
        // What could not be judged gets the rest of its line, and is judged again.
        const size_t line_end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        const size_t taken = std::min(line_end, kDelimiterLineOctetsMax - held_.size());
        held_ += rest.substr(0, taken);
        rest.remove_prefix(taken);
        held_.erase(0, advance(held_, false));
    }
}

MessageSummary MimeParser::finish() {
    GATEPOST_CHECK(advance(held_, true) == held_.size());
    held_.clear();
    view_ = {};
    at_ = 0;
    finish_field();
    while (state_ == State::header) end_header(offset_);
    emit_to(offset_);
    end_leaf();
    end_parts(0, offset_, line_);
    return std::move(summary_);
}

// Gives how many octets of `view` were taken; `is_final`: all, since no more will come.
size_t MimeParser::advance(std::string_view view, bool is_final) {
    view_ = view;
    at_ = 0;
    bool is_decided = true;
    while (is_decided && at_ < view_.size())
        is_decided =
            state_ == State::header ? read_header_line(is_final) : read_body_lines(is_final);
    // The end of this line may belong to a boundary that follows.
    emit_to(position() - (is_in_line_ ? 0 : line_end_));
    keep_field();
    offset_ += at_;
    const size_t taken = at_;
    view_ = {};
    at_ = 0;
    return taken;
}

MimeParser::LineKind MimeParser::classify_header_line(std::string_view line, bool is_final) {
    constexpr std::string_view kMailboxLine = "From ";
    const LineKind too_short = is_final ? LineKind::body : LineKind::undecided;
    if (line.front() == '\n') return LineKind::empty;
    if (line.front() == '\r') {
        if (line.size() == 1) return too_short;
        return line[1] == '\n' ? LineKind::empty : LineKind::body;
    }
    if (is_blank(line.front())) return has_field_ ? LineKind::continuation : LineKind::ignored;
    if (line.front() == '-' && boundary_count_ > 0) {
        const LineKind kind = match_delimiter(line, is_final).kind;
        if (kind != LineKind::body) return kind;
    }
    size_t end = 0;
    while (end < line.size() && is_field_name_character(line[end])) ++end;
    if (end == 0 || end > kFieldNameOctetsMax) return LineKind::body;
    // RFC 5322 §4.5.1: white space before the colon.
    while (end < line.size() && end <= kFieldNameOctetsMax && is_blank(line[end])) ++end;
    if (end > kFieldNameOctetsMax) return LineKind::body;
    if (end == line.size()) return too_short;
    if (line[end] == ':') return LineKind::field;
    // RFC 4155: the line that an mbox file has in front of a message.
    return position() == 0 && line.starts_with(kMailboxLine) ? LineKind::ignored : LineKind::body;
}

bool MimeParser::read_header_line(bool is_final) {
    const std::string_view rest = view_.substr(at_);
    if (!is_in_line_) {
        const LineKind kind = classify_header_line(rest, is_final);
        if (kind == LineKind::undecided) return false;
        if (kind != LineKind::continuation) finish_field();
        if (kind == LineKind::delimiter) {
            take_delimiter(match_delimiter(rest, is_final));
            return true;
        }
        if (kind == LineKind::body) {
            end_header(position());
            return true;
        }
        if (kind == LineKind::empty) {
            line_end_ = rest.front() == '\r' ? 2 : 1;
            at_ += line_end_;
            ++line_;
            end_header(position());
            return true;
        }
        has_field_ = has_field_ || kind == LineKind::field;
        if (kind == LineKind::field) field_offset_ = position();
        is_in_line_ = true;
    }
    const size_t lf = rest.find('\n');
    const bool is_line_whole = lf != std::string_view::npos;
    // A CR is judged with the octet behind it.
    const bool is_cr_held = !is_line_whole && rest.ends_with('\r') && !is_final;
    const size_t length = is_line_whole ? lf + 1 : rest.size() - (is_cr_held ? 1 : 0);
    if (has_field_ && length > 0) append_to_field(rest.substr(0, length));
    at_ += length;
    if (is_line_whole) {
        line_end_ = lf > 0 && rest[lf - 1] == '\r' ? 2 : 1;
        ++line_;
        is_in_line_ = false;
    }
    return !is_cr_held;
}

bool MimeParser::read_body_lines(bool is_final) {
    const char* const begin = view_.data();
    const char* const end = begin + view_.size();
    const char* at = begin + at_;
    const bool has_boundaries = boundary_count_ > 0;
    while (at < end) {
        if (has_boundaries && !is_in_line_ && *at == '-') {
            at_ = static_cast<size_t>(at - begin);
            const Delimiter delimiter = match_delimiter(view_.substr(at_), is_final);
            if (delimiter.kind == LineKind::undecided) return false;
            if (delimiter.kind == LineKind::delimiter) {
                take_delimiter(delimiter);
                return true;
            }
        }
        const auto* lf =
            static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
        if (lf == nullptr) {
            is_in_line_ = true;
            // A CR is judged with the octet behind it.
            const bool is_cr_held = end[-1] == '\r' && !is_final;
            at_ = view_.size() - (is_cr_held ? 1 : 0);
            return !is_cr_held;
        }
        ++line_;
        is_in_line_ = false;
        line_end_ = lf > begin && lf[-1] == '\r' ? 2 : 1;
        at = lf + 1;
    }
    at_ = view_.size();
    return true;
}

// RFC 2046 §5.1.1: "--", the boundary, at the last one "--", white space, the line end.
MimeParser::Delimiter MimeParser::match_delimiter(std::string_view line, bool is_final) const {
    if (line.size() > 1 && line[1] != '-') return {};
    const std::string_view near = line.substr(0, kDelimiterLineOctetsMax);
    const size_t lf = near.find('\n');
    if (lf == std::string_view::npos) {
        if (near.size() == kDelimiterLineOctetsMax) return {};
        if (!is_final) return {.kind = LineKind::undecided};
    }
    Delimiter delimiter{.kind = LineKind::delimiter, .length = std::min(lf, near.size() - 1) + 1};
    std::string_view text = near.substr(0, delimiter.length);
    if (!text.starts_with("--")) return {};
    text.remove_prefix(2);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    if (text.empty()) return {};
    for (size_t level = open_.size(); level-- > 0;) {
        const std::string& boundary = open_[level].boundary;
        if (boundary.empty() || !text.starts_with(boundary)) continue;
        const std::string_view behind = text.substr(boundary.size());
        if (!behind.empty() && behind != "--") continue;
        delimiter.level = level;
        delimiter.is_last = !behind.empty();
        return delimiter;
    }
    return {};
}

void MimeParser::take_delimiter(const Delimiter& delimiter) {
    // A header may end here as well: RFC 2046 §5.1.1 allows a part of fields only.
    while (state_ == State::header) end_header(position());
    // The line end in front belongs to the delimiter.
    const uint64_t end = position() - std::min<uint64_t>(line_end_, position());
    emit_to(end);
    end_leaf();
    end_parts(delimiter.level + 1, end, line_ - (line_end_ > 0 ? 1 : 0));
    const std::string_view line = view_.substr(at_, delimiter.length);
    at_ += delimiter.length;
    line_end_ = line.ends_with("\r\n") ? 2 : line.ends_with('\n') ? 1 : 0;
    if (line_end_ > 0) ++line_;
    is_in_line_ = false;
    if (delimiter.is_last) {
        open_.back().boundary.clear();
        --boundary_count_;
    } else {
        start_part(false, position());
    }
}

// Opens a part in the innermost one that is open. False: there are too many, or it is too deep, and
// its octets belong to the part around it.
bool MimeParser::start_part(bool is_message, uint64_t offset) {
    if (summary_.parts.size() == kPartsMax || open_.size() == kPartDepthMax) {
        summary_.truncated_structure = true;
        return false;
    }
    const auto part = static_cast<uint32_t>(summary_.parts.size());
    const bool in_digest = !open_.empty() && open_.back().is_digest;
    summary_.parts.push_back(
        {.parent = open_.empty() ? kNone : open_.back().part, .header_offset = offset});
    open_.push_back({.part = part, .body_line = line_});
    collector_.begin(part, is_message, in_digest);
    state_ = State::header;
    return true;
}

// The header of the innermost part ends before `offset`, where its body begins.
void MimeParser::end_header(uint64_t offset) {
    finish_field();
    collector_.end();
    state_ = State::body;
    is_in_line_ = false;
    MessagePart& part = current();
    OpenPart& open = open_.back();
    part.header_size = offset - part.header_offset;
    part.header_lines = line_ - open.body_line;
    open.body_line = line_;
    if (listener_ != nullptr) listener_->on_part(open.part, part);
    if (part.is_multipart()) {
        const std::string* boundary = find_parameter(part.parameters, "boundary");
        // RFC 2046 §5.1.1: a boundary does not end with a space.
        std::string_view text = boundary == nullptr ? std::string_view() : trim(*boundary);
        if (!text.empty() && text.size() <= kBoundaryMax) {
            open.boundary = text;
            open.is_digest = part.subtype == "digest";
            ++boundary_count_;
            return;
        }
    }
    // RFC 2046 §5.2.1: a message in a message is not encoded; one that is, is a file.
    const bool is_open_message =
        part.is_message() && transfer_encoding(part.encoding) == TransferEncoding::identity;
    if (is_open_message && start_part(true, offset)) return;
    leaf_ = open.part;
    emitted_ = offset;
    is_leaf_previewed_ = preview_.begin(part);
}

void MimeParser::end_leaf() {
    if (is_leaf_previewed_) summary_.preview = preview_.finish(charsets_);
    is_leaf_previewed_ = false;
    leaf_ = kNone;
}

// All parts from `level` on end before `offset`, or before their bodies have begun.
void MimeParser::end_parts(size_t level, uint64_t offset, uint64_t line) {
    for (; open_.size() > level; open_.pop_back()) {
        MessagePart& part = current();
        const OpenPart& open = open_.back();
        part.body_size = std::max(offset, part.body_offset()) - part.body_offset();
        part.body_lines = std::max(line, open.body_line) - open.body_line;
        if (!open.boundary.empty()) --boundary_count_;
    }
}

void MimeParser::append_to_field(std::string_view octets) {
    field_size_ += octets.size();
    if (field_.empty() && field_view_.empty()) {
        field_view_ = octets;
    } else if (field_.empty()) {
        // Both lie in view_, one behind the other.
        field_view_ = {field_view_.data(), field_view_.size() + octets.size()};
    } else {
        field_ += octets.substr(0, kFieldOctetsMax - field_.size());
    }
}

// What is being read goes away: a field that has not ended is kept.
void MimeParser::keep_field() {
    if (field_view_.empty()) return;
    field_ = field_view_.substr(0, kFieldOctetsMax);
    field_view_ = {};
}

void MimeParser::finish_field() {
    if (!has_field_) return;
    const std::string_view raw =
        (field_.empty() ? field_view_ : std::string_view(field_)).substr(0, kFieldOctetsMax);
    const uint64_t header_offset = current().header_offset;
    all_headers_octets_ += field_size_;
    const bool is_within = field_offset_ + field_size_ - header_offset <= kHeaderOctetsMax &&
                           all_headers_octets_ <= kAllHeadersOctetsMax;
    if (!is_within || field_size_ > kFieldOctetsMax) summary_.truncated_header = true;
    if (is_within) {
        const auto field = split_field(raw);
        GATEPOST_CHECK(field.has_value());  // the line was judged to be one
        const uint32_t part = open_.back().part;
        if (part == 0 && summary_.fields.size() < kHeaderFieldsMax) {
            summary_.fields.push_back({.name_hash = field_name_hash(field->name),
                                       .offset = static_cast<uint32_t>(field_offset_),
                                       .size = static_cast<uint32_t>(field_size_)});
        } else if (part == 0) {
            summary_.truncated_header = true;
        }
        if (listener_ != nullptr) listener_->on_header_field(part, *field);
        collector_.add(*field);
    }
    has_field_ = false;
    field_.clear();
    field_view_ = {};
    field_size_ = 0;
}

// Hands the body of the leaf out, up to that offset: of view_, but for the line end that was left
// out the last time.
void MimeParser::emit_to(uint64_t offset) {
    const bool is_wanted = listener_ != nullptr || (is_leaf_previewed_ && preview_.wants_more());
    if (leaf_ == kNone || !is_wanted || offset <= emitted_) return;
    if (emitted_ < offset_) {
        constexpr std::string_view kLineEnd = "\r\n";
        const uint64_t left_out = offset_ - emitted_;
        GATEPOST_CHECK(left_out <= kLineEnd.size());
        deliver(kLineEnd.substr(kLineEnd.size() - left_out));
        emitted_ = offset_;
    }
    deliver(view_.substr(emitted_ - offset_, offset - emitted_));
    emitted_ = offset;
}

void MimeParser::deliver(std::string_view octets) {
    if (octets.empty()) return;
    if (is_leaf_previewed_ && preview_.wants_more()) preview_.add(bytes_of(octets));
    if (listener_ != nullptr) listener_->on_body(leaf_, bytes_of(octets));
}

}  // namespace gatepost::dataplane

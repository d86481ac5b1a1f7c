#include "dataplane/imap_syntax/command_text.h"

#include "storage/base/check.h"

namespace gatepost::dataplane {
namespace {

// Octets that clear() keeps room for: commands of nearly all clients fit, and idle connections are
// many.
constexpr size_t kTextKept = 1 << 10;

}  // namespace

TextStatus CommandText::add_line(std::string_view line) {
    const TextStatus status = add_line_part(line);
    if (status == TextStatus::ok) end_line();
    return status;
}

TextStatus CommandText::add_line_part(std::string_view part) {
    GATEPOST_CHECK(!announced_ && literal_left_ == 0);
    if (part.size() > limits_.lines_max - line_octets_) return TextStatus::lines_too_long;
    if (part.size() > limits_.text_max - octets_.size()) return TextStatus::text_too_long;
    line_octets_ += part.size();
    octets_ += part;
    return TextStatus::ok;
}

void CommandText::end_line() {
    announced_ = find_literal(std::string_view(octets_).substr(line_begin_));
    if (announced_) announced_->offset += line_begin_;
    line_begin_ = octets_.size();
}

TextStatus CommandText::begin_literal() {
    GATEPOST_CHECK(announced_);
    if (announced_->octets > limits_.literal_max) return TextStatus::literal_too_long;
    if (announced_->octets > limits_.text_max - octets_.size()) return TextStatus::text_too_long;
    literal_left_ = announced_->octets;
    literals_.push_back({announced_->offset, octets_.size(), literal_left_, announced_->binary});
    line_begin_ = octets_.size() + literal_left_;
    announced_.reset();
    return TextStatus::ok;
}

void CommandText::add_literal(std::string_view octets) {
    GATEPOST_CHECK(octets.size() <= literal_left_);
    octets_ += octets;
    literal_left_ -= octets.size();
}

void CommandText::clear() {
    octets_.clear();
    literals_.clear();
    if (octets_.capacity() > kTextKept) {
        octets_.shrink_to_fit();
        literals_.shrink_to_fit();
    }
    announced_.reset();
    line_begin_ = line_octets_ = literal_left_ = 0;
}

}  // namespace gatepost::dataplane

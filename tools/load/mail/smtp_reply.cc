#include "tools/load/mail/smtp_reply.h"

namespace gatepost::tools {

namespace {

constexpr size_t kCodeLength = 3;

// RFC 5321 §4.2: 2 to 5, then 0 to 5, then any digit; the second digit is read more widely here.
unsigned code_of(std::string_view line) {
    if (line.size() < kCodeLength || line[0] < '2' || line[0] > '5') return 0;
    unsigned code = 0;
    for (char digit : line.substr(0, kCodeLength)) {
        if (digit < '0' || digit > '9') return 0;
        code = code * 10 + static_cast<unsigned>(digit - '0');
    }
    return code;
}

}  // namespace

void ReplyReader::clear() {
    line_.clear();
    text_.clear();
    code_ = 0;
}

ReplyReader::Found ReplyReader::take(std::string_view& octets, SmtpReply& reply) {
    while (!octets.empty()) {
        const size_t end = octets.find('\n');
        const std::string_view part = octets.substr(0, end);
        if (line_.size() + part.size() > kLineMax) return Found::malformed;
        line_ += part;
        if (end == std::string_view::npos) {
            octets = {};
            return Found::nothing;
        }
        octets.remove_prefix(end + 1);
        const Found found = take_line(reply);
        line_.clear();
        if (found != Found::nothing) return found;
    }
    return Found::nothing;
}

ReplyReader::Found ReplyReader::take_line(SmtpReply& reply) {
    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const unsigned code = code_of(line);
    const char after = line.size() > kCodeLength ? line[kCodeLength] : ' ';
    // All lines of a reply have the same code (RFC 5321 §4.2.1).
    if (code == 0 || (after != ' ' && after != '-') || (code_ != 0 && code_ != code))
        return Found::malformed;
    if (code_ != 0) text_ += '\n';
    if (line.size() > kCodeLength + 1) text_ += line.substr(kCodeLength + 1);
    if (text_.size() > kReplyMax) return Found::malformed;
    code_ = code;
    if (after == '-') return Found::nothing;
    reply.code = code;
    reply.text = std::move(text_);
    text_.clear();
    code_ = 0;
    return Found::reply;
}

}  // namespace gatepost::tools

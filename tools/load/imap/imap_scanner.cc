#include "tools/load/imap/imap_scanner.h"

#include <algorithm>

#include "dataplane/imap_syntax/response_line.h"

namespace gatepost::tools {

namespace {

constexpr size_t kTextKept = 64 * 1024;       // memory that stays for the next response
constexpr uint64_t kLiteralMax = 1ULL << 40;  // octets; more is no mailbox of this world
constexpr std::string_view kEnd = "\r\n";

}  // namespace

void ImapScanner::clear() {
    text_.clear();
    told_ = false;
    literal_left_ = literal_octets_ = 0;
}

void ImapScanner::begin() {
    told_ = false;
    literal_octets_ = 0;
    if (text_.capacity() > kTextKept) std::string().swap(text_);
    text_.clear();
}

bool ImapScanner::keep(std::string_view octets) {
    if (octets.size() > kTextMax - text_.size()) return false;
    text_ += octets;
    return true;
}

ImapScanner::Found ImapScanner::complete(std::string_view text, ImapResponse& response) {
    told_ = true;
    text.remove_suffix(kEnd.size());
    response.literal_octets = literal_octets_;
    response.tag = {};
    if (text.starts_with("* ")) {
        response.kind = ImapResponse::Kind::untagged;
        response.text = text.substr(2);
        return Found::response;
    }
    // RFC 9051 §7.6: the blank is there by the grammar, and some servers leave it out.
    if (text.starts_with('+')) {
        response.kind = ImapResponse::Kind::continuation;
        response.text = text.substr(std::min<size_t>(text.starts_with("+ ") ? 2 : 1, text.size()));
        return Found::response;
    }
    const size_t blank = text.find(' ');
    if (blank == 0 || blank == std::string_view::npos || blank > kTagMax) return Found::malformed;
    response.kind = ImapResponse::Kind::tagged;
    response.tag = text.substr(0, blank);
    response.text = text.substr(blank + 1);
    return Found::response;
}

ImapScanner::Found ImapScanner::take(std::string_view& octets, ImapResponse& response) {
    if (told_) begin();
    for (;;) {
        const size_t skipped = std::min<uint64_t>(literal_left_, octets.size());
        octets.remove_prefix(skipped);
        literal_left_ -= skipped;
        if (octets.empty()) return Found::nothing;
        const size_t newline = octets.find('\n');
        const std::string_view line = octets.substr(0, std::min(newline, octets.size() - 1) + 1);
        octets.remove_prefix(line.size());
        // A response that comes in one piece, as most do, is not copied.
        const bool in_one = text_.empty() && newline != std::string_view::npos;
        if (!in_one && !keep(line)) return Found::malformed;
        if (newline == std::string_view::npos) return Found::nothing;
        const std::string_view whole = in_one ? line : std::string_view(text_);
        if (!whole.ends_with(kEnd)) return Found::malformed;
        const auto literal = dataplane::literal_behind(whole);
        if (!literal) return complete(whole, response);
        if (*literal > kLiteralMax || (in_one && !keep(line))) return Found::malformed;
        literal_left_ = *literal;
        literal_octets_ += *literal;
    }
}

}  // namespace gatepost::tools

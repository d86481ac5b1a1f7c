#include "dataplane/smtp/reply.h"

#include <fmt/format.h>

#include <iterator>

#include "dataplane/smtp/smtp_limits.h"

namespace gatepost::dataplane {

void append_reply_line(std::string& out, uint16_t code, std::string_view enhanced,
                       std::string_view text, bool last) {
    const size_t begin = out.size();
    fmt::format_to(std::back_inserter(out), "{:03}{}", code, last ? ' ' : '-');
    if (!enhanced.empty()) out.append(enhanced).append(1, ' ');
    for (char c : text) {
        if (out.size() - begin == kSmtpReplyMax - 2) break;
        out += c >= ' ' && c <= '~' ? c : '?';
    }
    out += "\r\n";
}

}  // namespace gatepost::dataplane

#include "tools/gatepost/imap_client/command_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatepost::tools {

namespace {

// RFC 3501 §9: QUOTED-CHAR is 7-bit; longer ones than this some servers refuse.
constexpr size_t kQuotedMax = 1000;

bool can_be_quoted(std::string_view text) {
    return text.size() <= kQuotedMax && std::ranges::all_of(text, [](char c) {
               const auto octet = static_cast<unsigned char>(c);
               return octet >= 0x20 && octet < 0x7f;
           });
}

}  // namespace

CommandText& CommandText::words(std::string_view text) {
    pieces_.back() += text;
    return *this;
}

CommandText& CommandText::string(std::string_view text) {
    if (!can_be_quoted(text)) {
        pieces_.back() += fmt::format("{{{}}}\r\n", text.size());
        pieces_.emplace_back(text);
        return *this;
    }
    std::string& out = pieces_.back();
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
    return *this;
}

}  // namespace gatepost::tools

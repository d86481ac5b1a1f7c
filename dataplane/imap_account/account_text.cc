#include <algorithm>

#include "dataplane/imap_account/account_commands.h"
#include "dataplane/imap_syntax/modified_utf7.h"

namespace gatepost::dataplane {

namespace {

// RFC 9051 §4.3: longer strings are clearer as literals, and some clients' line buffers are short.
constexpr size_t kQuotedMax = 1000;  // octets

bool can_be_quoted(std::string_view text, bool utf8) {
    return text.size() <= kQuotedMax && std::ranges::all_of(text, [utf8](char octet) {
               const auto value = static_cast<uint8_t>(octet);
               return value != 0 && value != '\r' && value != '\n' && (utf8 || value < 0x80);
           });
}

}  // namespace

void append_astring(std::string& out, std::string_view text, bool utf8) {
    if (!can_be_quoted(text, utf8)) {
        // RFC 3516 §4.4: NUL is in a literal8 only.
        if (text.find('\0') != std::string_view::npos) out += '~';
        out += '{' + std::to_string(text.size()) + "}\r\n";
        out += text;
        return;
    }
    out += '"';
    for (const char octet : text) {
        if (octet == '"' || octet == '\\') out += '\\';
        out += octet;
    }
    out += '"';
}

void append_mailbox_name(std::string& out, std::string_view name, bool utf8) {
    if (utf8) {
        append_astring(out, name, true);
        return;
    }
    std::string encoded;
    append_modified_utf7(encoded, name);
    append_astring(out, encoded, false);
}

}  // namespace gatepost::dataplane

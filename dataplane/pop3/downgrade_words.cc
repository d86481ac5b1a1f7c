#include "dataplane/pop3/downgrade_words.h"

#include <algorithm>
#include <utility>

#include "dataplane/mail/encoded_word.h"
#include "storage/base/ascii.h"
#include "storage/password/base64.h"

namespace gatepost::dataplane {

namespace {

// Octets of text in an encoded word: with its 12 others it has 64 characters, of at most 75 (RFC
// 2047 §2), and stands on a line behind a short name.
constexpr size_t kWordOctets = 39;

}  // namespace

std::string masked(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return (c & 0x80) != 0; }, '?');
    return out;
}

std::string masked_field(const HeaderField& field) {
    return std::string(field.name) + ":" + masked(field.value) + "\r\n";
}

bool has_long_line(std::string_view text) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (line.size() - (line.ends_with('\r') ? 1 : 0) > kLineOctetsMax) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

void append_words(std::string& out, size_t& column, std::string_view text) {
    while (!text.empty()) {
        size_t size = std::min(text.size(), kWordOctets);
        while (size < text.size() && size > 1 && (text[size] & 0xc0) == 0x80) --size;
        const std::string word = "=?utf-8?B?" + storage::encode_base64(text.substr(0, size)) + "?=";
        const bool fits = column + 1 + word.size() <= kWordLineMax;
        out += fits ? " " : "\r\n ";
        column = (fits ? column : 0) + 1 + word.size();
        out += word;
        text.remove_prefix(size);
    }
}

void append_comment(std::string& out, size_t& column, std::string_view cfws,
                    const Charsets& charsets) {
    std::string_view text = trim(cfws);
    if (text.starts_with('(')) text.remove_prefix(1);
    if (text.ends_with(')')) text.remove_suffix(1);
    const std::string decoded = decode_encoded_words(text, charsets);
    if (decoded.empty()) return;
    const size_t begin = out.size();
    column += 2;
    append_words(out, column, decoded);
    out.insert(out.find('=', begin), 1, '(');
    out += ')';
}

std::string words_field(std::string name, std::string_view value, const Charsets& charsets) {
    std::string out = std::move(name) + ":";
    size_t column = out.size();
    append_words(out, column, decode_encoded_words(value, charsets));
    return out + "\r\n";
}

std::string encapsulated_field(const HeaderField& field, const Charsets& charsets) {
    return words_field("Downgraded-" + std::string(field.name), field.value, charsets);
}

}  // namespace gatepost::dataplane

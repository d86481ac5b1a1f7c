#include "dataplane/mail/encoded_word.h"

#include <algorithm>
#include <optional>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/transfer_encoding.h"

namespace gatepost::dataplane {
namespace {

struct EncodedWord {
    std::string_view charset;
    char encoding = 0;  // 'q' or 'b'
    std::string_view text;
    size_t length = 0;  // octets of the whole
};

// `value` begins with "=?". Each of the three pieces ends at the next '?', so that looking for
// words everywhere reads no octet more than a few times.
std::optional<EncodedWord> read_word(std::string_view value) {
    size_t at = 2;
    auto piece = [&](std::string_view stop) {
        const size_t begin = at;
        at = value.find_first_of(stop, begin);
        if (at == std::string_view::npos || value[at] != '?') return std::string_view();
        return value.substr(begin, at++ - begin);
    };
    EncodedWord word;
    // RFC 2047 §2: a charset is a token.
    word.charset = piece("? \t\r\n=()<>@,;:\"/[].");
    if (word.charset.empty()) return std::nullopt;
    // RFC 2231 §5: a language may follow.
    word.charset = word.charset.substr(0, word.charset.find('*'));
    const std::string_view encoding = piece("? \t\r\n=");
    if (encoding.size() != 1) return std::nullopt;
    word.encoding = ascii_lower(encoding.front());
    if (word.encoding != 'q' && word.encoding != 'b') return std::nullopt;
    // Spaces are not allowed in it, and written all the same.
    const size_t begin = at;
    at = value.find('?', begin);
    if (at == std::string_view::npos || at + 1 == value.size() || value[at + 1] != '=')
        return std::nullopt;
    word.text = value.substr(begin, at - begin);
    word.length = at + 2;
    return word;
}

void append_octets(const EncodedWord& word, std::string& octets) {
    const bool is_q = word.encoding == 'q';
    TransferDecoder decoder(is_q ? TransferEncoding::quoted_printable : TransferEncoding::base64);
    std::string text(word.text);
    if (is_q) {
        // RFC 2047 §4.2: "_" is a space; an underscore is encoded.
        std::ranges::replace(text, '_', ' ');
        // Otherwise a final space would be taken for one that was added on the way.
        text += '.';
    }
    decoder.decode(Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()), octets);
    decoder.finish(octets);
    if (is_q) octets.pop_back();
}

}  // namespace

std::string decode_encoded_words(std::string_view value, const Charsets& charsets) {
    const std::string line = unfold(value);
    const std::string_view text = line;
    std::string out;
    std::string_view charset;
    std::string octets;  // of words of one charset: some programs cut characters in two
    auto flush = [&] {
        charsets.append_utf8(charset, octets, out);
        octets.clear();
    };
    bool after_word = false;
    size_t at = 0;
    while (at < text.size()) {
        const size_t begin = std::min(text.find("=?", at), text.size());
        auto word = begin < text.size() ? read_word(text.substr(begin)) : std::nullopt;
        if (begin < text.size() && !word) {
            flush();
            charsets.append_utf8("utf-8", text.substr(at, begin + 2 - at), out);
            at = begin + 2;
            after_word = false;
            continue;
        }
        const std::string_view between = text.substr(at, begin - at);
        // RFC 2047 §6.2: white space between two encoded words is not of the text.
        const bool is_dropped = after_word && word && trim(between).empty();
        if (!is_dropped || (word && !equal_ignoring_case(word->charset, charset))) flush();
        if (!is_dropped) charsets.append_utf8("utf-8", between, out);
        if (!word) break;
        charset = word->charset;
        append_octets(*word, octets);
        at = begin + word->length;
        after_word = true;
    }
    flush();
    return out;
}

}  // namespace gatepost::dataplane

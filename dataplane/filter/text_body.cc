#include "dataplane/filter/text_body.h"

#include <algorithm>
#include <cstring>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

namespace {

// Without the CRs in front of LF, in place.
void make_lines_end_with_lf(std::string& text) {
    char* const begin = text.data();
    const char* at = begin;
    const char* const end = begin + text.size();
    char* to = begin;
    while (at < end) {
        const void* found = std::memchr(at, '\r', static_cast<size_t>(end - at));
        const char* cr = found != nullptr ? static_cast<const char*>(found) : end;
        const auto length = static_cast<size_t>(cr - at);
        if (to != at) std::memmove(to, at, length);
        to += length;
        at = cr;
        if (at == end) break;
        if (at + 1 == end || at[1] != '\n') *to++ = '\r';
        ++at;
    }
    text.resize(static_cast<size_t>(to - begin));
}

// Octets of `text` without a sequence of UTF-8 at its end that is not complete.
size_t whole_sequences(std::string_view text) {
    for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const auto c = static_cast<unsigned char>(text[text.size() - back]);
        if (c < 0x80) break;
        if (c >= 0xc0) return text.size() - back;
    }
    return text.size();
}

// Charsets in which each octet below 0x80 is the character of ASCII, wherever it stands.
bool has_plain_ascii(std::string_view charset) {
    constexpr std::string_view kBegins[] = {"us-ascii", "utf-8", "iso-8859-", "windows-125"};
    return std::ranges::any_of(kBegins, [&](std::string_view begin) {
        return equal_ignoring_case(charset.substr(0, begin.size()), begin);
    });
}

// How many octets at the front are ASCII.
size_t ascii_run(std::string_view text) {
    constexpr uint64_t kHighBits = 0x8080808080808080;
    size_t at = 0;
    for (uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & kHighBits) != 0) break;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at;
}

}  // namespace

void TextBody::begin(const MessagePart& part) {
    end();
    if (part.type != "text") return;
    decoder_.emplace(transfer_encoding(part.encoding));
    const std::string* charset = find_parameter(part.parameters, "charset");
    charset_ = charset != nullptr ? *charset : "us-ascii";
    has_plain_ascii_ = has_plain_ascii(charset_);
    take_("\n");  // no pattern goes from the part before into this one
}

void TextBody::feed(Bytes raw) {
    if (!decoder_) return;
    decoder_->decode(raw, decoded_);
    // In no charset of mail in use LF is a part of a character, and none has a state that lasts
    // longer than its line (RFC 1468 and RFC 1922 say so for theirs).
    const size_t line_end = decoded_.rfind('\n');
    if (line_end != std::string::npos)
        give(line_end + 1);
    else if (decoded_.size() > kTextLineMax)
        give(whole_sequences(decoded_));
}

void TextBody::end() {
    if (!decoder_) return;
    decoder_->finish(decoded_);
    give(decoded_.size());
    decoder_.reset();
}

// Most text is ASCII for the most part, which is copied.
void TextBody::append_text(std::string_view octets) {
    if (!has_plain_ascii_) return charsets_.append_utf8(charset_, octets, text_);
    while (!octets.empty()) {
        const size_t ascii = ascii_run(octets);
        text_.append(octets.substr(0, ascii));
        octets.remove_prefix(ascii);
        size_t others = 0;
        while (others < octets.size() && static_cast<unsigned char>(octets[others]) >= 0x80)
            ++others;
        if (others != 0) charsets_.append_utf8(charset_, octets.substr(0, others), text_);
        octets.remove_prefix(others);
    }
}

void TextBody::give(size_t size) {
    if (size == 0) return;
    text_.clear();
    append_text(std::string_view(decoded_).substr(0, size));
    decoded_.erase(0, size);
    make_lines_end_with_lf(text_);
    take_(text_);
}

}  // namespace gatepost::dataplane

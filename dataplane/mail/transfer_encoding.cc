#include "dataplane/mail/transfer_encoding.h"

#include <array>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

constexpr uint8_t kNoDigit = 0xff;
// RFC 5322 §2.1.1: white space of more than a line does not end one.
constexpr size_t kBlanksHeldMax = 998;

constexpr std::array<uint8_t, 256> make_base64_digits() {
    std::array<uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < kAlphabet.size(); ++i)
        digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
    return digits;
}
constexpr std::array<uint8_t, 256> kBase64Digits = make_base64_digits();

// As many groups of four digits as come one after the other; gives the octet behind them.
const uint8_t* decode_base64_groups(const uint8_t* at, const uint8_t* end, std::string& out) {
    while (end - at >= 4) {
        char room[768];
        size_t size = 0;
        while (end - at >= 4 && size < sizeof room) {
            const uint8_t a = kBase64Digits[at[0]];
            const uint8_t b = kBase64Digits[at[1]];
            const uint8_t c = kBase64Digits[at[2]];
            const uint8_t d = kBase64Digits[at[3]];
            if (((a | b | c | d) & 0xc0) != 0) break;
            room[size++] = static_cast<char>(a << 2 | b >> 4);
            room[size++] = static_cast<char>(b << 4 | c >> 2);
            room[size++] = static_cast<char>(c << 6 | d);
            at += 4;
        }
        if (size == 0) break;
        out.append(room, size);
    }
    return at;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Octets of quoted-printable that stand for themselves and encoded ones, as far as each can be told
// by itself and by the octets behind it; gives the position behind them.
size_t decode_plain_runs(std::string_view text, size_t at, std::string& out) {
    for (;;) {
        const size_t begin = at;
        while (at < text.size() && text[at] != '=') {
            // White space is of the text unless its line ends behind it.
            const char next = at + 1 < text.size() ? text[at + 1] : '\n';
            if (is_blank(text[at]) && (is_blank(next) || next == '\r' || next == '\n')) break;
            ++at;
        }
        out += text.substr(begin, at - begin);
        if (text.size() - at < 3 || text[at] != '=') return at;
        const int high = hex_digit(text[at + 1]);
        const int low = hex_digit(text[at + 2]);
        if (high < 0 || low < 0) return at;
        out += static_cast<char>(high << 4 | low);
        at += 3;
    }
}

}  // namespace

TransferEncoding transfer_encoding(std::string_view name) {
    if (name.empty()) return TransferEncoding::identity;
    for (std::string_view identity : {"7bit", "8bit", "binary"}) {
        if (equal_ignoring_case(name, identity)) return TransferEncoding::identity;
    }
    if (equal_ignoring_case(name, "quoted-printable")) return TransferEncoding::quoted_printable;
    if (equal_ignoring_case(name, "base64")) return TransferEncoding::base64;
    return TransferEncoding::unknown;
}

void TransferDecoder::decode(Bytes raw, std::string& out) {
    switch (encoding_) {
        case TransferEncoding::identity:
        case TransferEncoding::unknown:
            out.append(reinterpret_cast<const char*>(raw.data()), raw.size());
            return;
        case TransferEncoding::quoted_printable:
            return decode_quoted_printable(raw, out);
        case TransferEncoding::base64:
            return decode_base64(raw, out);
    }
}

void TransferDecoder::finish(std::string& out) {
    // RFC 2045 §6.7 rule 3: white space at the end of a line is not of the text.
    if (!held_.empty() && held_.front() == '=') out += held_;
    held_.clear();
    bit_count_ = 0;
    padded_ = false;
}

void TransferDecoder::decode_base64(Bytes raw, std::string& out) {
    const uint8_t* at = raw.data();
    const uint8_t* const end = at + raw.size();
    while (at != end) {
        if (bit_count_ == 0 && !padded_) at = decode_base64_groups(at, end, out);
        if (at == end) return;
        const uint8_t octet = *at++;
        const uint8_t digit = kBase64Digits[octet];
        if (octet == '=') padded_ = true;
        // RFC 2045 §6.8: what is not in the alphabet is ignored.
        if (digit == kNoDigit) continue;
        // Behind padding another text begins: signatures appended by lists are encoded apart.
        if (padded_) {
            bit_count_ = 0;
            padded_ = false;
        }
        bits_ = bits_ << 6 | digit;
        bit_count_ = static_cast<uint8_t>(bit_count_ + 6);
        if (bit_count_ < 8) continue;
        bit_count_ = static_cast<uint8_t>(bit_count_ - 8);
        out += static_cast<char>(bits_ >> bit_count_);
    }
}

void TransferDecoder::decode_quoted_printable(Bytes raw, std::string& out) {
    const std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
    for (size_t at = 0; at < text.size();) {
        if (held_.empty()) at = decode_plain_runs(text, at, out);
        if (at == text.size()) return;
        const char c = text[at++];
        if (held_.empty() || is_blank(held_.front())) {
            if (c == '=' || is_blank(c)) {
                if (c == '=' || held_.size() == kBlanksHeldMax) {
                    out += held_;
                    held_.clear();
                }
                held_ += c;
                continue;
            }
            // Rule 3: white space before a line end was added on the way.
            if (c != '\r' && c != '\n') out += held_;
            held_.clear();
            out += c;
            continue;
        }
        held_ += c;
        if (held_ == "=\n" || held_ == "=\r\n") {  // rule 5: a soft line break
            held_.clear();
            continue;
        }
        // White space between "=" and the line end was added on the way as well.
        if (is_blank(c) && held_.find_first_not_of(" \t", 1) == std::string::npos &&
            held_.size() < kBlanksHeldMax) {
            held_.pop_back();
            continue;
        }
        if (held_.size() == 2 && (hex_digit(c) >= 0 || c == '\r')) continue;
        const int high = hex_digit(held_[1]);
        const int low = held_.size() == 3 ? hex_digit(held_[2]) : -1;
        if (high >= 0 && low >= 0)
            out += static_cast<char>(high << 4 | low);
        else
            out += held_;
        held_.clear();
    }
}

}  // namespace gatepost::dataplane

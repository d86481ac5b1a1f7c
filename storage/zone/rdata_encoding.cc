#include "storage/zone/rdata_encoding.h"

#include <array>

namespace gatepost::storage {

namespace {

constexpr uint8_t kBad = 0xff;
constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kBase32Digits = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

using DigitValues = std::array<uint8_t, 256>;

consteval DigitValues digit_values(std::string_view digits, bool any_case) {
    DigitValues values{};
    values.fill(kBad);
    for (size_t i = 0; i < digits.size(); ++i) {
        auto c = static_cast<uint8_t>(digits[i]);
        values[c] = static_cast<uint8_t>(i);
        if (any_case && c >= 'A') values[c ^ 0x20] = static_cast<uint8_t>(i);
    }
    return values;
}

constexpr DigitValues kHexValues = digit_values(kHexDigits, true);
constexpr DigitValues kBase32Values = digit_values(kBase32Digits, true);
constexpr DigitValues kBase64Values = digit_values(kBase64Digits, false);

uint8_t value_of(const DigitValues& values, char c) {
    return values[static_cast<uint8_t>(c)];
}

bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}

void append_decimal_escape(uint8_t c, std::string& out) {
    out += '\\';
    out += static_cast<char>('0' + c / 100);
    out += static_cast<char>('0' + c / 10 % 10);
    out += static_cast<char>('0' + c % 10);
}

void append_escaped(Bytes octets, std::string& out) {
    for (uint8_t c : octets) {
        if (c < ' ' || c >= 0x7f) {
            append_decimal_escape(c, out);
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<char>(c);
    }
}

}  // namespace

bool HexDecoder::feed(std::string_view text) {
    for (char c : text) {
        uint8_t value = value_of(kHexValues, c);
        if (value == kBad) return false;
        if (half_)
            out_.push_back(static_cast<uint8_t>(high_ << 4 | value));
        else
            high_ = value;
        half_ = !half_;
    }
    return true;
}

bool Base64Decoder::feed(std::string_view text) {
    for (char c : text) {
        if (c == '=') {
            if (count_ < 2) return false;
            ++padding_;
        } else {
            uint8_t value = value_of(kBase64Values, c);
            if (value == kBad || padding_ > 0) return false;
            bits_ = bits_ << 6 | value;
        }
        if (++count_ == 4 && !flush_group()) return false;
    }
    return true;
}

bool Base64Decoder::flush_group() {
    count_ = 0;
    uint32_t bits = bits_ << 6 * padding_;
    bits_ = 0;
    // RFC 4648 §3.5: the bits behind the last octet are zero; others tell of a damaged text.
    if ((padding_ == 1 && (bits & 0xff) != 0) || (padding_ == 2 && (bits & 0xffff) != 0))
        return false;
    for (int octet = 0; octet < 3 - padding_; ++octet)
        out_.push_back(static_cast<uint8_t>(bits >> (16 - 8 * octet)));
    return true;
}

bool base32hex_decode(std::string_view text, std::vector<uint8_t>& out) {
    uint32_t bits = 0;
    unsigned count = 0;  // bits that are not written yet
    for (char c : text) {
        uint8_t value = value_of(kBase32Values, c);
        if (value == kBad) return false;
        bits = bits << 5 | value;
        count += 5;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<uint8_t>(bits >> count));
        }
    }
    return count < 5 && (bits & ((1U << count) - 1)) == 0;
}

bool string_unescape(std::string_view text, std::vector<uint8_t>& out) {
    for (size_t at = 0; at < text.size();) {
        char c = text[at++];
        if (c == '"') return false;
        if (c != '\\') {
            out.push_back(static_cast<uint8_t>(c));
            continue;
        }
        if (at == text.size()) return false;
        if (!is_decimal(text[at])) {
            out.push_back(static_cast<uint8_t>(text[at++]));
            continue;
        }
        if (at + 3 > text.size() || !is_decimal(text[at + 1]) || !is_decimal(text[at + 2]))
            return false;
        int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
        if (value > 255) return false;
        out.push_back(static_cast<uint8_t>(value));
        at += 3;
    }
    return true;
}

void hex_to_text(Bytes octets, std::string& out) {
    for (uint8_t octet : octets) {
        out += kHexDigits[octet >> 4];
        out += kHexDigits[octet & 15];
    }
}

void base64_to_text(Bytes octets, std::string& out) {
    size_t at = 0;
    for (; at + 3 <= octets.size(); at += 3) {
        uint32_t bits = uint32_t{octets[at]} << 16 | uint32_t{octets[at + 1]} << 8 | octets[at + 2];
        for (int shift = 18; shift >= 0; shift -= 6) out += kBase64Digits[bits >> shift & 63];
    }
    size_t left = octets.size() - at;
    if (left == 0) return;
    uint32_t bits = uint32_t{octets[at]} << 16;
    if (left == 2) bits |= uint32_t{octets[at + 1]} << 8;
    out += kBase64Digits[bits >> 18 & 63];
    out += kBase64Digits[bits >> 12 & 63];
    out += left == 2 ? kBase64Digits[bits >> 6 & 63] : '=';
    out += '=';
}

void base32hex_to_text(Bytes octets, std::string& out) {
    uint32_t bits = 0;
    unsigned count = 0;
    for (uint8_t octet : octets) {
        bits = bits << 8 | octet;
        count += 8;
        while (count >= 5) {
            count -= 5;
            out += kBase32Digits[bits >> count & 31];
        }
    }
    if (count > 0) out += kBase32Digits[bits << (5 - count) & 31];
}

void string_to_quoted(Bytes octets, std::string& out) {
    out += '"';
    append_escaped(octets, out);
    out += '"';
}

void string_to_word(Bytes octets, std::string& out) {
    constexpr std::string_view kNotInWords = " \";()";
    for (uint8_t c : octets)
        if (kNotInWords.find(static_cast<char>(c)) != std::string_view::npos)
            return string_to_quoted(octets, out);
    append_escaped(octets, out);
}

}  // namespace gatepost::storage

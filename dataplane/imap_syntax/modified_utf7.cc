#include "dataplane/imap_syntax/modified_utf7.h"

#include <cstdint>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {
namespace {

// RFC 3501 §5.1.3: "," is used instead of "/".
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == ',' ? 63 : -1;
}

bool is_printable(uint32_t c) {
    return c >= 0x20 && c <= 0x7e;
}

// UTF-16 that base64 carries, as code points.
class Utf16Reader {
  public:
    explicit Utf16Reader(std::string& out) : out_(out) {}

    bool add(uint32_t sextet) {
        bits_ = bits_ << 6 | sextet;
        bit_count_ += 6;
        if (bit_count_ < 16) return true;
        bit_count_ -= 16;
        const uint32_t unit = bits_ >> bit_count_ & 0xffff;
        bits_ &= (1U << bit_count_) - 1;
        return add_unit(unit);
    }
    // What is left over are fewer bits than one character of base64 has, and zero.
    bool ends_well() const { return high_ == 0 && bit_count_ < 6 && bits_ == 0 && any_; }

  private:
    bool add_unit(uint32_t unit) {
        any_ = true;
        const bool high = unit >= 0xd800 && unit < 0xdc00;
        const bool low = unit >= 0xdc00 && unit < 0xe000;
        if (low != (high_ != 0)) return false;
        if (high) {
            high_ = unit;
            return true;
        }
        uint32_t code_point = unit;
        if (low) code_point = 0x10000 + ((high_ - 0xd800) << 10) + (unit - 0xdc00);
        high_ = 0;
        // RFC 3501 §5.1.3: MUST NOT be used for what can represent itself.
        if (is_printable(code_point)) return false;
        append_code_point(code_point, out_);
        return true;
    }

    std::string& out_;
    uint32_t bits_ = 0;
    uint32_t bit_count_ = 0;
    uint32_t high_ = 0;  // half of a pair of surrogates
    bool any_ = false;
};

class Utf16Writer {
  public:
    explicit Utf16Writer(std::string& out) : out_(out) {}

    void add(uint32_t code_point) {
        if (code_point < 0x10000) return add_unit(code_point);
        add_unit(0xd800 + ((code_point - 0x10000) >> 10));
        add_unit(0xdc00 + ((code_point - 0x10000) & 0x3ff));
    }
    void finish() {
        if (bit_count_ > 0) out_ += kAlphabet[bits_ << (6 - bit_count_) & 0x3f];
    }

  private:
    void add_unit(uint32_t unit) {
        bits_ = bits_ << 16 | unit;
        bit_count_ += 16;
        for (; bit_count_ >= 6; bit_count_ -= 6)
            out_ += kAlphabet[bits_ >> (bit_count_ - 6) & 0x3f];
        bits_ &= (1U << bit_count_) - 1;
    }

    std::string& out_;
    uint32_t bits_ = 0;
    uint32_t bit_count_ = 0;
};

// Of the UTF-8 sequence at the beginning of `text`, which is taken away.
uint32_t take_code_point(std::string_view& text) {
    const size_t length = utf8_sequence_length(text);
    if (length == 0) {
        text.remove_prefix(1);
        return 0xfffd;
    }
    const auto first = static_cast<uint8_t>(text[0]);
    uint32_t code_point = length == 1 ? first : first & (0x7fU >> length);
    for (size_t i = 1; i < length; ++i)
        code_point = code_point << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
    text.remove_prefix(length);
    return code_point;
}

}  // namespace

std::optional<std::string> decode_modified_utf7(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const char c = text[at++];
        if (!is_printable(static_cast<uint8_t>(c))) return std::nullopt;
        if (c != '&') {
            out += c;
            continue;
        }
        const size_t end = text.find('-', at);
        if (end == std::string_view::npos) return std::nullopt;
        if (end == at) {  // "&-"
            out += '&';
            at = end + 1;
            continue;
        }
        Utf16Reader reader(out);
        for (; at < end; ++at) {
            const int value = base64_value(text[at]);
            if (value < 0 || !reader.add(static_cast<uint32_t>(value))) return std::nullopt;
        }
        if (!reader.ends_well()) return std::nullopt;
        ++at;
        // RFC 3501 §5.1.3: "&U,BTFw-&ZeVnLIqe-" is not permitted.
        const std::string_view rest = text.substr(at);
        if (rest.starts_with('&') && !rest.starts_with("&-")) return std::nullopt;
    }
    return out;
}

void append_modified_utf7(std::string& out, std::string_view utf8) {
    while (!utf8.empty()) {
        const char c = utf8.front();
        if (is_printable(static_cast<uint8_t>(c))) {
            out += c;
            if (c == '&') out += '-';
            utf8.remove_prefix(1);
            continue;
        }
        out += '&';
        Utf16Writer writer(out);
        while (!utf8.empty() && !is_printable(static_cast<uint8_t>(utf8.front())))
            writer.add(take_code_point(utf8));
        writer.finish();
        out += '-';
    }
}

}  // namespace gatepost::dataplane

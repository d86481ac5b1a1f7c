// Names of Maildir++ folders.
#include <algorithm>
#include <cstdint>

#include "dataplane/mail/charset.h"
#include "tools/gatepost/mail/maildir.h"

namespace gatepost::tools {

namespace {

// RFC 3501 §5.1.3: base64 with "," instead of "/", without padding.
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

constexpr uint32_t kSurrogateHigh = 0xd800;
constexpr uint32_t kSurrogateLow = 0xdc00;
constexpr uint32_t kSurrogateEnd = 0xe000;
constexpr uint32_t kBmpEnd = 0x10000;

// Appends what is between "&" and "-"; false: it is no UTF-16.
bool decode_shifted(std::string_view text, std::string& out) {
    uint32_t bits = 0;
    unsigned count = 0;
    uint32_t high = 0;
    for (const char c : text) {
        const size_t value = kAlphabet.find(c);
        if (value == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<uint32_t>(value);
        count += 6;
        if (count < 16) continue;
        count -= 16;
        const uint32_t unit = bits >> count & 0xffff;
        bits &= (1U << count) - 1;
        if (unit >= kSurrogateLow && unit < kSurrogateEnd) {
            if (high == 0) return false;
            dataplane::append_code_point(
                kBmpEnd + ((high - kSurrogateHigh) << 10) + (unit - kSurrogateLow), out);
            high = 0;
        } else if (high != 0) {
            return false;
        } else if (unit >= kSurrogateHigh && unit < kSurrogateLow) {
            high = unit;
        } else {
            dataplane::append_code_point(unit, out);
        }
    }
    return high == 0 && count < 6 && bits == 0;
}

uint32_t code_point_of(std::string_view sequence) {
    const auto octet = [&](size_t n) { return static_cast<uint8_t>(sequence[n]); };
    uint32_t value = octet(0);
    if (sequence.size() == 2) value &= 0x1f;
    if (sequence.size() == 3) value &= 0x0f;
    if (sequence.size() == 4) value &= 0x07;
    for (size_t n = 1; n < sequence.size(); ++n) value = value << 6 | (octet(n) & 0x3fU);
    return value;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = dataplane::utf8_sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

void encode_shifted(const std::vector<uint16_t>& units, std::string& out) {
    out += '&';
    uint32_t bits = 0;
    unsigned count = 0;
    for (const uint16_t unit : units) {
        bits = bits << 16 | unit;
        for (count += 16; count >= 6; count -= 6) out += kAlphabet[bits >> (count - 6) & 0x3f];
        bits &= (1U << count) - 1;
    }
    if (count > 0) out += kAlphabet[bits << (6 - count) & 0x3f];
    out += '-';
}

}  // namespace

std::optional<std::string> maildir_folder_to_name(std::string_view folder) {
    if (folder.size() < 2 || folder[0] != '.' || folder[1] == '.') return std::nullopt;
    std::string name;
    for (size_t at = 1; at < folder.size(); ++at) {
        if (folder[at] == '.') {
            name += '/';
        } else if (folder[at] != '&') {
            name += folder[at];  // also UTF-8, which some have
        } else {
            const size_t end = folder.find('-', at);
            if (end == std::string_view::npos) return std::nullopt;
            if (end == at + 1)
                name += '&';
            else if (!decode_shifted(folder.substr(at + 1, end - at - 1), name))
                return std::nullopt;
            at = end;
        }
    }
    if (!is_utf8(name)) return std::nullopt;
    return name;
}

std::string maildir_folder_from_name(std::string_view name) {
    std::string folder = ".";
    std::vector<uint16_t> units;
    const auto flush = [&] {
        if (!units.empty()) encode_shifted(units, folder);
        units.clear();
    };
    while (!name.empty()) {
        const char c = name.front();
        // A dot would be read as the end of a level: shifted, it is none.
        const bool is_plain = c >= 0x20 && c < 0x7f && c != '.';
        const size_t length =
            is_plain ? 1 : std::max<size_t>(dataplane::utf8_sequence_length(name), 1);
        if (is_plain) {
            flush();
            if (c == '/')
                folder += '.';
            else if (c == '&')
                folder += "&-";
            else
                folder += c;
        } else {
            const uint32_t point = code_point_of(name.substr(0, length));
            if (point >= kBmpEnd) {
                units.push_back(static_cast<uint16_t>(kSurrogateHigh + ((point - kBmpEnd) >> 10)));
                units.push_back(static_cast<uint16_t>(kSurrogateLow + ((point - kBmpEnd) & 0x3ff)));
            } else {
                units.push_back(static_cast<uint16_t>(point));
            }
        }
        name.remove_prefix(length);
    }
    flush();
    return folder;
}

}  // namespace gatepost::tools

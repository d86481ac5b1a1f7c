#include "storage/zone/master_file_fields.h"

#include <charconv>

#include "storage/zone/master_file.h"
#include "storage/zone/rrtype.h"

namespace gatepost::storage {

namespace {

constexpr size_t kShownMax = 60;  // octets of a word that a message repeats

char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
bool is_ttl_digit(char c) {
    return c >= '0' && c <= '9';
}

uint32_t ttl_unit_seconds(char unit) {
    switch (to_lower(unit)) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        case 'w':
            return 604800;
        default:
            return 0;
    }
}

}  // namespace

Result<uint32_t> ttl_from_text(std::string_view text) {
    auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::invalid, "{} {}", shown(text), why);
    };
    constexpr std::string_view kNoTtl =
        "is not a TTL, expected seconds, or numbers with units like 1h30m";
    constexpr std::string_view kTooLarge =
        "is too large for a TTL, expected at most 2147483647 seconds";
    uint64_t sum = 0;
    bool units = false;
    for (size_t at = 0; at < text.size() || at == 0;) {
        size_t start = at;
        uint64_t number = 0;
        for (; at < text.size() && is_ttl_digit(text[at]); ++at) {
            number = number * 10 + static_cast<uint64_t>(text[at] - '0');
            if (number > kTtlMax) return refuse(kTooLarge);
        }
        if (at == start) return refuse(kNoTtl);
        if (at == text.size()) {
            // "1h30" leaves open what the 30 counts.
            if (units) return refuse(kNoTtl);
            return static_cast<uint32_t>(number);
        }
        uint32_t seconds = ttl_unit_seconds(text[at++]);
        if (seconds == 0) return refuse(kNoTtl);
        sum += number * seconds;
        if (sum > kTtlMax) return refuse(kTooLarge);
        units = true;
    }
    return static_cast<uint32_t>(sum);
}

std::optional<uint16_t> class_from_text(std::string_view text) {
    if (text.size() == 2) {
        if (equal_without_case(text, "IN")) return kClassIn;
        if (equal_without_case(text, "CS")) return uint16_t{2};
        if (equal_without_case(text, "CH")) return kClassCh;
        if (equal_without_case(text, "HS")) return uint16_t{4};
        return {};
    }
    constexpr std::string_view kGeneric = "CLASS";
    if (text.size() <= kGeneric.size() || !equal_without_case(text.substr(0, 5), kGeneric))
        return {};
    uint16_t number = 0;
    const char* end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data() + kGeneric.size(), end, number);
    if (error != std::errc() || stop != end) return {};
    return number;
}

bool equal_without_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

std::string shown(std::string_view word) {
    std::string text = "'";
    for (char c : word.substr(0, kShownMax)) {
        if (c < ' ' || c > '~')
            text += fmt::format("\\{:03d}", static_cast<uint8_t>(c));
        else
            text += c;
    }
    if (word.size() > kShownMax) text += "…";
    text += "'";
    return text;
}

std::string unescaped(std::string_view word) {
    std::string text;
    for (size_t at = 0; at < word.size(); ++at) {
        if (word[at] != '\\' || at + 1 == word.size()) {
            text += word[at];
            continue;
        }
        int value = 256;
        if (at + 3 < word.size() && is_ttl_digit(word[at + 1]) && is_ttl_digit(word[at + 2]) &&
            is_ttl_digit(word[at + 3]))
            value = (word[at + 1] - '0') * 100 + (word[at + 2] - '0') * 10 + (word[at + 3] - '0');
        if (value < 256) {
            text += static_cast<char>(value);
            at += 3;
        } else {
            text += word[++at];
        }
    }
    return text;
}

}  // namespace gatepost::storage

#include "dataplane/imap_fetch/response_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dataplane/mail/charset.h"

namespace gatepost::dataplane {
namespace {

enum OctetKind : uint8_t {
    kEscaped = 1,      // takes a backslash in a quoted string
    kEightBit = 2,     // RFC 6855 §3: in a quoted string only as UTF-8
    kLiteralOnly = 4,  // CR, LF, NUL
};

constexpr std::array<uint8_t, 256> make_octet_kinds() {
    std::array<uint8_t, 256> kinds{};
    for (size_t octet = 0x80; octet < 0x100; ++octet) kinds[octet] = kEightBit;
    kinds['"'] = kinds['\\'] = kEscaped;
    kinds['\r'] = kinds['\n'] = kinds['\0'] = kLiteralOnly;
    return kinds;
}
constexpr std::array<uint8_t, 256> kOctetKinds = make_octet_kinds();

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// Whether one of eight octets is a control character, '"', '\\', or above 0x7f: eight at a time.
bool needs_look(uint64_t octets) {
    const auto less = [octets](uint64_t of, uint64_t bound) {
        return (of - kOnes * bound) & ~octets;
    };
    const uint64_t controls = less(octets, ' ');
    const uint64_t quotes = ((octets ^ kOnes * '"') - kOnes) & ~(octets ^ kOnes * '"');
    const uint64_t backslashes = ((octets ^ kOnes * '\\') - kOnes) & ~(octets ^ kOnes * '\\');
    return ((octets | controls | quotes | backslashes) & kHighBits) != 0;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = utf8_sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr int64_t kDayS = 86'400;
// RFC 9051 §9: a year has four digits.
constexpr int64_t kFirstS = -62'135'596'800;  // 0001-01-01
constexpr int64_t kLastS = 253'402'300'799;   // 9999-12-31

void two_digits(char* at, unsigned value) {
    at[0] = static_cast<char>('0' + value / 10);
    at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void ResponseText::add_long(std::string_view text) {
    flush();
    if (text.size() > kRoomOctets) {
        out_.append(text);
        return;
    }
    add(text);
}

void ResponseText::number(uint64_t value) {
    constexpr size_t kDigitsMax = 20;
    if (kRoomOctets - size_ < kDigitsMax) flush();
    char* const at = room_ + size_;
    size_ += static_cast<size_t>(std::to_chars(at, at + kDigitsMax, value).ptr - at);
}

// What is plain, as nearly everything is, is looked at and copied in one go.
bool ResponseText::add_plain_string(std::string_view text) {
    constexpr size_t kStep = sizeof(uint64_t);
    // Two quotes, and the last step may write behind the end.
    if (text.size() > kRoomOctets - 2 - kStep) return false;
    if (text.size() + 2 + kStep > kRoomOctets - size_) flush();
    char* at = room_ + size_;
    *at++ = '"';
    const char* from = text.data();
    size_t left = text.size();
    for (; left >= kStep; left -= kStep, from += kStep, at += kStep) {
        uint64_t octets;
        std::memcpy(&octets, from, kStep);
        if (needs_look(octets)) return false;
        std::memcpy(at, &octets, kStep);
    }
    for (; left > 0; --left) {
        const char c = *from++;
        if (kOctetKinds[static_cast<uint8_t>(c)] != 0) return false;
        *at++ = c;
    }
    *at = '"';
    size_ += text.size() + 2;
    return true;
}

void ResponseText::string(std::string_view text) {
    if (add_plain_string(text)) [[likely]]
        return;
    uint8_t kinds = 0;
    for (const char c : text) kinds |= kOctetKinds[static_cast<uint8_t>(c)];
    // Without UTF-8 the octets go out as the message has them, in a literal: to that there is no
    // other way that keeps them (RFC 3501 §4.3).
    const bool is_quotable =
        (kinds & kLiteralOnly) == 0 && ((kinds & kEightBit) == 0 || (utf8_ && is_utf8(text)));
    if (!is_quotable) return literal(text);
    add('"');
    for (const char c : text) {
        if (kOctetKinds[static_cast<uint8_t>(c)] == kEscaped) add('\\');
        add(c);
    }
    add('"');
}

void ResponseText::literal(std::string_view text) {
    add('{');
    number(text.size());
    add("}\r\n");
    for (const char c : text) add(c == '\0' ? kNulReplacement : c);
}

void ResponseText::date_time(int64_t unix_s) {
    const int64_t at_s = std::clamp(unix_s, kFirstS, kLastS);
    const int64_t days = (at_s >= 0 ? at_s : at_s - (kDayS - 1)) / kDayS;
    const auto second = static_cast<unsigned>(at_s - days * kDayS);
    // The calendar repeats every 400 years of 146,097 days; years are counted from March, so that
    // the day of the leap year is the last one.
    const auto shifted = static_cast<uint64_t>(days + 719'468);
    const auto era = shifted / 146'097;
    const auto day_of_era = static_cast<unsigned>(shifted % 146'097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned march_month = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const unsigned month = march_month < 10 ? march_month + 2 : march_month - 10;  // from 0
    const auto year = static_cast<unsigned>(era * 400 + year_of_era + (month < 2 ? 1 : 0));

    char text[] = "\"00-Jan-0000 00:00:00 +0000\"";
    two_digits(text + 1, day);
    if (day < 10) text[1] = ' ';  // RFC 9051 §9 date-day-fixed
    std::memcpy(text + 4, kMonths.data() + size_t{month} * 3, 3);
    two_digits(text + 8, year / 100);
    two_digits(text + 10, year % 100);
    two_digits(text + 13, second / 3600);
    two_digits(text + 16, second / 60 % 60);
    two_digits(text + 19, second % 60);
    add(std::string_view(text, sizeof text - 1));
}

void replace_nuls(char* octets, size_t size) {
    char* at = octets;
    char* const end = octets + size;
    while ((at = static_cast<char*>(std::memchr(at, '\0', static_cast<size_t>(end - at)))) !=
           nullptr)
        *at++ = kNulReplacement;
}

}  // namespace gatepost::dataplane

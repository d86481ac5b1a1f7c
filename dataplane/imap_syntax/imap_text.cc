#include "dataplane/imap_syntax/imap_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "dataplane/mail/charset.h"
#include "storage/mailbox_index/mailbox_entry.h"

namespace gatepost::dataplane {
namespace {

// Octets of a quoted string: clients read one with its line into buffers of fixed sizes.
constexpr size_t kQuotedMax = 4096;

constexpr struct {
    std::string_view name;
    uint8_t flag;
} kSystemFlags[] = {
    {"\\Answered", storage::kFlagAnswered}, {"\\Flagged", storage::kFlagFlagged},
    {"\\Deleted", storage::kFlagDeleted},   {"\\Seen", storage::kFlagSeen},
    {"\\Draft", storage::kFlagDraft},
};

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Exactly so many digits.
void append_digits(std::string& out, uint32_t number, int count) {
    char digits[10];
    for (int i = count; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
    out.append(digits, static_cast<size_t>(count));
}

}  // namespace

void append_number(std::string& out, uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, static_cast<size_t>(end - digits));
}

bool can_be_quoted(std::string_view text, bool utf8) {
    if (text.size() > kQuotedMax) return false;
    while (!text.empty()) {
        const char c = text.front();
        if (c == '\0' || c == '\r' || c == '\n') return false;
        const size_t length = static_cast<uint8_t>(c) < 0x80 ? 1
                              : utf8                         ? utf8_sequence_length(text)
                                                             : 0;
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (;;) {
        const size_t special = std::min(text.find_first_of("\"\\"), text.size());
        out += text.substr(0, special);
        if (special == text.size()) break;
        out += '\\';
        out += text[special];
        text.remove_prefix(special + 1);
    }
    out += '"';
}

void append_literal(std::string& out, std::string_view text) {
    out += '{';
    append_number(out, text.size());
    out += "}\r\n";
    const size_t begin = out.size();
    out += text;
    std::replace(out.begin() + static_cast<ptrdiff_t>(begin), out.end(), '\0', '?');
}

void append_string(std::string& out, std::string_view text, bool utf8) {
    if (can_be_quoted(text, utf8))
        append_quoted(out, text);
    else
        append_literal(out, text);
}

void append_nstring(std::string& out, std::optional<std::string_view> text, bool utf8) {
    if (text)
        append_string(out, *text, utf8);
    else
        out += "NIL";
}

void append_system_flags(std::string& out, uint8_t flags) {
    bool first = true;
    for (const auto& known : kSystemFlags) {
        if ((flags & known.flag) == 0) continue;
        if (!first) out += ' ';
        first = false;
        out += known.name;
    }
}

void append_internal_date(std::string& out, int64_t seconds) {
    constexpr int64_t kFirst = -62'167'219'200;  // 0000-01-01
    constexpr int64_t kLast = 253'402'300'799;   // 9999-12-31
    const std::chrono::sys_seconds time{std::chrono::seconds(std::clamp(seconds, kFirst, kLast))};
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(midnight);
    const std::chrono::hh_mm_ss<std::chrono::seconds> clock(time - midnight);
    const auto day = static_cast<unsigned>(date.day());
    // RFC 9051 §9: date-day-fixed = (SP DIGIT) / 2DIGIT
    out += '"';
    if (day < 10) out += ' ';
    append_number(out, day);
    out += '-';
    out += kMonths[static_cast<unsigned>(date.month()) - 1];
    out += '-';
    append_digits(out, static_cast<uint32_t>(static_cast<int>(date.year())), 4);
    out += ' ';
    append_digits(out, static_cast<uint32_t>(clock.hours().count()), 2);
    out += ':';
    append_digits(out, static_cast<uint32_t>(clock.minutes().count()), 2);
    out += ':';
    append_digits(out, static_cast<uint32_t>(clock.seconds().count()), 2);
    out += " +0000\"";
}

void append_sequence_set(std::string& out, const storage::UidSet& set) {
    bool first = true;
    for (const storage::UidRange& range : set) {
        if (!first) out += ',';
        first = false;
        append_number(out, range.first);
        if (range.last == range.first) continue;
        out += ':';
        append_number(out, range.last);
    }
}

}  // namespace gatepost::dataplane

// Dates of commands (RFC 9051 §9: date, date-time).
#include <chrono>

#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

constexpr std::string_view kMonthNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes exactly so many digits.
bool take_digits(ImapScanner& scanner, int count, uint32_t& out) {
    out = 0;
    for (; count > 0; --count) {
        const char c = scanner.peek();
        if (!is_imap_digit(c)) return scanner.fail("a date is malformed");
        scanner.take(c);
        out = out * 10 + static_cast<uint32_t>(c - '0');
    }
    return true;
}

bool take_month(ImapScanner& scanner, uint32_t& out) {
    char name[3];
    for (char& c : name) {
        c = scanner.peek();
        if (!scanner.take(c) || c == '\0') return scanner.fail("a date is malformed");
    }
    for (out = 1; out <= 12; ++out)
        if (equal_ignoring_case(kMonthNames[out - 1], std::string_view(name, 3))) return true;
    return scanner.fail("there is no such month");
}

// "-Feb-1994", behind the day.
bool take_month_and_year(ImapScanner& scanner, uint32_t day, int32_t& days) {
    uint32_t month = 0;
    uint32_t year = 0;
    if (!scanner.expect('-') || !take_month(scanner, month) || !scanner.expect('-')) return false;
    if (!take_digits(scanner, 4, year)) return false;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return scanner.fail("no calendar has that date");
    days = static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
    return true;
}

// " 02:44:25 -0700": seconds from the day's beginning, in UTC.
bool take_time(ImapScanner& scanner, int64_t& seconds) {
    uint32_t hour = 0;
    uint32_t minute = 0;
    uint32_t second = 0;
    uint32_t zone = 0;
    if (!scanner.space() || !take_digits(scanner, 2, hour) || !scanner.expect(':')) return false;
    if (!take_digits(scanner, 2, minute) || !scanner.expect(':')) return false;
    if (!take_digits(scanner, 2, second) || !scanner.space()) return false;
    const bool west = scanner.peek() == '-';
    if (!west && scanner.peek() != '+') return scanner.fail("a time zone is missing");
    scanner.take(scanner.peek());
    if (!take_digits(scanner, 4, zone)) return false;
    // 60 is a leap second.
    if (hour > 23 || minute > 59 || second > 60 || zone % 100 > 59)
        return scanner.fail("no clock has that time");
    const int64_t offset = int64_t{zone / 100} * 3600 + int64_t{zone % 100} * 60;
    seconds = int64_t{hour} * 3600 + int64_t{minute} * 60 + second + (west ? offset : -offset);
    return true;
}

}  // namespace

bool parse_date(ImapScanner& scanner, int32_t& day) {
    const bool quoted = scanner.take('"');
    uint32_t day_of_month = 0;
    if (!scanner.number(day_of_month) || day_of_month > 31)
        return scanner.fail("a date is malformed");
    if (!take_month_and_year(scanner, day_of_month, day)) return false;
    return !quoted || scanner.expect('"');
}

bool parse_date_time(ImapScanner& scanner, int64_t& seconds) {
    if (!scanner.expect('"')) return false;
    // RFC 9051 §9: date-day-fixed is a space and a digit, or two digits; some send one digit alone.
    scanner.take(' ');
    uint32_t day_of_month = 0;
    int32_t day = 0;
    int64_t time = 0;
    if (!scanner.number(day_of_month) || day_of_month > 31)
        return scanner.fail("a date is malformed");
    if (!take_month_and_year(scanner, day_of_month, day)) return false;
    if (!take_time(scanner, time) || !scanner.expect('"')) return false;
    seconds = int64_t{day} * 86400 + time;
    return true;
}

}  // namespace gatepost::dataplane

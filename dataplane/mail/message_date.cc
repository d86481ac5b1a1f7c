#include "dataplane/mail/message_date.h"

#include <chrono>

#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_scanner.h"

namespace gatepost::dataplane {
namespace {

struct Number {
    int value = 0;
    size_t digits = 0;
};

// At most nine digits count: no field of a date has more.
std::optional<Number> read_number(std::string_view text) {
    if (text.empty() || text.size() > 9) return std::nullopt;
    Number number{0, text.size()};
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number.value = number.value * 10 + (c - '0');
    }
    return number;
}

std::optional<unsigned> read_month(std::string_view text) {
    constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
    if (text.size() < 3) return std::nullopt;
    for (unsigned i = 0; i < 12; ++i) {
        // Names written out in full begin with the same letters.
        if (equal_ignoring_case(text.substr(0, 3), kMonths[i])) return i + 1;
    }
    return std::nullopt;
}

// RFC 5322 §4.3: two digits below 50 are of this century, other short years count from 1900.
std::optional<int> read_year(std::string_view text) {
    auto number = read_number(text);
    if (!number || number->digits < 2 || number->digits > 4) return std::nullopt;
    if (number->digits == 2) return number->value + (number->value < 50 ? 2000 : 1900);
    if (number->digits == 3) return number->value + 1900;
    // RFC 5322 §3.3: no year before 1900.
    return number->value >= 1900 ? std::optional(number->value) : std::nullopt;
}

struct Zone {
    int minutes = 0;
    bool is_known = false;
};

std::optional<Zone> read_zone(std::string_view text) {
    struct Named {
        std::string_view name;
        int hours;
    };
    // RFC 5322 §4.3: obs-zone. The letters of the military are -0000, whatever they meant.
    constexpr Named kNamed[] = {{"ut", 0},   {"gmt", 0},  {"utc", 0},  {"z", 0},
                                {"est", -5}, {"edt", -4}, {"cst", -6}, {"cdt", -5},
                                {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}};
    if (text.empty()) return Zone{};
    if (text.front() == '+' || text.front() == '-') {
        auto number = read_number(text.substr(1));
        // RFC 5322 §3.3: the last two digits are minutes of an hour.
        if (!number || number->digits != 4 || number->value % 100 > 59) return std::nullopt;
        const int minutes = number->value / 100 * 60 + number->value % 100;
        const bool is_negative = text.front() == '-';
        return Zone{is_negative ? -minutes : minutes, !(is_negative && minutes == 0)};
    }
    for (const Named& named : kNamed) {
        if (equal_ignoring_case(text, named.name)) return Zone{named.hours * 60, true};
    }
    return Zone{};
}

class DateParser {
  public:
    explicit DateParser(std::string_view value) : scanner_(value) {}

    std::optional<MessageDate> parse() {
        std::string_view word = next();
        if (!word.empty() && !read_number(word)) {
            word = next();  // the name of the day
            if (word.empty() && separator_ == ',') word = next();
        }
        auto day = read_number(word);
        auto month = read_month(next());
        auto year = read_year(next());
        auto seconds = time_of_day();
        auto zone = read_zone(next());
        if (!day || !month || !year || !seconds || !zone) return std::nullopt;
        const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                               std::chrono::day(static_cast<unsigned>(day->value))};
        if (day->value > 31 || !date.ok()) return std::nullopt;
        const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
        return MessageDate{days * 86'400 + *seconds - zone->minutes * 60,
                           static_cast<int16_t>(zone->minutes), zone->is_known};
    }

  private:
    // The next atom; what separates it from the one after is behind it.
    std::string_view next() {
        scanner_.skip_cfws();
        if (scanner_.peek() == ',' || scanner_.peek() == ':') scanner_.skip();
        scanner_.skip_cfws();
        const std::string_view word = scanner_.atom();
        scanner_.skip_cfws();
        separator_ = scanner_.peek();
        return word;
    }

    // RFC 5322 §3.3: hour ":" minute [":" second]; 60 is a leap second.
    std::optional<int64_t> time_of_day() {
        auto hour = read_number(next());
        if (!hour || separator_ != ':') return std::nullopt;
        auto minute = read_number(next());
        auto second = separator_ == ':' ? read_number(next()) : Number{};
        if (!minute || !second) return std::nullopt;
        if (hour->value > 23 || minute->value > 59 || second->value > 60) return std::nullopt;
        return hour->value * 3600 + minute->value * 60 + second->value;
    }

    HeaderScanner scanner_;
    char separator_ = '\0';
};

}  // namespace

std::optional<MessageDate> parse_message_date(std::string_view value) {
    return DateParser(value).parse();
}

}  // namespace gatepost::dataplane

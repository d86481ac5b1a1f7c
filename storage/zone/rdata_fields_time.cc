#include <chrono>

#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

constexpr size_t kDateLength = 14;  // YYYYMMDDHHmmSS

// RFC 4034 §3.2: YYYYMMDDHHmmSS in UTC. False also for dates outside 32 bits of seconds (1970 to
// 2106).
bool parse_date(std::string_view text, uint32_t& seconds) {
    namespace chrono = std::chrono;
    uint64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (!parse_number(text.substr(0, 4), 9999, year) ||
        !parse_number(text.substr(4, 2), 12, month) || !parse_number(text.substr(6, 2), 31, day) ||
        !parse_number(text.substr(8, 2), 23, hour) ||
        !parse_number(text.substr(10, 2), 59, minute) ||
        !parse_number(text.substr(12, 2), 59, second))
        return false;
    chrono::year_month_day date{chrono::year(static_cast<int>(year)),
                                chrono::month(static_cast<unsigned>(month)),
                                chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return false;
    int64_t days = chrono::sys_days(date).time_since_epoch().count();
    int64_t total = days * 86400 + static_cast<int64_t>(hour * 3600 + minute * 60 + second);
    if (total < 0 || total > UINT32_MAX) return false;
    seconds = static_cast<uint32_t>(total);
    return true;
}

bool parse_time(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint32_t seconds = 0;
    bool good;
    if (token->text.size() == kDateLength) {
        good = parse_date(token->text, seconds);
    } else {
        uint64_t value = 0;
        good = parse_number(token->text, UINT32_MAX, value);
        seconds = static_cast<uint32_t>(value);
    }
    if (!good)
        return in.refuse(
            "is neither a time as YYYYMMDDHHmmSS up to 21060207062815 nor a number of seconds "
            "since 1970");
    ByteWriter(out).u32(seconds);
    return true;
}

const char* check_time(ByteReader& in) {
    in.u32();
    return in.ok() ? nullptr : "is cut short";
}

void print_time(ByteReader& in, std::string& out) {
    namespace chrono = std::chrono;
    uint32_t seconds = in.u32();
    chrono::year_month_day date{chrono::sys_days(chrono::days(seconds / 86400))};
    uint32_t of_day = seconds % 86400;
    uint64_t digits = static_cast<uint64_t>(static_cast<int>(date.year()));
    for (uint32_t part : {static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          of_day / 3600, of_day / 60 % 60, of_day % 60})
        digits = digits * 100 + part;
    print_number(digits, out);
}

}  // namespace

const FieldCodec kTimeField{parse_time, check_time, print_time};

}  // namespace gatepost::storage

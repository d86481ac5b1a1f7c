#include "dataplane/http/date_clock.h"

#include <ctime>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

constexpr char kDays[] = "SunMonTueWedThuFriSat";
constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

char* put(char* at, const char* text, int length) {
    for (int i = 0; i < length; ++i) *at++ = text[i];
    return at;
}

char* put_number(char* at, int value, int digits) {
    for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
    return at + digits;
}

}  // namespace

void DateClock::write() {
    auto seconds = static_cast<time_t>(unix_s_);
    tm parts{};
    ::gmtime_r(&seconds, &parts);
    char* at = put(text_, kDays + 3 * parts.tm_wday, 3);
    at = put(at, ", ", 2);
    at = put_number(at, parts.tm_mday, 2);
    *at++ = ' ';
    at = put(at, kMonths + 3 * parts.tm_mon, 3);
    *at++ = ' ';
    at = put_number(at, parts.tm_year + 1900, 4);
    *at++ = ' ';
    at = put_number(at, parts.tm_hour, 2);
    *at++ = ':';
    at = put_number(at, parts.tm_min, 2);
    *at++ = ':';
    at = put_number(at, parts.tm_sec, 2);
    at = put(at, " GMT", 4);
    GATEPOST_CHECK(at == text_ + sizeof text_);
}

}  // namespace gatepost::dataplane

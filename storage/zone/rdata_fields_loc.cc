#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

// RFC 1876 §2. Angles in thousandths of an arc second from the equator and the prime meridian,
// offset by 2³¹; altitude in centimetres above 100 km below the ellipsoid; sizes as digit ×
// 10^digit centimetres.
constexpr uint8_t kVersion = 0;
constexpr uint32_t kAngleZero = 1U << 31;
constexpr uint32_t kDegree = 3600000, kMinute = 60000;  // thousandths of an arc second
constexpr uint32_t kAltitudeZero = 10000000;            // cm
constexpr uint64_t kSizeMax = 9000000000;               // cm: the 90000000.00 m of RFC 1876 §3
constexpr uint8_t kSizeDefault = 0x12, kHorizontalDefault = 0x16,
                  kVerticalDefault = 0x13;  // 1 m, 10 km, 10 m

// "12", "12.3" as an integer of 10^-decimals. False: something else, or more decimals.
bool parse_fixed(std::string_view text, size_t decimals, uint64_t max, uint64_t& value) {
    size_t point = text.find('.');
    std::string_view whole = text.substr(0, point);
    std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
    if (fraction.size() > decimals || !parse_number(whole, max, value)) return false;
    uint64_t part = 0;
    if (!fraction.empty() && !parse_number(fraction, max, part)) return false;
    for (size_t i = 0; i < decimals; ++i) value *= 10;
    for (size_t i = fraction.size(); i < decimals; ++i) part *= 10;
    value += part;
    return value <= max;
}

// Degrees, minutes and seconds, the last two optional, and the direction.
bool parse_angle(TokenReader& in, uint32_t degrees_max, char positive, char negative,
                 uint32_t& angle) {
    constexpr uint32_t kUnits[] = {kDegree, kMinute, 1};
    uint64_t sum = 0;
    for (size_t part = 0;; ++part) {
        const Token* token = in.take_unquoted();
        if (token == nullptr) return false;
        if (part > 0 && token->text.size() == 1) {
            char direction = static_cast<char>(token->text[0] & ~0x20);
            if (direction == positive || direction == negative) {
                if (sum > uint64_t{degrees_max} * kDegree) break;
                auto distance = static_cast<uint32_t>(sum);
                angle = direction == positive ? kAngleZero + distance : kAngleZero - distance;
                return true;
            }
        }
        uint64_t value = 0;
        bool good = part == 0   ? parse_number(token->text, degrees_max, value)
                    : part == 1 ? parse_number(token->text, 59, value)
                    : part == 2 ? parse_fixed(token->text, 3, 59999, value)
                                : false;
        if (!good) break;
        sum += value * kUnits[part];
    }
    return in.refuse(
        fmt::format("is not right here: expected degrees up to {}, then minutes and seconds if "
                    "any, then {} or {}",
                    degrees_max, positive, negative));
}

std::string_view without_unit(std::string_view text) {
    if (text.ends_with('m') || text.ends_with('M')) text.remove_suffix(1);
    return text;
}

bool parse_altitude(TokenReader& in, uint32_t& altitude) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    std::string_view text = without_unit(token->text);
    bool below = text.starts_with('-');
    if (below) text.remove_prefix(1);
    uint64_t value = 0;
    uint64_t max = below ? kAltitudeZero : UINT32_MAX - kAltitudeZero;
    if (!parse_fixed(text, 2, max, value))
        return in.refuse("is not an altitude from -100000.00m to 42849672.95m");
    altitude = kAltitudeZero + static_cast<uint32_t>(below ? 0 - value : value);
    return true;
}

bool parse_size(TokenReader& in, uint8_t& size) {
    if (in.at_end()) return true;  // the default stays
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint64_t value = 0;
    if (!parse_fixed(without_unit(token->text), 2, kSizeMax, value))
        return in.refuse("is not a size from 0m to 90000000.00m");
    uint8_t exponent = 0;
    for (; value >= 10; value /= 10) ++exponent;
    size = static_cast<uint8_t>(value << 4 | exponent);
    return true;
}

bool parse_loc(TokenReader& in, std::vector<uint8_t>& out) {
    uint32_t latitude = 0, longitude = 0, altitude = 0;
    uint8_t size = kSizeDefault, horizontal = kHorizontalDefault, vertical = kVerticalDefault;
    if (!parse_angle(in, 90, 'N', 'S', latitude) || !parse_angle(in, 180, 'E', 'W', longitude) ||
        !parse_altitude(in, altitude) || !parse_size(in, size) || !parse_size(in, horizontal) ||
        !parse_size(in, vertical))
        return false;
    ByteWriter writer(out);
    for (uint8_t octet : {kVersion, size, horizontal, vertical}) writer.u8(octet);
    for (uint32_t value : {latitude, longitude, altitude}) writer.u32(value);
    return true;
}

bool is_size(uint8_t size) {
    uint8_t digit = size >> 4, exponent = size & 15;
    return digit <= 9 && exponent <= 9 && (digit > 0 || exponent == 0);
}

bool is_angle(uint32_t angle, uint32_t degrees_max) {
    uint32_t distance = angle >= kAngleZero ? angle - kAngleZero : kAngleZero - angle;
    return distance <= degrees_max * kDegree;
}

const char* check_loc(ByteReader& in) {
    uint8_t version = in.u8();
    if (in.ok() && version != kVersion) return "has an unknown version";
    bool sizes = true;
    for (int i = 0; i < 3; ++i) sizes &= is_size(in.u8());
    bool latitude = is_angle(in.u32(), 90);
    bool longitude = is_angle(in.u32(), 180);
    in.u32();
    if (!in.ok()) return "is cut short";
    if (!sizes) return "has a size or precision that is not digit × 10^digit";
    if (!latitude) return "has a latitude beyond 90 degrees";
    return longitude ? nullptr : "has a longitude beyond 180 degrees";
}

void print_angle(uint32_t angle, char positive, char negative, std::string& out) {
    uint32_t distance = angle >= kAngleZero ? angle - kAngleZero : kAngleZero - angle;
    out += fmt::format("{} {} {}.{:03} {} ", distance / kDegree, distance / kMinute % 60,
                       distance / 1000 % 60, distance % 1000,
                       angle >= kAngleZero ? positive : negative);
}

void print_size(uint8_t size, std::string& out) {
    uint64_t value = size >> 4;
    for (int exponent = size & 15; exponent > 0; --exponent) value *= 10;
    if (value >= 100)
        out += fmt::format(" {}m", value / 100);
    else
        out += fmt::format(" 0.{:02}m", value);
}

void print_loc(ByteReader& in, std::string& out) {
    in.u8();
    uint8_t sizes[3];
    for (uint8_t& size : sizes) size = in.u8();
    print_angle(in.u32(), 'N', 'S', out);
    print_angle(in.u32(), 'E', 'W', out);
    uint32_t altitude = in.u32();
    bool below = altitude < kAltitudeZero;
    uint32_t distance = below ? kAltitudeZero - altitude : altitude - kAltitudeZero;
    out += fmt::format("{}{}.{:02}m", below ? "-" : "", distance / 100, distance % 100);
    for (uint8_t size : sizes) print_size(size, out);
}

}  // namespace

const FieldCodec kLocField{parse_loc, check_loc, print_loc};

}  // namespace gatepost::storage

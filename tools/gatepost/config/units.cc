#include "tools/gatepost/config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace gatepost::tools {

namespace {

struct Unit {
    std::string_view name;
    uint64_t factor;
};

// Largest first, which is the order for writing.
constexpr std::array<Unit, 6> kDurationUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 9> kSizeUnits = {{{"TiB", uint64_t{1} << 40},
                                             {"GiB", uint64_t{1} << 30},
                                             {"MiB", uint64_t{1} << 20},
                                             {"KiB", uint64_t{1} << 10},
                                             {"B", 1},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"kB", 1000}}};

struct Parse {
    std::string_view what;     // "duration"
    std::string_view example;  // "30s"
    std::span<const Unit> units;
};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
    for (const Unit& unit : units)
        if (unit.name == name) return &unit;
    return nullptr;
}

// A sequence of number and unit, blanks allowed between them, added up.
Result<uint64_t> sum_from_text(std::string_view text, const Parse& parse) {
    uint64_t total = 0;
    std::string_view rest = text;
    do {
        uint64_t number = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error != std::errc())
            return fail(ErrorCode::invalid,
                        "\"{}\" is not a {}, expected a number with a unit such as {}", text,
                        parse.what, parse.example);
        rest.remove_prefix(static_cast<size_t>(end - rest.data()));
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        const std::string_view name = rest.substr(0, rest.find_first_of("0123456789 "));
        const Unit* unit = find_unit(parse.units, name);
        if (unit == nullptr && name.empty())
            return fail(ErrorCode::invalid, "\"{}\" has no unit, expected a {} such as {}", text,
                        parse.what, parse.example);
        if (unit == nullptr)
            return fail(ErrorCode::invalid, "\"{}\" is not a unit of a {}, expected one such as {}",
                        name, parse.what, parse.example);
        uint64_t product = 0;
        if (__builtin_mul_overflow(number, unit->factor, &product) ||
            __builtin_add_overflow(total, product, &total) ||
            total > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
            return fail(ErrorCode::invalid, "\"{}\" is too large for a {}", text, parse.what);
        rest.remove_prefix(name.size());
        while (rest.starts_with(' ')) rest.remove_prefix(1);
    } while (!rest.empty());
    return total;
}

}  // namespace

Result<std::chrono::milliseconds> duration_from_text(std::string_view text) {
    auto sum = sum_from_text(text, {"duration", "\"30s\"", kDurationUnits});
    if (!sum) return tl::unexpected(std::move(sum).error());
    return std::chrono::milliseconds(static_cast<int64_t>(*sum));
}

std::string duration_to_text(std::chrono::milliseconds duration) {
    const auto count = static_cast<uint64_t>(duration.count());
    for (const Unit& unit : kDurationUnits)
        if (count % unit.factor == 0 && count >= unit.factor)
            return fmt::format("{}{}", count / unit.factor, unit.name);
    return "0s";
}

Result<uint64_t> size_from_text(std::string_view text) {
    return sum_from_text(text, {"size", "\"64MiB\"", kSizeUnits});
}

std::string size_to_text(uint64_t octets) {
    for (const Unit& unit : kSizeUnits)
        if (octets % unit.factor == 0 && octets >= unit.factor)
            return fmt::format("{}{}", octets / unit.factor, unit.name);
    return "0B";
}

}  // namespace gatepost::tools

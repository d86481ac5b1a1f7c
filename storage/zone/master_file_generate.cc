#include "storage/zone/master_file_generate.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/zone/master_file_fields.h"

namespace gatepost::storage {

namespace {

constexpr int64_t kNumberMax = 0x7fffffff;
constexpr uint32_t kWidthMax = 255;  // no name has room for more

// A number at the text's beginning, which is cut off it.
bool take_number(std::string_view& text, int64_t& number) {
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(stop - text.data()));
    return true;
}

bool take_char(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

struct Substitution {
    int64_t offset = 0;
    uint32_t width = 0;
    char base = 'd';
};

tl::unexpected<Error> bad_substitution(std::string_view text) {
    size_t brace = text.find('}');
    size_t end = brace != std::string_view::npos ? brace + 1 : text.size();
    return fail(ErrorCode::invalid,
                "{} is not a $GENERATE substitution, expected ${{offset}}, ${{offset,width}} or "
                "${{offset,width,base}} with a width up to {} and a base of d, o, x, X, n or N",
                shown(fmt::format("${{{}", text.substr(0, end))), kWidthMax);
}

// From behind "${" up to the "}", which is cut off too.
Result<Substitution> take_substitution(std::string_view& text) {
    std::string_view whole = text;
    Substitution substitution;
    int64_t width = 0;
    take_char(text, '+');
    bool good = take_number(text, substitution.offset) && substitution.offset >= -kNumberMax &&
                substitution.offset <= kNumberMax;
    if (good && take_char(text, ',')) {
        good = take_number(text, width) && width >= 0 && width <= int64_t{kWidthMax};
        if (good && take_char(text, ',')) {
            good = !text.empty() &&
                   std::string_view("doxXnN").find(text.front()) != std::string_view::npos;
            if (good) substitution.base = text.front();
            if (good) text.remove_prefix(1);
        }
    }
    if (!good || !take_char(text, '}')) return bad_substitution(whole);
    substitution.width = static_cast<uint32_t>(width);
    return substitution;
}

void append_nibbles(uint64_t value, uint32_t width, bool upper, std::string& out) {
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        out += digits[value & 15];
        value >>= 4;
        if (width > 0) --width;
        if (width > 0 || value != 0) {
            out += '.';
            if (width > 0) --width;
        }
    } while (value != 0 || width > 0);
}

void append_value(uint64_t value, const Substitution& substitution, std::string& out) {
    auto to = std::back_inserter(out);
    switch (substitution.base) {
        case 'o':
            fmt::format_to(to, "{:0{}o}", value, substitution.width);
            return;
        case 'x':
            fmt::format_to(to, "{:0{}x}", value, substitution.width);
            return;
        case 'X':
            fmt::format_to(to, "{:0{}X}", value, substitution.width);
            return;
        case 'n':
        case 'N':
            append_nibbles(value, substitution.width, substitution.base == 'N', out);
            return;
        default:
            fmt::format_to(to, "{:0{}d}", value, substitution.width);
            return;
    }
}

}  // namespace

Result<GenerateRange> generate_range_from_text(std::string_view text) {
    std::string_view rest = text;
    GenerateRange range;
    bool good =
        take_number(rest, range.start) && take_char(rest, '-') && take_number(rest, range.stop);
    if (good && take_char(rest, '/')) good = take_number(rest, range.step);
    good = good && rest.empty() && range.start >= 0 && range.stop >= range.start &&
           range.stop <= kNumberMax && range.step > 0 && range.step <= kNumberMax;
    if (!good)
        return fail(ErrorCode::invalid,
                    "{} is not a $GENERATE range, expected start-stop or start-stop/step with "
                    "start <= stop <= {}",
                    shown(text), kNumberMax);
    return range;
}

Status expand_generate_pattern(std::string_view pattern, int64_t value, std::string& out) {
    out.clear();
    while (!pattern.empty()) {
        char c = pattern.front();
        pattern.remove_prefix(1);
        if (c == '\\' && !pattern.empty()) {
            out += c;
            out += pattern.front();
            pattern.remove_prefix(1);
            continue;
        }
        if (c != '$' || take_char(pattern, '$')) {
            out += c;
            continue;
        }
        Substitution substitution;
        if (take_char(pattern, '{')) {
            Result<Substitution> taken = take_substitution(pattern);
            if (!taken) return tl::unexpected(taken.error());
            substitution = *taken;
        }
        int64_t number = value + substitution.offset;
        if (number < 0)
            return fail(
                ErrorCode::invalid,
                "$GENERATE comes to the number {} for {} with the offset {}, expected none below 0",
                number, value, substitution.offset);
        append_value(static_cast<uint64_t>(number), substitution, out);
    }
    return {};
}

}  // namespace gatepost::storage

// Decimal numbers in stored passwords.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace gatepost::storage {

// Digits only, all of `text`. nullopt: something else, or too large.
template <std::unsigned_integral Number>
std::optional<Number> decimal_number(std::string_view text) {
    Number number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

// What is before `separator`, which is taken off `text` with it; all of it where there is none.
inline std::string_view take_field(std::string_view& text, char separator) {
    const size_t end = text.find(separator);
    const std::string_view field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return field;
}

}  // namespace gatepost::storage

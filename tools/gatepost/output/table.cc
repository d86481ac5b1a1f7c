#include "tools/gatepost/output/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "storage/base/check.h"

namespace gatepost::tools {

void Table::row(std::vector<std::string> cells) {
    GATEPOST_CHECK(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<size_t> widths;
    for (const Column& column : columns_) widths.push_back(display_width(column.heading));
    for (const auto& cells : rows_)
        for (size_t i = 0; i < cells.size(); ++i)
            widths[i] = std::max(widths[i], display_width(cells[i]));

    std::string out;
    const auto line = [&](const auto& cell_of) {
        std::string text;
        for (size_t i = 0; i < columns_.size(); ++i) {
            const std::string& cell = cell_of(i);
            const std::string padding(widths[i] - display_width(cell), ' ');
            if (i > 0) text += "  ";
            text += columns_[i].align == Align::right ? padding + cell : cell + padding;
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + "\n";
    };
    line([&](size_t i) -> const std::string& { return columns_[i].heading; });
    for (const auto& cells : rows_) line([&](size_t i) -> const std::string& { return cells[i]; });
    return out;
}

size_t display_width(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

std::string grouped(unsigned long long number) {
    std::string text = std::to_string(number);
    for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
    return text;
}

std::string counted(unsigned long long number, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string human_size(unsigned long long octets) {
    constexpr std::array<const char*, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (octets < 1024) return fmt::format("{} B", octets);
    double value = static_cast<double>(octets) / 1024;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_seconds(double seconds) {
    if (seconds < 10) return fmt::format("{:.1f} s", seconds);
    if (seconds < 120) return fmt::format("{:.0f} s", seconds);
    if (seconds < 2 * 3600) return fmt::format("{:.0f} min", seconds / 60);
    if (seconds < 2 * 86400) return fmt::format("{:.0f} h", seconds / 3600);
    return fmt::format("{:.0f} d", seconds / 86400);
}

}  // namespace gatepost::tools

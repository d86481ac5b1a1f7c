// Aligned columns of text for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tools {

enum class Align : unsigned char { left, right };

class Table {
  public:
    struct Column {
        std::string heading;
        Align align = Align::left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // One cell per column.
    void row(std::vector<std::string> cells);
    size_t rows() const { return rows_.size(); }
    // Heading and rows, each with its newline; no blanks at the ends of lines.
    std::string text() const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// Characters of UTF-8 text, which is what a terminal aligns by.
size_t display_width(std::string_view text);
// 1234567 → "1,234,567"
std::string grouped(unsigned long long number);
// "1 zone", "2 zones", "1,200 zones".
std::string counted(unsigned long long number, std::string_view noun);
// Octets for people: "1.5 MiB".
std::string human_size(unsigned long long octets);
// Seconds for people: "0.4 s", "12 s", "3 min", "5 h", "2 d".
std::string human_seconds(double seconds);

}  // namespace gatepost::tools

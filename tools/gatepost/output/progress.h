// The progress of a long job on standard error: on a terminal one line that redraws itself,
// elsewhere a line per 10 %.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace gatepost::tools {

class Progress {
  public:
    enum class Style : unsigned char { none, lines, bar };

    // bar on a terminal, lines elsewhere.
    static Style style_for(std::FILE* stream);

    // `what` is in front of the line: "import example.org"; `unit` is what is counted: "records".
    // Jobs shorter than `grace` show nothing.
    Progress(std::FILE* stream, Style style, std::string what, std::string unit,
             std::chrono::milliseconds grace = std::chrono::milliseconds(500));
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `total` 0: not known yet.
    void update(uint64_t done, uint64_t total);
    // Takes the bar away, so that the next message begins on a clean line.
    void clear();

  private:
    void draw(uint64_t done, uint64_t total, double seconds);

    std::FILE* stream_;
    Style style_;
    std::string what_;
    std::string unit_;
    std::chrono::milliseconds grace_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point drawn_{};
    uint64_t tenth_ = 0;  // the last 10 % said
    bool visible_ = false;
};

// The bar's text without control characters: "import example.org  ███████░░░  71 %  8.2 M/11.5 M
// records …".
std::string progress_text(const std::string& what, const std::string& unit, uint64_t done,
                          uint64_t total, double seconds, bool utf8);

}  // namespace gatepost::tools

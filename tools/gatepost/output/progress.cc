#include "tools/gatepost/output/progress.h"

#include <fmt/core.h>
#include <langinfo.h>
#include <unistd.h>

#include <cstring>

#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using namespace std::chrono_literals;

constexpr unsigned kCells = 20;  // of the bar
constexpr auto kRedrawInterval = 100ms;

// 8234567 → "8.2 M"
std::string short_count(uint64_t count) {
    if (count < 10'000) return std::to_string(count);
    if (count < 1'000'000) return fmt::format("{:.0f} k", static_cast<double>(count) / 1e3);
    return fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
}

bool speaks_utf8() {
    const char* codeset = nl_langinfo(CODESET);
    return codeset != nullptr && std::strcmp(codeset, "UTF-8") == 0;
}

}  // namespace

std::string progress_text(const std::string& what, const std::string& unit, uint64_t done,
                          uint64_t total, double seconds, bool utf8) {
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    const std::string speed = fmt::format("{}/s", short_count(static_cast<uint64_t>(rate)));
    if (total == 0) return fmt::format("{}  {} {}  {}", what, short_count(done), unit, speed);
    const double part = static_cast<double>(done) / static_cast<double>(total);
    const auto full = static_cast<unsigned>(part * kCells);
    std::string bar;
    for (unsigned i = 0; i < kCells; ++i) bar += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
    std::string text = fmt::format("{}  {} {:3.0f} %  {}/{} {}  {}", what, bar, part * 100,
                                   short_count(done), short_count(total), unit, speed);
    if (rate > 0 && done < total)
        text += fmt::format("  ETA {}", human_seconds(static_cast<double>(total - done) / rate));
    return text;
}

Progress::Style Progress::style_for(std::FILE* stream) {
    return isatty(fileno(stream)) != 0 ? Style::bar : Style::lines;
}

Progress::Progress(std::FILE* stream, Style style, std::string what, std::string unit,
                   std::chrono::milliseconds grace)
    : stream_(stream),
      style_(style),
      what_(std::move(what)),
      unit_(std::move(unit)),
      grace_(grace) {}

void Progress::update(uint64_t done, uint64_t total) {
    if (style_ == Style::none) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - start_ < grace_) return;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    if (style_ == Style::bar) {
        if (now - drawn_ < kRedrawInterval && done != total) return;
        drawn_ = now;
        draw(done, total, seconds);
        return;
    }
    const uint64_t tenth = total == 0 ? 0 : done * 10 / total;
    if (tenth == tenth_) return;
    tenth_ = tenth;
    fmt::print(stream_, "{}: {} % ({} of {} {}, {:.1f} s)\n", what_, tenth * 10, done, total, unit_,
               seconds);
}

void Progress::draw(uint64_t done, uint64_t total, double seconds) {
    // Carriage return, then erase to the end of the line (ECMA-48 EL).
    fmt::print(stream_, "\r{}\x1b[K",
               progress_text(what_, unit_, done, total, seconds, speaks_utf8()));
    std::fflush(stream_);
    visible_ = true;
}

void Progress::clear() {
    if (!visible_) return;
    fmt::print(stream_, "\r\x1b[K");
    std::fflush(stream_);
    visible_ = false;
}

}  // namespace gatepost::tools

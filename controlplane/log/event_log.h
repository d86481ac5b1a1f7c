// The log: one line per event on stderr, logfmt or JSON, or an entry of the journal. Every event
// has a stable name
// ("sync.loaded") and named fields, so that tools can read what people read.
//
//   log_info("sync.loaded").field("zones", zones).field("seconds", 1.7);
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/error.h"

namespace gatepost::controlplane {

enum class LogLevel : uint8_t { debug, info, warning, error };
enum class LogFormat : uint8_t {
    automatic,  // journald where standard error leads there, logfmt otherwise
    logfmt,
    json,
    journald,  // by its native protocol, with fields
};

// The line is written when the object goes away, at the end of the full expression.
class LogEvent {
  public:
    LogEvent(LogLevel level, std::string_view event);
    LogEvent(const LogEvent&) = delete;
    LogEvent& operator=(const LogEvent&) = delete;
    ~LogEvent();

    LogEvent& field(std::string_view key, std::string_view value);
    LogEvent& field(std::string_view key, double value);
    template <std::integral T>
    LogEvent& field(std::string_view key, T value) {
        return raw_field(key, fmt::format("{}", value));
    }

  private:
    LogEvent& raw_field(std::string_view key, std::string_view value);

    std::string line_;
    std::string entry_;  // of the journal
    LogLevel level_;
    bool enabled_;
};

inline LogEvent log_debug(std::string_view event) {
    return {LogLevel::debug, event};
}
inline LogEvent log_info(std::string_view event) {
    return {LogLevel::info, event};
}
inline LogEvent log_warning(std::string_view event) {
    return {LogLevel::warning, event};
}
inline LogEvent log_error(std::string_view event) {
    return {LogLevel::error, event};
}

Result<LogLevel> log_level_from_text(std::string_view text);
Result<LogFormat> log_format_from_text(std::string_view text);

// Sends the process's log to stderr, or the journal, in that form. To be called once, before other
// threads start.
void log_start(LogFormat format, LogLevel level, std::string_view program = "gatepost");
// Counts warnings and errors there, too, from now on: two counters, by storage::LogWeight. Null: no
// more.
void log_count_in(std::atomic<uint64_t>* lines);
// Writes out what is buffered.
void log_flush();

}  // namespace gatepost::controlplane

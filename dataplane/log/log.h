// The dataplane's log: a few lines on standard error or to the journal, each by one write. Every
// event has a stable name ("dataplane.serving") and named fields. Never called per query.
// Thread-safe.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

enum class LogFormat : uint8_t {
    automatic,  // journald where standard error leads there, logfmt otherwise
    logfmt,
    json,
    journald,  // by its native protocol, with fields
};
enum class LogLevel : uint8_t { debug, info, warning, error };

struct LogField {
    template <typename T>
    LogField(std::string_view field, const T& content)
        : name(field), value(fmt::format("{}", content)) {}
    std::string_view name;
    std::string value;
};

// To be called once, before any thread is started. Lines below `level` are left out.
void log_start(LogFormat format, LogLevel level);

// Counts warnings and errors there, too, from now on: two counters, by storage::LogWeight. Null: no
// more.
void log_count_in(std::atomic<uint64_t>* lines);

// Whether log() would write a line of that level: for what is costly to put together.
bool log_enabled(LogLevel level);

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// What log() writes; the time in microseconds since 1970.
std::string log_line(LogFormat format, int64_t time_us, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields);

}  // namespace gatepost::dataplane

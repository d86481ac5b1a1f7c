#include "dataplane/log/log.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

#include "storage/base/journal.h"

namespace gatepost::dataplane {

namespace {

LogFormat process_format = LogFormat::logfmt;
LogLevel process_level = LogLevel::info;
std::optional<Journal> journal;
std::atomic<std::atomic<uint64_t>*> counted_lines{nullptr};

int priority_of(LogLevel level) {
    return kJournalPriorities[static_cast<size_t>(level)];
}

constexpr std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "";
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            out += {'\\', c};
        else if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    }
    return out + '"';
}

// logfmt quotes only what would be read as more than one word.
std::string word(std::string_view text) {
    bool plain = !text.empty() && text.find_first_of(" =\"\\\t\n\r") == std::string_view::npos;
    return plain ? std::string(text) : quoted(text);
}

std::string timestamp(int64_t time_us) {
    time_t seconds = time_us / 1'000'000;
    tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                       time_us / 1000 % 1000);
}

// The message for people is what logfmt has, without the time and the level.
void log_to_journal(LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) {
    std::string entry = journal_entry(priority_of(level), "gatepost-dataplane");
    std::string message(event);
    add_journal_field(entry, "event", event);
    for (const LogField& field : fields) {
        message += fmt::format(" {}={}", field.name, word(field.value));
        add_journal_field(entry, field.name, field.value);
    }
    add_journal_field(entry, "message", message);
    journal->write(entry);
}

}  // namespace

void log_start(LogFormat format, LogLevel level) {
    // The first conversion of a time opens /etc/localtime, which the seccomp filter would not have
    // later.
    ::tzset();
    if (format == LogFormat::automatic)
        format = stderr_is_journal() ? LogFormat::journald : LogFormat::logfmt;
    if (format == LogFormat::journald) {
        auto opened = Journal::open();
        if (opened)
            journal.emplace(std::move(*opened));
        else
            format = LogFormat::logfmt;  // standard error is better than nothing
    }
    process_format = format;
    process_level = level;
}

std::string log_line(LogFormat format, int64_t time_us, LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) {
    bool json = format == LogFormat::json;
    auto pair = [json](std::string_view name, std::string_view value) {
        return json ? fmt::format("{}:{}", quoted(name), quoted(value))
                    : fmt::format("{}={}", name, word(value));
    };
    std::string_view separator = json ? "," : " ";
    std::string line = json ? "{" : "";
    line += pair("ts", timestamp(time_us));
    line += separator;
    line += pair("level", name_of(level));
    line += separator;
    line += pair("event", event);
    for (const LogField& field : fields) {
        line += separator;
        line += pair(field.name, field.value);
    }
    return line + (json ? "}\n" : "\n");
}

void log_count_in(std::atomic<uint64_t>* lines) {
    counted_lines.store(lines, std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
    return level >= process_level;
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < process_level) return;
    auto* lines = counted_lines.load(std::memory_order_relaxed);
    if (lines != nullptr && level >= LogLevel::warning)
        lines[level == LogLevel::error].fetch_add(1, std::memory_order_relaxed);
    if (journal) return log_to_journal(level, event, fields);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::string line = log_line(
        process_format, int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000, level, event, fields);
    // A log that cannot be written must not stop the answers.
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace gatepost::dataplane

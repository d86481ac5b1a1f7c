#include "controlplane/log/event_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>

#include "storage/base/journal.h"

namespace gatepost::controlplane {

namespace {

// Set once, by log_start.
LogFormat process_format = LogFormat::logfmt;
std::optional<Journal> journal;
std::atomic<std::atomic<uint64_t>*> counted_lines{nullptr};
std::string process_name;

int priority_of(LogLevel level) {
    return kJournalPriorities[static_cast<size_t>(level)];
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// The escapes of a JSON string, which logfmt readers know as well.
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

bool needs_quotes(std::string_view value) {
    if (value.empty()) return true;
    for (const char c : value)
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
    return false;
}

void append_value(std::string& out, std::string_view value) {
    if (process_format == LogFormat::json || needs_quotes(value))
        append_quoted(out, value);
    else
        out += value;
}

void append_key(std::string& out, std::string_view key) {
    if (!out.empty()) out += process_format == LogFormat::json ? ',' : ' ';
    if (process_format == LogFormat::json) {
        append_quoted(out, key);
        out += ':';
    } else {
        out += key;
        out += '=';
    }
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
    append_key(out, key);
    append_value(out, value);
}

// Puts time and level in front. A line that is not one of our events (a library's) becomes event
// "log".
class LineFormatter : public spdlog::formatter {
  public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto since_1970 = message.time.time_since_epoch();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
        const std::time_t seconds = ms / 1000;
        std::tm utc{};
        gmtime_r(&seconds, &utc);
        char date[32];
        std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);

        std::string line;
        append_pair(line, "ts", fmt::format("{}.{:03}Z", date, ms % 1000));
        const auto level = spdlog::level::to_string_view(message.level);
        append_pair(line, "level", {level.data(), level.size()});
        const std::string_view text(message.payload.data(), message.payload.size());
        const std::string_view ours = process_format == LogFormat::json ? "\"event\":" : "event=";
        if (text.substr(0, ours.size()) == ours) {
            line += process_format == LogFormat::json ? ',' : ' ';
            line += text;
        } else {
            append_pair(line, "event", "log");
            append_pair(line, "message", text);
        }
        if (process_format == LogFormat::json) line = '{' + line + '}';
        line += '\n';
        out.append(line.data(), line.data() + line.size());
    }
    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<LineFormatter>();
    }
};

}  // namespace

LogEvent::LogEvent(LogLevel level, std::string_view event)
    : level_(level), enabled_(spdlog::should_log(to_spdlog(level))) {
    if (!enabled_) return;
    if (journal) entry_ = journal_entry(priority_of(level), process_name);
    field("event", event);
}

LogEvent::~LogEvent() {
    if (!enabled_) return;
    auto* lines = counted_lines.load(std::memory_order_relaxed);
    if (lines != nullptr && level_ >= LogLevel::warning)
        lines[level_ == LogLevel::error].fetch_add(1, std::memory_order_relaxed);
    if (!journal) {
        spdlog::log(to_spdlog(level_), "{}", line_);
        return;
    }
    add_journal_field(entry_, "message", line_);
    journal->write(entry_);
}

LogEvent& LogEvent::field(std::string_view key, std::string_view value) {
    if (!enabled_) return *this;
    append_pair(line_, key, value);
    if (journal) add_journal_field(entry_, key, value);
    return *this;
}

LogEvent& LogEvent::field(std::string_view key, double value) {
    return raw_field(key, fmt::format("{:.3f}", value));
}

LogEvent& LogEvent::raw_field(std::string_view key, std::string_view value) {
    if (!enabled_) return *this;
    append_key(line_, key);
    line_ += value;
    if (journal) add_journal_field(entry_, key, value);
    return *this;
}

Result<LogLevel> log_level_from_text(std::string_view text) {
    if (text == "debug") return LogLevel::debug;
    if (text == "info") return LogLevel::info;
    if (text == "warning") return LogLevel::warning;
    if (text == "error") return LogLevel::error;
    return fail(ErrorCode::usage, "'{}' is not a log level; known are debug, info, warning, error",
                text);
}

Result<LogFormat> log_format_from_text(std::string_view text) {
    if (text == "auto") return LogFormat::automatic;
    if (text == "logfmt") return LogFormat::logfmt;
    if (text == "json") return LogFormat::json;
    if (text == "journald") return LogFormat::journald;
    return fail(ErrorCode::usage,
                "'{}' is not a log format; known are auto, logfmt, json and journald", text);
}

void log_start(LogFormat format, LogLevel level, std::string_view program) {
    process_name = program;
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
    auto logger = spdlog::stderr_logger_mt("gatepost");
    logger->set_formatter(std::make_unique<LineFormatter>());
    logger->set_level(to_spdlog(level));
    spdlog::set_default_logger(std::move(logger));
}

void log_count_in(std::atomic<uint64_t>* lines) {
    counted_lines.store(lines, std::memory_order_relaxed);
}

void log_flush() {
    spdlog::default_logger()->flush();
}

}  // namespace gatepost::controlplane

#include "tools/gatepost/mail/mbox.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "controlplane/model/stored_message.h"

namespace gatepost::tools {

namespace {

constexpr std::string_view kFrom = "From ";
constexpr int64_t kSecondUs = 1'000'000;

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// The time of asctime(3), which the line ends with; what follows it (a zone, "remote from") is of
// no meaning today.
std::optional<int64_t> date_of(std::string_view text) {
    // RFC 4155: the address has no blanks outside of quotes; the date begins at a day's name.
    for (size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
        std::tm time{};
        const std::string rest(text.substr(at + 1));
        const char* end = ::strptime(rest.c_str(), "%a %b %d %H:%M:%S %Y", &time);
        if (end == nullptr) continue;
        return int64_t{::timegm(&time)} * kSecondUs;
    }
    return std::nullopt;
}

// A line that looks like the one between two messages.
bool is_separator(std::string_view line) {
    return line.starts_with(kFrom) && date_of(without_line_end(line).substr(kFrom.size()));
}

// ">From ", ">>From "…: quoted.
bool is_quoted_from(std::string_view line) {
    const size_t quotes = line.find_first_not_of('>');
    return quotes != std::string_view::npos && quotes > 0 && line.substr(quotes).starts_with(kFrom);
}

}  // namespace

Result<MboxReader> MboxReader::open(const std::string& path, uint64_t size_max) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "cannot open {}: {}", path, std::strerror(errno));
    MboxReader reader(std::move(file), path, size_max);
    while (reader.read_line() && without_line_end(reader.line_).empty()) {
    }
    if (reader.has_line_ && !reader.line_.starts_with(kFrom))
        return fail(ErrorCode::invalid,
                    "{}:{}: not an mbox: a line that begins with \"From \" is expected", path,
                    reader.number_);
    return reader;
}

bool MboxReader::read_line() {
    has_line_ = static_cast<bool>(std::getline(file_, line_));
    if (!has_line_) return false;
    position_ += line_.size() + 1;
    if (!file_.eof()) line_ += '\n';
    ++number_;
    return true;
}

Result<std::optional<MboxMessage>> MboxReader::next() {
    if (!has_line_) {
        if (file_.bad()) return fail(ErrorCode::refused, "reading {}: it cannot be read", path_);
        return std::nullopt;
    }
    MboxMessage message;
    const std::string_view head = without_line_end(line_);
    message.sender = head.substr(kFrom.size(), head.find(' ', kFrom.size()) - kFrom.size());
    message.date_us = date_of(head.substr(kFrom.size()));
    message.line = number_;
    bool after_empty = false;
    while (read_line()) {
        if (after_empty && is_separator(line_)) break;
        after_empty = without_line_end(line_).empty();
        std::string_view line = line_;
        if (is_quoted_from(line)) line.remove_prefix(1);
        if (message.octets.size() + line.size() > size_max_)
            message.too_large = true;
        else
            message.octets += line;
    }
    // The empty line in front of the next message is none of this one's.
    if (after_empty && !message.too_large) {
        const size_t end = message.octets.ends_with("\r\n") ? 2 : 1;
        message.octets.resize(message.octets.size() - end);
    }
    return message;
}

std::string mbox_from_line(std::string_view sender, int64_t date_us) {
    const std::time_t second = date_us / kSecondUs;
    std::tm time{};
    ::gmtime_r(&second, &time);
    std::array<char, 64> date{};
    std::strftime(date.data(), date.size(), "%a %b %e %H:%M:%S %Y", &time);
    // RFC 4155 §2: who sent it, or the name that stands for nobody.
    std::string from(sender.empty() ? "MAILER-DAEMON" : sender);
    for (char& c : from)
        if (c == ' ' || static_cast<unsigned char>(c) < 0x20) c = '-';
    return fmt::format("From {} {}\n", from, date.data());
}

std::string mbox_quoted(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() + octets.size() / 64);
    while (!octets.empty()) {
        const size_t end = octets.find('\n');
        const std::string_view line = octets.substr(0, end);
        octets.remove_prefix(end == std::string_view::npos ? octets.size() : end + 1);
        if (line.starts_with(kFrom) || is_quoted_from(line)) out += '>';
        out += without_line_end(line);
        out += '\n';
    }
    return out + '\n';
}

unsigned mbox_flags(std::string_view status, std::string_view x_status) {
    unsigned flags = 0;
    if (status.find('R') != std::string_view::npos) flags |= controlplane::kSeen;
    const std::array<std::pair<char, unsigned>, 4> letters = {{{'A', controlplane::kAnswered},
                                                               {'F', controlplane::kFlagged},
                                                               {'D', controlplane::kDeleted},
                                                               {'T', controlplane::kDraft}}};
    for (const auto& [letter, flag] : letters)
        if (x_status.find(letter) != std::string_view::npos) flags |= flag;
    return flags;
}

}  // namespace gatepost::tools

#include "storage/base/journal.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace gatepost {

namespace {

char name_character(char c) {
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return c;
    return '_';
}

}  // namespace

bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat about {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &about) != 0) return false;
    return fmt::format("{}:{}", about.st_dev, about.st_ino) == stream;
}

Result<Journal> Journal::open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::usage, "the journal's socket {}: the path is too long", path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(ErrorCode::unreachable,
                    "cannot reach the journal at {}: {}; set log.format to logfmt or json", path,
                    std::strerror(errno));
    return Journal(std::move(socket));
}

void Journal::write(const std::string& entry) const {
    [[maybe_unused]] ssize_t written = ::write(socket_.get(), entry.data(), entry.size());
}

std::string journal_entry(int priority, std::string_view program) {
    return fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER={}\n", priority, program);
}

void add_journal_field(std::string& entry, std::string_view name, std::string_view value) {
    // A name begins with a letter: an underscore would be the journal's own.
    for (char c : name) entry += name_character(c);
    if (value.find('\n') == std::string_view::npos) {
        entry += '=';
        entry += value;
        entry += '\n';
        return;
    }
    // With its length, 64 bits with the lowest octet first.
    entry += '\n';
    uint64_t length = value.size();
    for (int i = 0; i < 8; ++i) entry += static_cast<char>(length >> (8 * i) & 0xff);
    entry += value;
    entry += '\n';
}

}  // namespace gatepost

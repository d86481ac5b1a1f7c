#include "tests/unit/load/small_imap_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::tools {

namespace {

uint32_t number_of(std::string_view text) {
    uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

void send_all(int socket, std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t put = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (put <= 0) return;
        octets.remove_prefix(static_cast<size_t>(put));
    }
}

// Takes a line, and the literal that its end announces, from the front; false: there is no whole
// one yet.
bool take_command(std::string& input, std::string& line) {
    const size_t end = input.find("\r\n");
    if (end == std::string::npos) return false;
    size_t used = end + 2;
    if (input[end - 1] == '}') {
        const size_t size = number_of(std::string_view(input).substr(input.rfind('{', end) + 1));
        used += size + 2;  // and the CRLF behind it
    }
    if (input.size() < used) return false;
    line = input.substr(0, end);
    input.erase(0, used);
    return true;
}

}  // namespace

SmallImapServer::SmallImapServer(const std::string& path, size_t messages, const Faults& faults)
    : faults_(faults),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      flagged_(messages),
      seen_(messages) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    GATEPOST_CHECK(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    GATEPOST_CHECK(::bind(listener_.get(), generic, sizeof address) == 0);
    GATEPOST_CHECK(::listen(listener_.get(), SOMAXCONN) == 0);
    acceptor_ = std::thread([this] { accept_all(); });
}

SmallImapServer::~SmallImapServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    for (std::thread& thread : threads_) thread.join();
    for (const int socket : sockets_) ::close(socket);
}

void SmallImapServer::accept_all() {
    for (;;) {
        const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        sockets_.push_back(socket);
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void SmallImapServer::serve(int socket) {
    send_all(socket, "* OK hello\r\n");
    std::string input;
    std::string line;
    char room[4096];
    uint32_t commands = 0;
    for (;;) {
        while (take_command(input, line)) {
            const size_t blank = line.find(' ');
            const std::string tag = line.substr(0, blank);
            const std::string words = blank == std::string::npos ? "" : line.substr(blank + 1);
            const bool counts = !words.starts_with("LOGIN") && !words.starts_with("SELECT") &&
                                !words.starts_with("UID");
            commands += counts;
            if (faults_.hangs_up_after != 0 && counts && commands > faults_.hangs_up_after) {
                ::shutdown(socket, SHUT_RDWR);
                return;
            }
            send_all(socket, answer(tag, words));
            if (words == "LOGOUT") ::shutdown(socket, SHUT_WR);
        }
        const ssize_t got = ::recv(socket, room, sizeof room, 0);
        if (got <= 0) return;
        input.append(room, static_cast<size_t>(got));
    }
}

std::string SmallImapServer::list_flags() {
    std::string text;
    for (size_t i = 0; i < flagged_.size(); ++i)
        text += fmt::format("* {0} FETCH (UID {1} FLAGS ({2}{3}{4}))\r\n", i + 1, i + 11,
                            seen_[i] ? "\\Seen" : "", seen_[i] && flagged_[i] ? " " : "",
                            flagged_[i] ? "\\Flagged" : "");
    return text;
}

std::string SmallImapServer::store(const std::string& tag, std::string_view words) {
    const size_t index = number_of(words.substr(6)) - 1;
    if (index >= flagged_.size()) return tag + " BAD no such message\r\n";
    if (!faults_.forgets_stores) flagged_[index] = words.find('+') != std::string_view::npos;
    return tag + " OK stored\r\n";
}

std::string SmallImapServer::append(const std::string& tag, std::string_view words) {
    if (!faults_.forgets_appends) {
        flagged_.push_back(words.find("\\Flagged") != std::string_view::npos);
        seen_.push_back(words.find("\\Seen") != std::string_view::npos);
    }
    return fmt::format("{} OK [APPENDUID 1 {}] appended\r\n", tag, flagged_.size() + 10);
}

std::string SmallImapServer::answer(const std::string& tag, const std::string& words) {
    const std::lock_guard lock(mutex_);
    if (words.starts_with("LOGIN"))
        return tag + (faults_.refuses_login ? " NO go away\r\n" : " OK welcome\r\n");
    if (words.starts_with("SELECT"))
        return fmt::format("* {} EXISTS\r\n{} OK selected\r\n", flagged_.size(), tag);
    if (words.starts_with("UID FETCH")) return list_flags() + tag + " OK fetched\r\n";
    if (words.starts_with("FETCH"))
        return fmt::format("* {} FETCH (BODY[] {{10}}\r\na2 OK no\r\n)\r\n{} OK fetched\r\n",
                           number_of(std::string_view(words).substr(6)), tag);
    if (words.starts_with("STORE")) return store(tag, words);
    if (words.starts_with("APPEND")) return append(tag, words);
    if (words == "IDLE") return "+ idling\r\n";
    if (words == "LOGOUT") return "* BYE\r\n" + tag + " OK bye\r\n";
    return tag == "DONE" ? "" : tag + " OK\r\n";
}

}  // namespace gatepost::tools

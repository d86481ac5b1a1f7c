#include "tools/gatepost/mail/local_smtp.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/base/ascii.h"
#include "storage/message_log/blob.h"

namespace gatepost::tools {

namespace {

constexpr size_t kReplyMax = 64 << 10;  // octets of all lines of a reply

bool is_text(std::string_view octets) {
    bool after_cr = false;
    for (const char c : octets) {
        if (c == '\0' || (after_cr && c != '\n')) return false;
        after_cr = c == '\r';
    }
    return !after_cr;
}

// Would end the command, and begin another one.
bool has_control(std::string_view address) {
    return std::ranges::any_of(
        address, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// "accepted as 0192f0c4-…"
std::string blob_of(const std::string& reply) {
    const size_t blank = reply.rfind(' ');
    if (blank == std::string::npos) return "";
    const std::string word = reply.substr(blank + 1);
    return storage::parse_blob_id(word) ? word : "";
}

std::string mail_command(const OutgoingMessage& message) {
    const bool utf8 = !is_ascii(message.sender) ||
                      !std::ranges::all_of(message.recipients,
                                           [](const std::string& one) { return is_ascii(one); });
    // RFC 3030 §3: only as BINARYMIME may there be CRs that end no line, and octets 0.
    const std::string_view body = !is_text(message.octets)   ? "BINARYMIME"
                                  : is_ascii(message.octets) ? "7BIT"
                                                             : "8BITMIME";
    return fmt::format("MAIL FROM:<{}> SIZE={} BODY={}{}", message.sender, message.octets.size(),
                       body, utf8 ? " SMTPUTF8" : "");
}

}  // namespace

std::string canonical_message(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() + octets.size() / 32);
    char before = '\0';
    for (const char c : octets) {
        if (c == '\n' && before != '\r') out += '\r';
        out += c;
        before = c;
    }
    return out;
}

Result<LocalSmtp> LocalSmtp::connect(const std::string& path, std::chrono::milliseconds wait) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::invalid, "\"{}\" cannot be the path of a socket", path);
    path.copy(address.sun_path, path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail(ErrorCode::refused, "making a socket: {}", std::strerror(errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::unreachable,
                    "{}: {}; is Gatepost running, with smtp.listen or smtp.socket set?", path,
                    std::strerror(errno));
    LocalSmtp client(std::move(socket), wait);
    SmtpReplyText reply = client.read_reply();
    if (reply.is_positive()) reply = client.command("EHLO localhost");
    if (!reply.is_positive()) return fail(ErrorCode::unreachable, "{}: {}", path, reply.text);
    return client;
}

tl::expected<Handover, SmtpReplyText> LocalSmtp::send(const OutgoingMessage& message) {
    if (has_control(message.sender) ||
        std::ranges::any_of(message.recipients,
                            [](const std::string& one) { return has_control(one); }))
        return tl::unexpected(SmtpReplyText{501, "501 an address has a control character"});
    if (SmtpReplyText reply = command(mail_command(message)); !reply.is_positive())
        return tl::unexpected(std::move(reply));
    Handover handover;
    for (const std::string& recipient : message.recipients) {
        SmtpReplyText reply = command(fmt::format("RCPT TO:<{}>", recipient));
        if (reply.code == 0) return tl::unexpected(std::move(reply));
        if (!reply.is_positive()) handover.refused.push_back({recipient, std::move(reply)});
    }
    if (handover.refused.size() == message.recipients.size()) {
        command("RSET");
        SmtpReplyText why{550, "550 no recipients"};
        if (!handover.refused.empty()) why = handover.refused.front().reply;
        return tl::unexpected(std::move(why));
    }
    // RFC 3030 §2: as it stands, whatever is in it.
    if (!write(fmt::format("BDAT {} LAST\r\n", message.octets.size())) || !write(message.octets))
        return tl::unexpected(SmtpReplyText{0, "the connection broke"});
    SmtpReplyText reply = read_reply();
    if (!reply.is_positive()) return tl::unexpected(std::move(reply));
    handover.blob_id = blob_of(reply.text);
    return handover;
}

void LocalSmtp::quit() {
    command("QUIT");
    socket_.reset();
}

SmtpReplyText LocalSmtp::command(std::string_view line) {
    if (!write(fmt::format("{}\r\n", line))) return {0, "the connection broke"};
    return read_reply();
}

bool LocalSmtp::write(std::string_view octets) {
    if (!socket_) return false;  // after quit(); poll(2) would wait for nothing
    while (!octets.empty()) {
        pollfd poll{socket_.get(), POLLOUT, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(wait_.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        const ssize_t sent =
            ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (sent > 0) octets.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

bool LocalSmtp::read_more() {
    if (!socket_) return false;
    char room[4096];
    for (;;) {
        pollfd poll{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(wait_.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        const ssize_t got = ::recv(socket_.get(), room, sizeof room, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        buffer_.append(room, static_cast<size_t>(got));
        return true;
    }
}

SmtpReplyText LocalSmtp::read_reply() {
    std::string text;
    for (size_t octets = 0;;) {
        const size_t end = buffer_.find("\r\n");
        if (end == std::string::npos) {
            if (buffer_.size() > kReplyMax || !read_more())
                return {0, "the connection broke, or the server took too long"};
            continue;
        }
        const std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        octets += line.size();
        // RFC 5321 §4.2.1: "-" behind the code: another line follows.
        const bool has_code =
            line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3,
                                            [](char c) { return c >= '0' && c <= '9'; });
        if (!has_code || octets > kReplyMax)
            return {0, fmt::format("not a reply of SMTP: {}", line)};
        text += text.empty() ? line : "; " + line.substr(std::min<size_t>(4, line.size()));
        if (line.size() == 3 || line[3] != '-')
            return {
                static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0'),
                text};
    }
}

}  // namespace gatepost::tools

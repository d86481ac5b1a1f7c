#include "tools/gatepost/cli/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace gatepost::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kReplyMax =
    64 << 20;  // octets: a reply lists zones, so it may be long, but not endless

// The numbers are those of ErrorCode.
ErrorCode code_from_number(int number) {
    if (number < static_cast<int>(ErrorCode::refused) ||
        number > static_cast<int>(ErrorCode::conflict))
        return ErrorCode::refused;
    return static_cast<ErrorCode>(number);
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (path.size() >= sizeof to.sun_path)
        return fail(ErrorCode::invalid, "the path of the control socket is too long: {}", path);
    std::memcpy(to.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return fail(ErrorCode::refused, "socket: {}", std::strerror(errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
        return ControlClient(std::move(socket));
    if (errno == EACCES)
        return fail(ErrorCode::permission, "may not talk to the control plane at {}: {}", path,
                    std::strerror(errno));
    return fail(ErrorCode::unreachable,
                "the control plane does not run here ({}: {}); start it with: gatepost run", path,
                std::strerror(errno));
}

Result<std::string> ControlClient::read_line(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (true) {
        if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return fail(ErrorCode::unreachable, "the control plane did not reply in time");
        pollfd entry{socket_.get(), POLLIN, 0};
        if (::poll(&entry, 1, static_cast<int>(left.count())) <= 0) continue;
        std::array<char, 16384> part;
        const ssize_t got = ::recv(socket_.get(), part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return fail(ErrorCode::unreachable, "the control plane closed the connection: {}",
                        got == 0 ? "it ended" : std::strerror(errno));
        buffer_.append(part.data(), static_cast<size_t>(got));
        if (buffer_.size() > kReplyMax)
            return fail(ErrorCode::refused, "a reply of the control plane has no end");
    }
}

Result<nlohmann::json> ControlClient::request(const nlohmann::json& request,
                                              std::chrono::milliseconds timeout) {
    const std::string text = request.dump() + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0)
            return fail(ErrorCode::unreachable, "asking the control plane: {}",
                        std::strerror(errno));
        rest.remove_prefix(static_cast<size_t>(sent));
    }
    auto line = read_line(timeout);
    if (!line) return tl::unexpected(std::move(line).error());
    nlohmann::json reply = nlohmann::json::parse(*line, nullptr, false);
    if (!reply.is_object())
        return fail(ErrorCode::refused, "the control plane's reply is not JSON: {:.100}", *line);
    if (reply.value("ok", false)) return reply;
    const nlohmann::json error = reply.value("error", nlohmann::json::object());
    return tl::unexpected(Error{code_from_number(error.value("code", 1)),
                                error.value("message", std::string("the control plane refused"))});
}

}  // namespace gatepost::tools

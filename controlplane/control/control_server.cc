#include "controlplane/control/control_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

constexpr int kBacklog = 16;
constexpr size_t kReadOctets = 16384;
// A client that reads nothing of its answers is let go.
constexpr size_t kOutputMax = size_t{8} << 20;

Result<sockaddr_un> socket_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return fail(ErrorCode::usage, "the control socket's path '{}' must have 1 to {} octets",
                    path, sizeof address.sun_path - 1);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

bool somebody_answers(const sockaddr_un& address) {
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return probe && (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0 ||
                     errno == EAGAIN);
}

}  // namespace

ControlServer::ControlServer(UniqueFd socket, std::string path)
    : socket_(std::move(socket)), path_(std::move(path)) {}

ControlServer::~ControlServer() {
    if (socket_) ::unlink(path_.c_str());
}

Result<ControlServer> ControlServer::listen(const std::string& path) {
    const auto address = socket_address(path);
    if (!address) return tl::unexpected(address.error());
    if (somebody_answers(*address))
        return fail(
            ErrorCode::conflict,
            "another control plane answers on {}; stop it, or choose another control socket", path);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket)
        return fail(ErrorCode::refused, "making the control socket: {}", std::strerror(errno));
    struct stat about {};
    // Only a socket that a dead process left behind is removed.
    if (::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) ::unlink(path.c_str());
    // Nobody may connect between bind and chmod.
    const mode_t mask = ::umask(0117);
    const int bound =
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
    const int error = errno;
    ::umask(mask);
    if (bound != 0)
        return fail(
            error == EACCES ? ErrorCode::permission : ErrorCode::refused,
            "binding the control socket {}: {}; does its folder exist, and may this user write it?",
            path, std::strerror(error));
    ControlServer server(std::move(socket), path);
    if (::listen(server.socket_.get(), kBacklog) != 0)
        return fail(ErrorCode::refused, "listening on {}: {}", path, std::strerror(errno));
    return server;
}

void ControlServer::add_polls(std::vector<pollfd>& polls) const {
    // Beyond the limit, clients wait in the kernel's queue.
    const bool has_room = clients_.size() < kControlClientsMax;
    polls.push_back({socket_.get(), static_cast<short>(has_room ? POLLIN : 0), 0});
    for (const auto& [id, client] : clients_) {
        short events = 0;
        if (!client.is_busy && !client.is_at_end) events |= POLLIN;
        if (!client.output.empty()) events |= POLLOUT;
        polls.push_back({client.socket.get(), events, 0});
    }
}

void ControlServer::handle(const std::vector<pollfd>& polls) {
    for (auto entry = clients_.begin(); entry != clients_.end();) {
        auto& [id, client] = *entry;
        short events = 0;
        for (const pollfd& poll : polls)
            if (poll.fd == client.socket.get()) events = poll.revents;
        entry = attend(id, client, events) ? std::next(entry) : clients_.erase(entry);
    }
    for (const pollfd& poll : polls)
        if (poll.fd == socket_.get() && poll.revents != 0) accept_clients();
}

void ControlServer::accept_clients() {
    while (clients_.size() < kControlClientsMax) {
        UniqueFd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) return;
        Client client;
        client.socket = std::move(socket);
        client.active_at = Clock::now();
        clients_.emplace(next_id_++, std::move(client));
    }
}

bool ControlServer::attend(ClientId id, Client& client, short events) {
    // A hang-up while its line is worked on: nobody is there to take the answer.
    if ((events & POLLERR) != 0 || ((events & POLLHUP) != 0 && client.is_busy)) return false;
    if ((events & (POLLIN | POLLHUP)) != 0 && !read_from(client)) return false;
    serve(id, client);
    if (!client.output.empty() && !write_to(client)) return false;
    if (client.is_busy || !client.output.empty()) return client.output.size() <= kOutputMax;
    if (client.is_at_end) return false;
    return Clock::now() - client.active_at < kControlIdleMax;
}

bool ControlServer::read_from(Client& client) {
    char buffer[kReadOctets];
    const ssize_t got = ::recv(client.socket.get(), buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
        client.is_at_end = true;
        return true;
    }
    client.input.append(buffer, static_cast<size_t>(got));
    return true;
}

void ControlServer::serve(ClientId id, Client& client) {
    while (!client.is_busy) {
        const size_t end = client.input.find('\n');
        if (end == std::string::npos) {
            if (client.input.size() > kControlLineMax) {
                client.output +=
                    "{\"ok\":false,\"error\":{\"code\":2,\"message\":\"the line is longer than "
                    "65536 octets\"}}\n";
                client.input.clear();
                client.is_at_end = true;
            }
            return;
        }
        const std::string line = client.input.substr(0, end);
        client.input.erase(0, end + 1);
        client.is_busy = true;
        client.active_at = Clock::now();
        handler_(id, line);
    }
}

bool ControlServer::has_work() const {
    for (const auto& [id, client] : clients_)
        if (!client.is_busy && client.input.find('\n') != std::string::npos) return true;
    return false;
}

void ControlServer::reply(ClientId id, const std::string& line) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    Client& client = found->second;
    client.output += line;
    client.output += '\n';
    client.is_busy = false;
    client.active_at = Clock::now();
    // Sent at once where possible: attend() comes round only with the next event. What fails here
    // shows there.
    (void)write_to(client);
}

bool ControlServer::write_to(Client& client) {
    while (!client.output.empty()) {
        const ssize_t sent = ::send(client.socket.get(), client.output.data(), client.output.size(),
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        client.output.erase(0, static_cast<size_t>(sent));
    }
    return true;
}

}  // namespace gatepost::controlplane

#include "dataplane/xdp/interface_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gatepost::dataplane {

namespace {

namespace fs = std::filesystem;

struct Name {
    sockaddr_un address{};
    socklen_t length = 0;
};

std::string lock_text(const std::string& interface) {
    return "gatepost/nic/" + interface;
}

// A zero octet in front makes the name abstract (unix(7)).
Name lock_name(const std::string& interface) {
    Name name;
    std::string text = lock_text(interface);
    name.address.sun_family = AF_UNIX;
    std::memcpy(name.address.sun_path + 1, text.data(), text.size());
    name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    return name;
}

// Of the socket that listens under the name, as in /proc/net/unix: Num RefCount Protocol Flags Type
// St Inode Path, with "@" for the zero octet; "": nobody does.
std::string listening_inode(const std::string& name) {
    std::ifstream table("/proc/net/unix");
    for (std::string line; std::getline(table, line);) {
        if (!line.ends_with(" @" + name)) continue;
        std::istringstream fields(line);
        std::string number, references, protocol, flags, type, state, inode;
        fields >> number >> references >> protocol >> flags >> type >> state >> inode;
        if (flags == "00010000") return inode;  // __SO_ACCEPTCON
    }
    return "";
}

bool has_open(const fs::path& process, const std::string& socket) {
    std::error_code error;
    fs::directory_iterator at(process / "fd", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        std::error_code gone;
        if (fs::read_symlink(at->path(), gone) == socket) return true;
    }
    return false;
}

}  // namespace

Result<UniqueFd> lock_interface(const std::string& interface) {
    Name name = lock_name(interface);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&name.address);
    if (fd && ::bind(fd.get(), address, name.length) == 0 && ::listen(fd.get(), 1) == 0) return fd;
    if (errno == EADDRINUSE) {
        pid_t holder = interface_holder(interface).value_or(0);
        return fail(ErrorCode::refused,
                    "interface {} is served by another Gatepost{}; stop that one, or take "
                    "the interface out of one of the two configurations ([[nic]])",
                    interface, holder == 0 ? "" : fmt::format(", process {}", holder));
    }
    return fail(ErrorCode::refused, "locking interface {}: {}", interface, std::strerror(errno));
}

// Not by connecting to it: nobody accepts, and what waits to be accepted stays there.
std::optional<pid_t> interface_holder(const std::string& interface) {
    const std::string inode = listening_inode(lock_text(interface));
    if (inode.empty()) return std::nullopt;
    const std::string socket = "socket:[" + inode + "]";
    std::error_code error;
    fs::directory_iterator at("/proc", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = at->path().filename();
        pid_t pid = 0;
        const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (wrong == std::errc() && *end == '\0' && has_open(at->path(), socket)) return pid;
    }
    return 0;
}

}  // namespace gatepost::dataplane

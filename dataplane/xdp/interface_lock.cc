#include "dataplane/xdp/interface_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace gatepost::dataplane {

namespace {

struct Name {
    sockaddr_un address{};
    socklen_t length = 0;
};

// A zero octet in front makes the name abstract (unix(7)).
Name lock_name(const std::string& interface) {
    Name name;
    std::string text = "gatepost/nic/" + interface;
    name.address.sun_family = AF_UNIX;
    std::memcpy(name.address.sun_path + 1, text.data(), text.size());
    name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
    return name;
}

// Who listens there; 0: not to be found out.
pid_t holder(const Name& name) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name.address), name.length) != 0 ||
        ::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return 0;
    return peer.pid;
}

}  // namespace

Result<UniqueFd> lock_interface(const std::string& interface) {
    Name name = lock_name(interface);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&name.address);
    if (fd && ::bind(fd.get(), address, name.length) == 0 && ::listen(fd.get(), 1) == 0) return fd;
    if (errno == EADDRINUSE)
        return fail(
            ErrorCode::refused,
            "interface {} is served by another Gatepost, process {}; stop that one, or take "
            "the interface out of one of the two configurations ([[nic]])",
            interface, holder(name));
    return fail(ErrorCode::refused, "locking interface {}: {}", interface, std::strerror(errno));
}

}  // namespace gatepost::dataplane

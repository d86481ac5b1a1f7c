#include "tools/gatepost/supervisor/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "storage/base/unique_fd.h"

namespace gatepost::tools {

ServiceNotifier ServiceNotifier::from_environment() {
    ServiceNotifier notifier;
    const char* address = std::getenv("NOTIFY_SOCKET");
    if (address == nullptr || (address[0] != '/' && address[0] != '@')) return notifier;
    notifier.address_ = address;
    if (const char* text = std::getenv("WATCHDOG_USEC")) {
        uint64_t microseconds = 0;
        std::from_chars(text, text + std::strlen(text), microseconds);
        if (microseconds > 0)
            notifier.watchdog_ =
                std::chrono::milliseconds(static_cast<int64_t>(microseconds / 2000));
    }
    return notifier;
}

void ServiceNotifier::send(std::string_view lines) const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address_.empty() || address_.size() >= sizeof to.sun_path) return;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    if (address_[0] == '@') to.sun_path[0] = '\0';
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    if (socket)
        ::sendto(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&to), length);
}

}  // namespace gatepost::tools

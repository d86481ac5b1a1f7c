// Tells systemd how the service is doing (sd_notify(3)): one datagram to $NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::tools {

class ServiceNotifier {
  public:
    // From NOTIFY_SOCKET and WATCHDOG_USEC; without the first, nothing is ever sent.
    static ServiceNotifier from_environment();

    // Lines such as "READY=1\nSTATUS=…". A service manager that does not listen is none of our
    // worries.
    void send(std::string_view lines) const;
    // How often WATCHDOG=1 has to be sent: half of what is allowed.
    std::optional<std::chrono::milliseconds> watchdog_interval() const { return watchdog_; }
    bool is_active() const { return !address_.empty(); }

  private:
    std::string address_;
    std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace gatepost::tools

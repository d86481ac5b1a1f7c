#include "tests/unit/sync/control_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace gatepost::controlplane::tests {

namespace {
constexpr timeval kPatience{240, 0};  // longer than any request may take
}

std::string ControlReply::at(const std::string& pointer) const {
    const auto reply = nlohmann::json::parse(line_, nullptr, false);
    const nlohmann::json::json_pointer where(pointer);
    if (reply.is_discarded() || !reply.contains(where)) return "";
    const auto& value = reply.at(where);
    return value.is_string() ? value.get<std::string>() : value.dump();
}

ControlClient::ControlClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void ControlClient::send(const std::string& text) {
    EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

ControlReply ControlClient::receive() {
    std::string line;
    char c = 0;
    while (::recv(socket_.get(), &c, 1, 0) == 1 && c != '\n') line += c;
    return ControlReply(line);
}

std::string wait_request(Lsn lsn, int timeout_ms) {
    return fmt::format(R"({{"op":"sync.wait","lsn":"{}","timeout_ms":{}}})", lsn_to_text(lsn),
                       timeout_ms);
}

}  // namespace gatepost::controlplane::tests

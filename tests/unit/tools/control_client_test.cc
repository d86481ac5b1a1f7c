#include "tools/gatepost/cli/control_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

namespace gatepost::tools {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kPatience = 60s;  // only a hang lasts so long

// A control plane that gives canned replies to one client.
class FakeControlPlane {
  public:
    explicit FakeControlPlane(std::function<void(int)> serve) {
        std::string folder =
            (std::filesystem::temp_directory_path() / "gatepost-control-XXXXXX").string();
        EXPECT_NE(::mkdtemp(folder.data()), nullptr);
        folder_ = folder;
        UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener.get(), 1), 0);
        thread_ = std::thread([fd = listener.release(), serve = std::move(serve)] {
            UniqueFd owned(fd);
            UniqueFd client(::accept(owned.get(), nullptr, nullptr));
            serve(client.get());
        });
    }
    ~FakeControlPlane() {
        thread_.join();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::string path() const { return folder_ + "/control.sock"; }

  private:
    std::string folder_;
    std::thread thread_;
};

std::string read_request(int client) {
    std::string line;
    for (char c; ::read(client, &c, 1) == 1 && c != '\n';) line += c;
    return line;
}

void send_text(int client, std::string_view text) {
    EXPECT_EQ(::send(client, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

TEST(ControlClient, RepliesComeInPiecesAndOneAfterTheOther) {
    FakeControlPlane server([](int client) {
        EXPECT_EQ(json::parse(read_request(client)), json({{"op", "status"}}));
        send_text(client, "{\"ok\":true,");
        send_text(client, "\"a\":1}\n{\"ok\":tr");
        read_request(client);
        send_text(client, "ue,\"a\":2}\n");
    });
    auto control = ControlClient::connect(server.path());
    ASSERT_TRUE(control) << control.error().message;
    auto first = control->request({{"op", "status"}}, kPatience);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ((*first)["a"], 1);
    auto second = control->request({{"op", "status"}}, kPatience);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ((*second)["a"], 2);
}

TEST(ControlClient, ErrorsKeepTheirCode) {
    FakeControlPlane server([](int client) {
        read_request(client);
        send_text(client, "{\"ok\":false,\"error\":{\"code\":3,\"message\":\"not yet\"}}\n");
        read_request(client);
        send_text(client, "{\"ok\":false,\"error\":{\"code\":99,\"message\":\"odd\"}}\n");
        read_request(client);
        send_text(client, "nonsense\n");
    });
    auto control = ControlClient::connect(server.path());
    ASSERT_TRUE(control);
    const auto unreachable = control->request({{"op", "x"}}, kPatience);
    ASSERT_FALSE(unreachable);
    EXPECT_EQ(unreachable.error().code, ErrorCode::unreachable);
    EXPECT_EQ(unreachable.error().message, "not yet");
    EXPECT_EQ(control->request({{"op", "x"}}, kPatience).error().code, ErrorCode::refused);
    EXPECT_EQ(control->request({{"op", "x"}}, kPatience).error().code, ErrorCode::refused);
}

TEST(ControlClient, SilenceAndAnEarlyEndAreUnreachable) {
    FakeControlPlane server([](int client) {
        read_request(client);
        read_request(client);
    });
    auto control = ControlClient::connect(server.path());
    ASSERT_TRUE(control);
    EXPECT_EQ(control->request({{"op", "x"}}, 10ms).error().code, ErrorCode::unreachable);
    EXPECT_EQ(control->request({{"op", "x"}}, kPatience).error().code, ErrorCode::unreachable);
}

TEST(ControlClient, NobodyThereIsUnreachable) {
    const auto control = ControlClient::connect("/nonexistent/control.sock");
    ASSERT_FALSE(control);
    EXPECT_EQ(control.error().code, ErrorCode::unreachable);
}

}  // namespace
}  // namespace gatepost::tools

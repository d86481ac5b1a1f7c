#include "tools/gatepost/mail/local_smtp.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <thread>

namespace gatepost::tools {
namespace {

// A server for one connection: replies to commands by their beginnings, and keeps what came.
class TestSmtpServer {
  public:
    explicit TestSmtpServer(std::string refused = "refused@") : refused_(std::move(refused)) {
        char folder[] = "/tmp/gatepost-smtp-XXXXXX";
        path_ = std::string(::mkdtemp(folder)) + "/mail.sock";
        listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, path_.size());
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0);
        EXPECT_EQ(::listen(listener_.get(), 1), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~TestSmtpServer() {
        finish();
        ::unlink(path_.c_str());
        ::rmdir(path_.substr(0, path_.rfind('/')).c_str());
    }

    const std::string& path() const { return path_; }
    void finish() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        if (thread_.joinable()) thread_.join();
    }
    std::string commands;  // after finish()
    std::string message;

  private:
    void say(const std::string& text) {
        EXPECT_EQ(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    bool more() {
        char room[4096];
        const ssize_t got = ::recv(client_.get(), room, sizeof room, 0);
        if (got > 0) buffer_.append(room, static_cast<size_t>(got));
        return got > 0;
    }
    void serve() {
        client_ = UniqueFd(::accept(listener_.get(), nullptr, nullptr));
        if (!client_) return;
        say("220 here\r\n");
        for (;;) {
            const size_t end = buffer_.find("\r\n");
            if (end == std::string::npos) {
                if (!more()) return;
                continue;
            }
            const std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 2);
            commands += line + "\n";
            if (line.starts_with("EHLO"))
                say("250-here\r\n250-CHUNKING\r\n250 8BITMIME\r\n");
            else if (line.find(refused_) != std::string::npos)
                say("550 5.1.1 no such user\r\n");
            else if (line.starts_with("BDAT"))
                take_chunk(line);
            else if (line == "QUIT")
                return say("221 bye\r\n");
            else
                say("250 2.0.0 ok\r\n");
        }
    }
    void take_chunk(const std::string& line) {
        size_t size = 0;
        std::from_chars(line.data() + 5, line.data() + line.size(), size);
        while (buffer_.size() < size && more()) {
        }
        message = buffer_.substr(0, size);
        buffer_.erase(0, size);
        say("250 2.0.0 accepted as 0192f0c4-7b1e-7c33-98c4-dc0c0c07398f\r\n");
    }

    std::string refused_;
    std::string path_;
    std::string buffer_;
    UniqueFd listener_;
    UniqueFd client_;
    std::thread thread_;
};

TEST(LocalSmtp, HandsOver) {
    TestSmtpServer server;
    auto smtp = LocalSmtp::connect(server.path());
    ASSERT_TRUE(smtp) << smtp.error().message;
    const std::string octets("A: 1\r\n\r\n.\r\n\0\r\n", 15);
    const auto done = smtp->send({"ada@example.org", {"eve@example.net", "refused@x"}, octets});
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->blob_id, "0192f0c4-7b1e-7c33-98c4-dc0c0c07398f");
    ASSERT_EQ(done->refused.size(), 1U);
    EXPECT_EQ(done->refused[0].reply.code, 550U);
    EXPECT_TRUE(smtp->send({"", {"j\xc3\xb6rg@example.net"}, "x\xc3\xb6\r\n"}));
    smtp->quit();
    server.finish();
    EXPECT_EQ(server.commands,
              "EHLO localhost\nMAIL FROM:<ada@example.org> SIZE=15 BODY=BINARYMIME\n"
              "RCPT TO:<eve@example.net>\nRCPT TO:<refused@x>\nBDAT 15 LAST\n"
              "MAIL FROM:<> SIZE=5 BODY=8BITMIME SMTPUTF8\nRCPT TO:<j\xc3\xb6rg@example.net>\n"
              "BDAT 5 LAST\nQUIT\n");
    EXPECT_EQ(server.message, "x\xc3\xb6\r\n");
}

TEST(LocalSmtp, NobodyTakesIt) {
    TestSmtpServer server;
    auto smtp = LocalSmtp::connect(server.path());
    ASSERT_TRUE(smtp);
    const auto refused = smtp->send({"a@x", {"refused@x"}, "x"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, 550U);
    EXPECT_FALSE(smtp->send({"a@x", {"b@x>\r\nRCPT TO:<c@x"}, "x"}))
        << "an address is no place for commands";
    smtp->quit();
    server.finish();
    EXPECT_EQ(server.commands.find("c@x"), std::string::npos);
    EXPECT_EQ(LocalSmtp::connect("/nowhere/mail.sock").error().code, ErrorCode::unreachable);
}

TEST(LocalSmtp, AConnectionThatBreaks) {
    TestSmtpServer server("MAIL");
    auto smtp = LocalSmtp::connect(server.path());
    ASSERT_TRUE(smtp);
    EXPECT_EQ(smtp->send({"a@x", {"b@x"}, "x"}).error().code, 550U);
    smtp->quit();
    EXPECT_TRUE(smtp->send({"a@x", {"b@x"}, "x"}).error().is_transient());
}

}  // namespace
}  // namespace gatepost::tools

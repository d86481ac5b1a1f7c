// What is created here is read by Dovecot, where it is installed.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "storage/password/create.h"

namespace gatepost::storage {
namespace {

constexpr const char* kPeerLogin = "alice@example.test";
constexpr const char* kPassword = "Grüße 1";

// The exit code; -1: it could not be started.
int run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (int fd : {1, 2}) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", 2, 0);
    pid_t child = 0;
    int status = -1;
    if (::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ) == 0)
        ::waitpid(child, &status, 0);
    ::posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Peer, DovecotVerifiesWhatIsCreated) {
    if (run({"doveadm", "pw", "-t", "{PLAIN}x", "-p", "x"}) != 0)
        GTEST_SKIP() << "doveadm (dovecot-core) is not installed";
    for (PasswordScheme scheme : password_schemes()) {
        SCOPED_TRACE(scheme_name(scheme));
        // Dovecot 2.3 does not know the name; 2.4 does.
        if (scheme == PasswordScheme::argon2) continue;
        const std::string password = scheme == PasswordScheme::des_crypt ? "Grüße" : kPassword;
        const auto stored =
            hash_password(scheme, password, {.allow_weak = true, .login = kPeerLogin});
        ASSERT_TRUE(stored) << stored.error().message;
        const std::vector<std::string> base{"doveadm", "pw", "-u", kPeerLogin, "-t", *stored, "-p"};
        auto with = [&base](const std::string& given) {
            std::vector<std::string> words = base;
            words.push_back(given);
            return words;
        };
        EXPECT_EQ(run(with(password)), 0) << *stored;
        EXPECT_NE(run(with("another")), 0) << *stored;
    }
}

}  // namespace
}  // namespace gatepost::storage

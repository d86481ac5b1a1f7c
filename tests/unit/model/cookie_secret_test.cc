#include "controlplane/model/cookie_secret.h"

#include <gtest/gtest.h>

#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

// "1 active, 2 staged"
std::string states(Connection& connection) {
    auto list = cookie_secret_list(connection);
    EXPECT_TRUE(list) << list.error().message;
    std::string out;
    for (const CookieSecretInfo& secret : *list) {
        EXPECT_TRUE(secret.secret.empty()) << "not to be revealed";
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", secret.id, secret.state);
    }
    return out;
}

std::string steps(const Result<CookieSecretResult>& result) {
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (!result) return "";
    std::string out;
    for (const CookieSecretStep& step : result->steps)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", step.action, step.id);
    EXPECT_EQ(result->lsn != 0, !out.empty());
    return out;
}

TEST(CookieSecret, StageActivateRemove) {
    Connection connection = new_database();
    EXPECT_EQ(states(connection), "1 active");
    EXPECT_ERROR(cookie_secret_activate(connection, std::nullopt, {}), ErrorCode::conflict,
                 "cookie stage");
    EXPECT_EQ(steps(cookie_secret_stage(connection, {})), "staged 2");
    EXPECT_EQ(steps(cookie_secret_activate(connection, std::nullopt, {})),
              "retired 1, activated 2");
    EXPECT_EQ(states(connection), "1 retired, 2 active");
    EXPECT_EQ(steps(cookie_secret_activate(connection, 2, {})), "") << "it is in use already";
    EXPECT_ERROR(cookie_secret_remove(connection, 2, {}), ErrorCode::conflict, "in use");
    EXPECT_EQ(states(connection), "1 retired, 2 active") << "nothing happened";
    EXPECT_EQ(steps(cookie_secret_remove(connection, 1, {})), "removed 1");
    EXPECT_ERROR(cookie_secret_remove(connection, 1, {}), ErrorCode::refused, "no cookie secret 1");
    EXPECT_ERROR(cookie_secret_activate(connection, 7, {}), ErrorCode::refused,
                 "no cookie secret 7");
    ASSERT_TRUE(cookie_secret_stage(connection, {}));
    ASSERT_TRUE(cookie_secret_stage(connection, {}));
    EXPECT_ERROR(cookie_secret_activate(connection, std::nullopt, {}), ErrorCode::usage,
                 "2 cookie secrets are staged");
    ASSERT_TRUE(cookie_secret_stage(connection, {}));
    EXPECT_ERROR(cookie_secret_stage(connection, {}), ErrorCode::invalid, "4 cookie secrets");
    const auto revealed = cookie_secret_list(connection, true);
    ASSERT_TRUE(revealed);
    EXPECT_EQ(revealed->front().secret.size(), 32u);
}

TEST(CookieSecret, RotateTakesOneStepAtATime) {
    Connection connection = new_database();
    auto dry = cookie_secret_rotate(connection, {.dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_EQ(dry->lsn, 0u);
    EXPECT_EQ(states(connection), "1 active");
    const int64_t staged = cookie_secret_rotate(connection, {})->steps.front().id;
    EXPECT_EQ(states(connection), fmt::format("1 active, {} staged", staged));
    EXPECT_EQ(steps(cookie_secret_rotate(connection, {})),
              fmt::format("retired 1, activated {}", staged));
    const auto next = cookie_secret_rotate(connection, {});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->steps.size(), 1u) << "the retired one has cookies about still";
    ASSERT_TRUE(
        connection.exec("UPDATE gatepost.dns_cookie_secret SET state_since = now() - "
                        "interval '121 minutes' WHERE id = 1"));
    EXPECT_EQ(steps(cookie_secret_rotate(connection, {})),
              fmt::format("removed 1, retired {}, activated {}", staged, next->steps.front().id));
}

}  // namespace
}  // namespace gatepost::controlplane

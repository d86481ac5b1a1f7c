// Sessions hear of it when what they logged in with is good no more, and only then.
#include "dataplane/mail_service/login_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

#include "storage/arena/runtime_page.h"
#include "storage/base/check.h"
#include "storage/directory/directory_writer.h"
#include "storage/directory/mail_entries.h"

namespace gatepost::dataplane::tests {
namespace {

using storage::Credential;
using storage::EntryKind;
using storage::MailAccount;

constexpr uint64_t kTurnMs = 100;

// A directory arena that readers are handed.
class Arena {
  public:
    explicit Arena(uint64_t generation) : page_(storage::RuntimeMapping::create().value()) {
        auto segment = storage::Segment::create("login-watch-test", size_t{64} << 20,
                                                storage::PageKind::plain);
        writer_ = std::move(
            storage::DirectoryWriter::create(std::move(segment.value()), page_->qsbr, generation)
                .value());
        view_.emplace(writer_->view());
    }

    void put(EntryKind kind, std::string_view key, const std::vector<uint8_t>& value) {
        GATEPOST_CHECK(writer_->put(kind, key, value).has_value());
    }
    void domain(bool active = true) {
        put(EntryKind::mail_domain, "example.org", storage::encode({.id = 1, .active = active}));
    }
    void account(const MailAccount& account, std::string_view address = "ada@example.org") {
        put(EntryKind::mail_account, address, storage::encode(account));
    }
    void publish() { writer_->publish({}); }
    storage::DirectoryWriter& writer() { return *writer_; }
    DirectoryNow now() const { return {&*view_, writer_->generation()}; }

  private:
    storage::RuntimeMapping page_;
    std::unique_ptr<storage::DirectoryWriter> writer_;
    std::optional<storage::DirectoryView> view_;
};

struct TestSession {
    LoginHold hold{[this] { ++told; }};
    int told = 0;
};

class LoginWatchTest : public ::testing::Test {
  protected:
    LoginWatchTest() {
        arena->domain();
        arena->account(ada);
        arena->publish();
    }
    std::unique_ptr<TestSession> log_in(uint64_t credential = 1,
                                        uint8_t service = storage::kServiceImap,
                                        uint64_t generation = 1) {
        auto session = std::make_unique<TestSession>();
        const LoginClient client{address, "imap", service};
        const LoginOutcome outcome{.status = LoginOutcome::Status::right,
                                   .account_id = 7,
                                   .user = "ada@example.org",
                                   .credential_id = credential,
                                   .credential_generation = generation};
        watch.add(session->hold, client, outcome);
        return session;
    }
    void turn() { watch.look(now_ms += kTurnMs); }
    void commit(const MailAccount& account) {
        arena->account(account);
        arena->publish();
        turn();
    }

    MailAccount ada{.id = 7,
                    .credentials = {{.id = 1, .hash = "{X}main", .generation = 1},
                                    {.id = 2,
                                     .kind = storage::CredentialKind::app_password,
                                     .services = storage::kServiceImap,
                                     .hash = "{X}phone",
                                     .generation = 1}}};
    PeerAddress address;
    std::unique_ptr<Arena> arena = std::make_unique<Arena>(1);
    LoginWatchCounters counters;
    int64_t clock_s = 1'000;
    uint64_t now_ms = 5;
    LoginWatch watch{{.directory = [this] { return arena ? arena->now() : DirectoryNow{}; },
                      .clock_s = [this] { return clock_s; },
                      .counters = counters}};
};

TEST_F(LoginWatchTest, AnotherPasswordEndsWhatWasBegunWithTheOneBefore) {
    const auto main = log_in();
    const auto phone = log_in(2);
    turn();
    EXPECT_EQ(main->told + phone->told, 0);
    ada.credentials[0].generation = 2;
    ada.credentials[0].hash = "{X}other";
    commit(ada);
    EXPECT_EQ(main->told, 1);
    EXPECT_EQ(phone->told, 0) << "of another credential";
    const auto again = log_in(1, storage::kServiceImap, 2);
    turn();
    commit(ada);
    EXPECT_EQ(main->told, 1);
    EXPECT_EQ(again->told, 0);
    EXPECT_EQ(counters.ended, 1u);
}

TEST_F(LoginWatchTest, ABetterHashIsNoOtherPassword) {
    const auto session = log_in();
    turn();
    ada.credentials[0].hash = "{ARGON2ID}main";
    commit(ada);
    ada.flags = storage::kAccountOverQuota;
    ada.quota_bytes = 5;
    commit(ada);
    EXPECT_EQ(session->told, 0);
    EXPECT_EQ(counters.judged, 3u);
}

TEST_F(LoginWatchTest, ACredentialThatGoes) {
    const auto main = log_in();
    const auto phone = log_in(2);
    turn();
    ada.credentials.pop_back();
    commit(ada);
    EXPECT_EQ(phone->told, 1);
    EXPECT_EQ(main->told, 0);
    ada.credentials[0].services = storage::kServiceSmtp;
    commit(ada);
    EXPECT_EQ(main->told, 1) << "it is good for another service only";
}

TEST_F(LoginWatchTest, AnAccountThatIsClosed) {
    const auto close = [&](const std::function<void()>& change) {
        arena->domain();
        arena->account(ada);
        arena->publish();
        const auto session = log_in();
        turn();
        EXPECT_EQ(session->told, 0);
        change();
        arena->publish();
        turn();
        return session->told;
    };
    MailAccount other = ada;
    other.flags = storage::kAccountSuspended;
    EXPECT_EQ(close([&] { arena->account(other); }), 1);
    other.flags = storage::kAccountNoEmail;
    EXPECT_EQ(close([&] { arena->account(other); }), 1);
    other = ada;
    other.id = 8;
    EXPECT_EQ(close([&] { arena->account(other); }), 1) << "the address is somebody else's";
    EXPECT_EQ(close([&] { arena->writer().remove(EntryKind::mail_account, "ada@example.org"); }),
              1);
    EXPECT_EQ(close([&] { arena->domain(false); }), 1);
    EXPECT_EQ(close([&] { arena->writer().remove(EntryKind::mail_domain, "example.org"); }), 1);
    EXPECT_EQ(watch.accounts(), 0u);
}

TEST_F(LoginWatchTest, WhatHasPassedItsTime) {
    ada.credentials[0].expires_at_s = 2'000;
    commit(ada);
    const auto main = log_in();
    const auto phone = log_in(2);
    turn();
    clock_s = 1'999;
    turn();
    EXPECT_EQ(main->told, 0);
    clock_s = 2'000;
    turn();
    EXPECT_EQ(main->told, 1) << "though nothing has changed";
    EXPECT_EQ(phone->told, 0);
}

TEST_F(LoginWatchTest, WhatChangedWhileThePasswordWasChecked) {
    ada.credentials[0].generation = 2;
    commit(ada);
    const auto session = log_in(1, storage::kServiceImap, 1);
    EXPECT_EQ(session->told, 0) << "not from within";
    turn();
    EXPECT_EQ(session->told, 1);
}

TEST_F(LoginWatchTest, AnotherArenaCountsSerialsAnew) {
    const auto main = log_in();
    const auto phone = log_in(2);
    turn();
    arena.reset();
    turn();
    EXPECT_EQ(main->told, 0) << "without a directory nothing is known";
    // The entries have the serials that they had before.
    arena = std::make_unique<Arena>(2);
    ada.credentials[0].generation = 2;
    arena->domain();
    arena->account(ada);
    arena->publish();
    turn();
    EXPECT_EQ(main->told, 1);
    EXPECT_EQ(phone->told, 0);
}

TEST_F(LoginWatchTest, WhoHasGoneIsNotTold) {
    auto first = log_in();
    auto second = log_in();
    turn();
    first.reset();
    second->hold.release();
    EXPECT_EQ(watch.accounts(), 0u);
    ada.credentials.clear();
    commit(ada);
    EXPECT_EQ(second->told, 0);
    EXPECT_EQ(counters.ended, 0u);
}

TEST_F(LoginWatchTest, WhoeverIsToldMayTakeOthersAlong) {
    std::unique_ptr<TestSession> second;
    bool told = false;
    LoginHold first([&] {
        told = true;
        second.reset();
    });
    const LoginClient client{address, "imap", storage::kServiceImap};
    watch.add(first, client,
              {.status = LoginOutcome::Status::right,
               .account_id = 7,
               .user = "ada@example.org",
               .credential_id = 1,
               .credential_generation = 1});
    second = log_in();
    turn();
    ada.credentials.clear();
    commit(ada);
    EXPECT_TRUE(told);
    EXPECT_EQ(counters.ended, 1u);
    EXPECT_EQ(watch.accounts(), 0u);
}

// Of many accounts each is looked at, a part in every turn.
TEST_F(LoginWatchTest, ManyAccountsTakeSeveralTurns) {
    constexpr uint64_t kAccounts = 3 * LoginWatch::kLooksMin;
    std::vector<std::unique_ptr<TestSession>> sessions;
    const LoginClient client{address, "imap", storage::kServiceImap};
    const auto put = [&](uint64_t id, uint64_t generation) {
        const std::vector<Credential> credentials = {{.id = id, .generation = generation}};
        arena->account({.id = id, .credentials = credentials}, fmt::format("u{}@example.org", id));
    };
    for (uint64_t id = 100; id < 100 + kAccounts; ++id) {
        put(id, 1);
        sessions.push_back(std::make_unique<TestSession>());
        watch.add(sessions.back()->hold, client,
                  {.status = LoginOutcome::Status::right,
                   .account_id = id,
                   .user = fmt::format("u{}@example.org", id),
                   .credential_id = id,
                   .credential_generation = 1});
    }
    arena->publish();
    const auto told = [&] {
        int all = 0;
        for (const auto& session : sessions) all += session->told;
        return all;
    };
    turn();
    EXPECT_EQ(told(), 0);
    for (uint64_t id = 100; id < 100 + kAccounts; ++id) put(id, 2);
    arena->publish();
    watch.look(now_ms);
    EXPECT_EQ(told(), static_cast<int>(LoginWatch::kLooksMin)) << "no time has passed";
    // A change in the middle of a round is seen by the next.
    ada.credentials.clear();
    const auto late = log_in();
    arena->account(ada);
    arena->publish();
    for (int i = 0; i < 10; ++i) watch.look(now_ms);
    EXPECT_EQ(told(), static_cast<int>(kAccounts));
    EXPECT_EQ(late->told, 1);
    EXPECT_EQ(watch.accounts(), 0u);
}

}  // namespace
}  // namespace gatepost::dataplane::tests

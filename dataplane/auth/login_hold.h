// A session's interest in the login that it lives by: it is told when what it logged in with is
// good no more.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace gatepost::dataplane {

class LoginHold;

// Whoever tells. All of it runs in the worker's thread.
class LoginKeeper {
  public:
    virtual void forget(LoginHold& hold) = 0;

  protected:
    ~LoginKeeper() = default;
};

class LoginHold {
  public:
    // What clients are told. Whether the password is another one, or the account is closed, is not
    // said: the client may be somebody else by now.
    static constexpr std::string_view kWhy = "This login is good no more; log in again";

    // `ended` is called once at most, from the worker's loop, and may destroy the session.
    explicit LoginHold(std::function<void()> ended) : ended_(std::move(ended)) {}
    ~LoginHold() { release(); }
    LoginHold(const LoginHold&) = delete;
    LoginHold& operator=(const LoginHold&) = delete;

    // Nobody is told any more.
    void release() {
        if (LoginKeeper* keeper = std::exchange(keeper_, nullptr)) keeper->forget(*this);
    }

    // ---- for the keeper
    void begin(LoginKeeper& keeper, uint64_t account_id) {
        release();
        keeper_ = &keeper;
        account_id_ = account_id;
    }
    uint64_t account_id() const { return account_id_; }
    void end() {
        keeper_ = nullptr;
        const auto ended = ended_;  // it may destroy this
        ended();
    }

  private:
    std::function<void()> ended_;
    LoginKeeper* keeper_ = nullptr;  // nullptr: nobody has logged in
    uint64_t account_id_ = 0;
};

}  // namespace gatepost::dataplane

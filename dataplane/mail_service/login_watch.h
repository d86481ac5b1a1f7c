// The logins that a worker's sessions live by, looked at anew whenever the directory has changed.
//
// A change of the directory says that some account is another one, not which. The accounts that are
// logged in are gone through, so many a millisecond: what has not changed is told by the serials of
// its entries alone.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/auth/login_port.h"
#include "dataplane/mail_service/login_watch_counters.h"
#include "dataplane/tls/directory_source.h"

namespace gatepost::dataplane {

class LoginWatch final : private LoginKeeper {
  public:
    // Accounts that are looked at in a millisecond, and at once at most. A look takes about half a
    // microsecond: it never has more than some percent of the worker, and 50,000 accounts take less
    // than a second.
    static constexpr uint64_t kLooksPerMs = 64;
    static constexpr uint64_t kLooksMin = 64;
    static constexpr uint64_t kLooksMax = 8192;

    // All outlive it, and so does it every LoginHold.
    struct Parts {
        std::function<DirectoryNow()> directory;  // the worker is an online QSBR reader
        std::function<int64_t()> clock_s;         // seconds since 1970
        LoginWatchCounters& counters;
    };
    explicit LoginWatch(Parts parts) : parts_(std::move(parts)) {}

    // What was changed since the outcome was found is noticed, too.
    void add(LoginHold& hold, const LoginClient& client, const LoginOutcome& outcome);
    // Once a turn of the worker. Milliseconds of a clock that never goes back.
    void look(uint64_t now_ms);

    size_t accounts() const { return accounts_.size(); }

  private:
    static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

    struct Login {
        LoginHold* hold = nullptr;
        uint64_t credential_id = 0;
        uint64_t generation = 0;
        uint8_t service = 0;
    };
    struct Account {
        std::string address;
        // Of the entries that the logins were judged by. 0, 0: they have not been yet.
        uint64_t arena = 0;
        uint64_t serial = 0;
        uint64_t domain_serial = 0;
        int64_t expires_at_s = kNever;  // the first of the logins, in seconds since 1970
        std::vector<Login> logins;
    };

    void forget(LoginHold& hold) override;
    void begin_round(const DirectoryNow& now);
    void look_at(uint64_t account_id, const DirectoryNow& now, int64_t now_s);
    // Moves the logins of an account that are good no more to ending_.
    void judge(uint64_t account_id, Account& account, const DirectoryNow& now, int64_t now_s);
    void tell_ended();

    Parts parts_;
    std::unordered_map<uint64_t, Account> accounts_;  // by id
    std::vector<uint64_t> queue_;                     // accounts that are to be looked at
    std::vector<LoginHold*> ending_;                  // nullptr: gone meanwhile
    uint64_t arena_ = 0;                              // that the round before began with
    uint64_t version_ = 0;
    int64_t expires_at_s_ = kNever;  // the first of all, or before it
    uint64_t looked_ms_ = 0;
};

}  // namespace gatepost::dataplane

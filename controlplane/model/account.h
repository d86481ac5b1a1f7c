// Accounts: who receives mail and logs in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct Account {
    int64_t id = 0;
    std::string address;  // in the bin, the one it had
    std::string domain;
    std::string display_name;
    std::string state;            // active, suspended, removed
    std::string role;             // admin, user, customer, no_email
    uint64_t quota_bytes = 0;     // 0: none
    uint64_t quota_messages = 0;  // 0: none
    uint64_t used_bytes = 0;
    uint64_t used_messages = 0;
    bool over_quota = false;
    std::string created_at;  // RFC 3339, UTC, as the others
    std::string created_by;
    std::string last_login_at;  // "": never
    std::string removed_at;     // "": not in the bin
    uint64_t passwords = 0;     // that are not expired
    uint64_t app_passwords = 0;
    bool domain_active = true;

    bool operator==(const Account&) const = default;
};

// What keeps an account from receiving mail or from logging in, a sentence each; empty: all is
// well.
std::vector<std::string> account_findings(const Account& account);

struct AccountFilter {
    std::string address;  // empty: all
    std::string domain;   // empty: all
    bool bin = false;     // those in the bin instead of the others
};
// By domain and address; those in the bin by when they went there, the latest first.
Result<std::vector<Account>> account_list(Connection& connection, const AccountFilter& filter = {});
// Refused, with what to do, where there is none outside the bin.
Result<Account> account_get(Connection& connection, std::string_view address);

struct NewAccount {
    std::string address;  // in the form that mail_address_from_text gives
    std::string display_name;
    std::string role = "user";
    std::optional<uint64_t> quota_bytes;     // nullopt: the domain's default; 0: none
    std::optional<uint64_t> quota_messages;  // the same
    std::string hash;                        // of its password, "{SCHEME}…"; "" none yet
};

// What is to be as given; the rest stays.
struct AccountChange {
    std::optional<std::string> display_name;
    std::optional<std::string> state;  // active or suspended
    std::optional<std::string> role;
    std::optional<uint64_t> quota_bytes;
    std::optional<uint64_t> quota_messages;
};

struct AccountResult {
    std::optional<Account> before;
    std::optional<Account> after;
    Lsn lsn = 0;  // 0 after a dry run, or where nothing changed
};

// Refused where the address is taken or its domain is no mail domain.
Result<AccountResult> account_add(Connection& connection, const NewAccount& account,
                                  const WriteOptions& options);
Result<AccountResult> account_set(Connection& connection, std::string_view address,
                                  const AccountChange& change, const WriteOptions& options);
// Into the bin: nothing is lost, and the address is free.
Result<AccountResult> account_remove(Connection& connection, std::string_view address,
                                     const WriteOptions& options);

// One in the bin: that which had the address last, or the one with that id.
struct BinnedAccount {
    std::string address;
    std::optional<int64_t> id;
};
// Out of the bin, active. Refused where somebody else has the address by now.
Result<AccountResult> account_undelete(Connection& connection, const BinnedAccount& which,
                                       const WriteOptions& options);
// For good, with its mail. Refused for what is not in the bin, and where several there had the
// address and none is named by its id.
Result<AccountResult> account_purge(Connection& connection, const BinnedAccount& which,
                                    const WriteOptions& options);

// For a transaction that is open: the row, without the audit log. Gives the id.
Result<int64_t> account_insert(Connection& connection, const NewAccount& account);

}  // namespace gatepost::controlplane

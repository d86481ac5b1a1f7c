// Logins that were found right a short while ago, so that a client that opens connections all the
// time pays for its password hash once. One table per worker: no lock, no sharing.
//
// What is kept is a MAC (HMAC-SHA-256, truncated) under a key that was drawn when the table was
// made and is nowhere else: from a dump of the table alone no password can be tried. The MAC
// covers the serial number of the account's entry in the directory and the arena that the number is
// of, so that a changed password, a removed credential, whatever changes the entry, makes its
// logins unknown.
#pragma once

#include <nettle/hmac.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::dataplane {

struct LoginCacheOptions {
    size_t entries = 16384;  // of 32 octets; a power of two
    uint64_t time_to_live_ms = 600'000;
};

// What a login was for.
struct LoginSubject {
    uint64_t account_id = 0;
    uint64_t entry_serial = 0;  // of the account's entry in the directory
    uint64_t arena = 0;         // generation of the directory: another one counts serials anew
    uint32_t service = 0;       // IMAP, submission…: a credential may be for some of them only
    // How many credentials come into question: which one it was is a number among these, and one
    // whose time passes is no change of the entry.
    uint32_t credentials = 0;
    bool token = false;  // tokens come into question, not passwords
};

class LoginCache {
  public:
    // Refused: no randomness for the key.
    static Result<LoginCache> create(const LoginCacheOptions& options);

    // Which of the account's credentials the password was. nullopt: it has to be checked.
    std::optional<uint32_t> find(const LoginSubject& subject, std::string_view password,
                                 uint64_t now_ms) const;
    // After a check. `valid_until_ms`: when the credential expires, on the clock of `now_ms`; 0:
    // never.
    void remember(const LoginSubject& subject, std::string_view password, uint32_t credential,
                  uint64_t now_ms, uint64_t valid_until_ms = 0);

  private:
    static constexpr size_t kWays = 4;  // entries that one login can be in: two cache lines
    static constexpr size_t kTagSize = 16;

    struct Entry {
        std::array<uint8_t, kTagSize> tag{};
        uint64_t expires_ms = 0;
        uint32_t credential = 0;
    };
    struct Place {
        std::array<uint8_t, kTagSize> tag;
        size_t first;  // of kWays entries
    };

    explicit LoginCache(const LoginCacheOptions& options);
    Place place(const LoginSubject& subject, std::string_view password) const;

    hmac_sha256_ctx keyed_;  // the state after the key
    std::vector<Entry> entries_;
    uint64_t time_to_live_ms_;
};

}  // namespace gatepost::dataplane

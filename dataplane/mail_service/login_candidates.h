// The account that somebody wants to log in as, copied out of the directory: an arena changes while
// a password is checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tls/directory_source.h"
#include "storage/directory/mail_entries.h"

namespace gatepost::dataplane {

struct LoginCandidates {
    struct Credential {
        uint64_t id = 0;
        int64_t expires_at_s = 0;  // seconds since 1970; 0: never
        std::string hash;
    };

    bool loaded = true;   // false: there is no directory yet
    std::string refusal;  // why nobody logs in, for the log; "": somebody may
    uint64_t account_id = 0;
    uint64_t entry_serial = 0;
    std::string address;                  // the account's own
    std::vector<Credential> credentials;  // those that are good for what is asked, and for now
};

struct LoginQuestion {
    std::string_view login;  // as the client gave it
    uint8_t service = 0;     // one of storage::CredentialService
    bool token = false;      // tokens are asked for, not passwords
    int64_t now_s = 0;       // seconds since 1970
};

LoginCandidates find_login(const DirectoryNow& directory, const LoginQuestion& question);

}  // namespace gatepost::dataplane

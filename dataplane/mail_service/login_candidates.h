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
        uint64_t generation = 0;
        int64_t expires_at_s = 0;  // seconds since 1970; 0: never
        std::string hash;
    };

    bool loaded = true;   // false: there is no directory yet
    std::string refusal;  // why nobody logs in, for the log; "": somebody may
    uint64_t account_id = 0;
    uint64_t entry_serial = 0;
    uint64_t arena = 0;                   // generation of the directory that the serial is of
    bool token = false;                   // the credentials are tokens
    std::string address;                  // the account's own
    std::vector<Credential> credentials;  // those that are good for what is asked, and for now
};

struct LoginQuestion {
    std::string_view login;  // as the client gave it
    uint8_t service = 0;     // one of storage::CredentialService
    bool token = false;      // tokens are asked for, not passwords
    int64_t now_s = 0;       // seconds since 1970
};

// Why nobody logs in to that service as that account; "": somebody may.
std::string_view login_refusal(const storage::MailAccount& account, uint8_t service);
// Whether it is good for the service, and for now.
bool is_good(const storage::Credential& credential, uint8_t service, int64_t now_s);

LoginCandidates find_login(const DirectoryNow& directory, const LoginQuestion& question);

}  // namespace gatepost::dataplane

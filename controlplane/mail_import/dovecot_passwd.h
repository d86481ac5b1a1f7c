// Dovecot's passwd-file: "user:password:uid:gid:(gecos):home:(shell):extra fields" a line.
#pragma once

#include <string_view>

#include "controlplane/mail_import/mail_import.h"

namespace gatepost::controlplane {

struct DovecotPasswdOptions {
    std::string_view domain;            // of users without one; "": these are skipped
    std::string_view scheme = "CRYPT";  // of passwords without {SCHEME}: Dovecot's own default
};

// Accounts, passwords, and quotas (userdb_quota_rule=*:storage=1G:messages=1000). An account that
// the import has already gets the password. `name` is the file's, for what is skipped.
void import_dovecot_passwd(MailImport& import, std::string_view text, std::string_view name,
                           const DovecotPasswdOptions& options);

}  // namespace gatepost::controlplane

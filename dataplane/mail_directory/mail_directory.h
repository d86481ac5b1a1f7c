// Whom mail is for and who may log in, by the directory arena. Nothing is kept: make one where it
// is asked, with the view of the moment, by a thread that is an online reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/mail_directory/local_domain.h"
#include "dataplane/mail_directory/resolution.h"
#include "storage/directory/directory_view.h"
#include "storage/directory/mail_entries.h"
#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane {

struct LoginAccount {
    std::string address;           // its own
    uint64_t serial = 0;           // of its entry: another one means another content
    storage::MailAccount account;  // views into the directory: valid while the reader is online
};

class MailDirectory {
  public:
    // `postmaster`: who has the mail for the postmaster of domains that name none of their own
    // (RFC 5321 §4.5.1); "": nobody. Outlives this.
    explicit MailDirectory(storage::DirectoryView view, std::string_view postmaster = {})
        : view_(view), postmaster_(postmaster) {}

    // `domain`: normalized.
    DomainStatus domain(std::string_view domain) const;

    // In this order: the domain that the address's is an alias of; an alias of this very address;
    // an account; both again without the subaddress; the postmaster; the domain's catch-all. An
    // alias may name itself: then the account of its address has a copy.
    AddressResolution resolve(const storage::MailAddress& address) const;

    // The account whose login name the address is: its own, or the same in an alias of its domain.
    std::optional<LoginAccount> account(const storage::MailAddress& address) const;

    // Whether mail for `from` comes to the account, alone or among others: its own address, with
    // or without detail, or an alias or catch-all that leads to it.
    bool may_send_as(uint64_t account_id, const storage::MailAddress& from) const;

  private:
    storage::DirectoryView view_;
    std::string_view postmaster_;
};

}  // namespace gatepost::dataplane

// The directory as sessions of SMTP ask it.
#pragma once

#include <functional>
#include <string>

#include "dataplane/smtp/smtp_environment.h"
#include "dataplane/tls/directory_source.h"

namespace gatepost::dataplane {

class DirectoryRecipients final : public RecipientLookup {
  public:
    // `directory` is asked at each look-up; the worker is an online QSBR reader then. `postmaster`:
    // who has the postmaster's mail of domains that name nobody; "": nobody.
    DirectoryRecipients(std::function<DirectoryNow()> directory, std::string postmaster)
        : directory_(std::move(directory)), postmaster_(std::move(postmaster)) {}

    std::optional<AddressResolution> resolve(const storage::MailAddress& address) override;
    bool may_send_as(uint64_t account_id, const storage::MailAddress& address) override;

  private:
    std::function<DirectoryNow()> directory_;
    const std::string postmaster_;
};

}  // namespace gatepost::dataplane

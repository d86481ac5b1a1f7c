#include "dataplane/mail_service/directory_recipients.h"

#include "dataplane/mail_directory/mail_directory.h"

namespace gatepost::dataplane {

std::optional<AddressResolution> DirectoryRecipients::resolve(const storage::MailAddress& address) {
    const DirectoryNow now = directory_();
    if (now.view == nullptr) return std::nullopt;
    return MailDirectory(*now.view, postmaster_).resolve(address);
}

bool DirectoryRecipients::may_send_as(uint64_t account_id, const storage::MailAddress& address) {
    const DirectoryNow now = directory_();
    return now.view != nullptr &&
           MailDirectory(*now.view, postmaster_).may_send_as(account_id, address);
}

}  // namespace gatepost::dataplane
